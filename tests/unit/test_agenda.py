"""A check is asked when there is a reason: new readings, a hold that ends, a link that changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opsdash.core.finding import NEW_FOR_S, Finding
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState, Link, LinkState, Login
from opsdash.engine.agenda import ALL_AGAIN_S, WITHOUT_READINGS_AGAIN_S
from opsdash.engine.judge import Judge, Judgement

T0 = 10_000.0
UP = Link(LinkState.UP, since=1.0)


@dataclass
class Asking:
    """A judge of one host whose checks note when they are asked; they find what `finds` says."""

    hold_s: float = 0.0
    finds: dict[str, Health] = field(default_factory=dict)
    state: HostState = field(default_factory=lambda: HostState(Host("web1"), link=UP, at=T0))

    def __post_init__(self) -> None:
        self._asked: list[str] = []
        reads = {"pulse": ("cpu",), "facts": ("disk",), "both": ("cpu", "disk"), "link": ()}
        checks = {
            name: Check(name, name, self._noting(name), needed, hold_s=self.hold_s)
            for name, needed in reads.items()
        }
        self._judge = Judge(checks)
        self.deliver("cpu", "disk", at=T0)
        self.look(T0)

    def _noting(self, name: str) -> Callable[[Inquiry], list[Finding]]:
        def judge(inquiry: Inquiry) -> list[Finding]:
            self._asked.append(name)
            health = self.finds.get(name)
            return [Finding(name, "web1", health, name)] if health else []

        return judge

    def deliver(self, *collectors: str, at: float, problem: Problem | None = None) -> None:
        new = {name: Reading("web1", name, at, problem=problem) for name in collectors}
        self.state = replace(self.state, readings={**self.state.readings, **new}, at=at)

    def look(self, at: float) -> list[str]:
        """Judge, and say who was asked."""
        self._asked.clear()
        self.judgement: Judgement = self._judge.judge(self.state, at)
        return sorted(self._asked)

    def raised(self) -> list[str]:
        """The checks that found something."""
        return [finding.check for finding in self.judgement.findings]


def test_a_reading_is_judged_by_the_checks_that_read_it_and_by_no_other() -> None:
    asking = Asking()
    asking.look(T0 + 1)
    asking.deliver("cpu", at=T0 + 2)
    assert asking.look(T0 + 2) == ["both", "pulse"]
    asking.deliver("disk", at=T0 + 3)
    assert asking.look(T0 + 3) == ["both", "facts"]


def test_what_looks_at_ages_is_asked_whenever_nothing_new_has_come_and_else_now_and_then() -> None:
    asking = Asking()
    assert asking.look(T0 + 1) == ["link"]
    assert asking.look(T0 + 2) == ["link"]
    for second in (3, 4, 5):
        asking.deliver("cpu", at=T0 + second)
        assert "link" not in asking.look(T0 + second)
    asking.deliver("cpu", at=T0 + 8)
    assert "link" in asking.look(T0 + 2 + WITHOUT_READINGS_AGAIN_S + 1)


def test_a_problem_that_comes_or_goes_is_told_to_those_that_look_for_it_at_once() -> None:
    asking = Asking()
    asking.look(T0 + 1)
    problem = Problem(ProblemKind.TIMEOUT, "no answer")
    asking.deliver("disk", at=T0 + 2, problem=problem)
    assert asking.look(T0 + 2) == ["link"]
    asking.deliver("disk", at=T0 + 3, problem=replace(problem))
    assert asking.look(T0 + 3) == []
    asking.deliver("disk", at=T0 + 4)
    assert asking.look(T0 + 4) == ["both", "facts", "link"]


def test_a_login_that_was_probed_is_judged_at_once() -> None:
    asking = Asking()
    asking.look(T0 + 1)
    asking.deliver("cpu", at=T0 + 2)
    asking.state = replace(asking.state, login=Login(T0 + 2, 0.1))
    assert asking.look(T0 + 2) == ["both", "link", "pulse"]


def test_everybody_is_asked_when_the_link_has_changed_and_once_a_minute() -> None:
    asking = Asking()
    asking.state = replace(asking.state, link=replace(UP, since=2.0))
    assert asking.look(T0 + 1) == ["both", "facts", "link", "pulse"]
    assert asking.look(T0 + ALL_AGAIN_S) == ["link"]
    assert asking.look(T0 + 1 + ALL_AGAIN_S) == ["both", "facts", "link", "pulse"]


def test_a_hold_ends_on_a_host_that_has_fallen_silent() -> None:
    asking = Asking(hold_s=30, finds={"facts": Health.WARN})
    assert asking.look(T0 + 29) == ["link"]
    assert asking.raised() == []
    assert asking.look(T0 + 30) == ["facts", "link"]
    assert asking.raised() == ["facts"]
    assert asking.look(T0 + 31) == ["link"]


def test_what_was_new_is_old_in_time_on_a_host_that_has_fallen_silent() -> None:
    asking = Asking()
    asking.finds["facts"] = Health.WARN
    asking.deliver("disk", at=T0 + 1)
    asking.look(T0 + 1)
    for minute in range(30):
        asking.look(T0 + 30 + 60 * minute)
    assert asking.judgement.findings[0].new
    assert asking.look(T0 + NEW_FOR_S + 1) == ["facts", "link"]
    assert not asking.judgement.findings[0].new


def test_a_check_is_asked_about_a_container_as_soon_as_it_is_known_to_be_none() -> None:
    seen: list[float] = []

    def look_on(inquiry: Inquiry) -> list[Finding]:
        seen.append(inquiry.now)
        return []

    judge = Judge({"disk": Check("disk", "Disk", look_on, ("disk",))}, machine_wide=["disk"])
    state = HostState(Host("web1"), link=UP, at=T0, readings={"disk": Reading("web1", "disk", T0)})
    judge.judge(state, T0)
    assert seen == []
    judge.judge(replace(state, container=""), T0 + 1)
    assert seen == [T0 + 1]
