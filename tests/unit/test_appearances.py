"""Ports and mounts that come and go between two looks, and what the record says of them."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.event import EventKind
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState
from opsdash.engine.appearances import FLICKER, MOST_TOLD, Appearances
from tests.fleet_states import NOW, up, with_readings


def ports(*numbers: int, scope: str = "all") -> Reading:
    rows: tuple[Row, ...] = tuple(
        {"proto": "tcp", "port": number, "address": "10.0.0.1", "scope": scope}
        for number in numbers
    )
    return Reading("web1", "openports", NOW, {}, rows)


def mounts(*paths: str) -> Reading:
    return Reading("web1", "filesystem", NOW, {}, tuple({"mount": path} for path in paths))


class Looks:
    """One host that is looked at again and again."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.kinds: list[EventKind] = []
        self.appearances = Appearances(self._note)
        self.state: HostState = with_readings(up("web1"), mounts("/"))

    def _note(self, kind: EventKind, **about: object) -> None:
        self.kinds.append(kind)
        self.told.append((str(about["host"]), str(about["text"])))

    def see(self, *readings: Reading) -> list[str]:
        """What is told of this look."""
        before = len(self.told)
        self.state = with_readings(self.state, *readings)
        self.appearances.look(self.state)
        return [text for _, text in self.told[before:]]


def test_the_first_look_is_no_news_what_comes_and_goes_is() -> None:
    looks = Looks()
    assert looks.see(ports(22, 80)) == []
    assert looks.see(ports(22, 8080)) == [
        "8080/tcp is listened at",
        "80/tcp is listened at no more",
    ]
    assert looks.see(mounts("/", "/data")) == ["/data is mounted"]
    assert looks.see(mounts("/")) == ["/data is not mounted"]
    assert looks.kinds == [*[EventKind.PORT] * 2, *[EventKind.MOUNT] * 2]


def test_whom_a_port_is_open_to_is_said() -> None:
    looks = Looks()
    looks.see(ports())
    assert looks.see(ports(5432, scope="self")) == ["5432/tcp for itself is listened at"]
    assert looks.see(ports(5432, scope="one")) == [
        "5432/tcp at 10.0.0.1 is listened at",
        "5432/tcp for itself is listened at no more",
    ]


def test_an_answer_that_failed_takes_nothing_away() -> None:
    looks = Looks()
    looks.see(ports(22))
    failed = replace(ports(), problem=Problem(ProblemKind.TIMEOUT, "no answer"))
    assert looks.see(failed) == []
    assert looks.see(ports(22)) == []


def test_what_flickers_is_told_a_few_times_only() -> None:
    looks = Looks()
    looks.see(ports())
    for _ in range(20):
        looks.see(ports(9000))
        looks.see(ports())
    assert len(looks.told) == 2 * (FLICKER - 1)


def test_very_many_at_once_are_one_event() -> None:
    looks = Looks()
    looks.see(ports())
    (text,) = looks.see(ports(*range(1000, 1100)))
    assert text.startswith("100 ports: 1000/tcp, ")
    assert text.count("/tcp") == MOST_TOLD


def test_a_host_that_left_begins_anew() -> None:
    looks = Looks()
    looks.see(ports(22))
    looks.appearances.forget(["web1"])
    assert looks.see(ports(22, 80)) == []
