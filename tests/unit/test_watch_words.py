"""What a watch writes and prints: lines that can be read, a unit that systemd reads back."""

from __future__ import annotations

import os
import re
import shlex
import socket
import sys
from io import StringIO, TextIOWrapper
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.activities.monitor import watch_lines
from opsdash.activities.monitor.watch_lines import Lines, event_line
from opsdash.activities.monitor.watch_unit import quoted, unit, unit_of
from opsdash.core.event import Event, EventKind
from opsdash.core.fleet import this_machine
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.snapshot import HostState, Link, LinkState, Snapshot
from opsdash.engine.last_known import SETTLES_S, LastKnown
from opsdash.transport.notify import Notifier
from tests.waiting import wait_for

AT = 1795808000.0


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            Event(AT, EventKind.FOUND, "web1", "/var 97% full", Health.CRIT, None, "disk", "/var"),
            "CRIT web1 disk /var: /var 97% full",
        ),
        (
            Event(AT, EventKind.OVER, "web1", "disk /var", None, None, "disk", "/var"),
            "OVER web1 disk /var",
        ),
        (
            Event(AT, EventKind.HEALTH, "web1", "load 9", Health.WARN, Health.OK),
            "HEALTH web1 is WARN (was OK): load 9",
        ),
        (Event(AT, EventKind.HEALTH, "web1", "", Health.OK), "HEALTH web1 is OK"),
        (
            Event(AT, EventKind.SILENCED, "db1", "muted", None, None, "c", "s"),
            "SILENCED db1 c s: muted",
        ),
        (Event(AT, EventKind.STARTED, text="watches 2 hosts"), "STARTED watches 2 hosts"),
        (
            Event(AT, EventKind.FOUND, "a", "x\x1b[2J\ny", Health.DOWN, None, "c", "s\x07"),
            "DOWN a c s: x y",
        ),
    ],
)
def test_an_event_is_one_line(event: Event, said: str) -> None:
    assert event_line(event) == f"2026-11-27T19:33:20Z {said}"


class Stuck(StringIO):
    """A terminal that was stopped: it takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.writing = os.pipe()

    def write(self, text: str) -> int:
        os.read(self.reading, 1)
        return super().write(text)


async def test_a_reader_that_does_not_read_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = Stuck()
    monkeypatch.setattr(sys, "stderr", stuck)
    monkeypatch.setattr(watch_lines, "MOST_WAITING", 3)
    lines = Lines()
    for number in range(50):
        lines.put(f"line {number}")
    os.write(stuck.writing, b"x" * 100)
    await wait_for(lambda: "line 2" in stuck.getvalue(), what="the first lines")
    lines.put("the last")
    await wait_for(lambda: "the last (4" in stuck.getvalue(), what="how many were dropped")
    lines.close()
    told = stuck.getvalue().splitlines()
    assert len(told) + int(re.findall(r"\((\d+) lines", told[-1])[0]) == 51
    os.close(stuck.reading)
    os.close(stuck.writing)


async def test_a_reader_that_is_gone_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with TextIOWrapper(os.fdopen(writing, "wb", 0), write_through=True) as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        lines = Lines()
        for _ in range(5):
            lines.put("nobody hears it")
        lines.close()
        assert not lines._thread.is_alive()


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30))
def test_systemd_reads_back_the_word_that_was_quoted(word: str) -> None:
    """As systemd.syntax(7): quotes go, backslashes escape, %% is %."""
    text = quoted(word)
    assert "\n" not in text
    assert shlex.split(text, comments=False)[0].replace("%%", "%") == word


def test_the_unit_says_what_this_command_line_would_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/srv/a b")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)
    text = unit_of("x.yaml", ("tag:prod", "!web3"))
    lines = text.splitlines()
    assert 'Environment="XDG_STATE_HOME=/srv/a b"' in lines
    start = next(line for line in lines if line.startswith("ExecStart="))
    assert start.endswith(f' watch --hosts {Path("x.yaml").absolute()} tag:prod "!web3"')
    assert Path(start.removeprefix("ExecStart=").split()[0]).is_absolute()
    assert {"Type=notify", "Restart=on-failure", "WantedBy=default.target"} <= {*lines}
    assert "ExecStart=/bin/opsdash watch '$$x'" not in text
    assert "a$$b" in unit(["/bin/opsdash", "a$b"], {})


@pytest.mark.parametrize("usec", ["", "0", "x", "²"])
def test_a_watchdog_that_nobody_set_is_none(usec: str, tmp_path: Path) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "s"), "WATCHDOG_USEC": usec, "PATH": "/bin"}
    notifier = Notifier(environ, 1)
    assert notifier.watchdog_s is None
    assert environ == {"PATH": "/bin"}
    notifier.ready("nobody listens there")  # and it is no error
    assert Notifier({"NOTIFY_SOCKET": "vsock:2:1", "WATCHDOG_USEC": "5"}, 1).watchdog_s is None
    other = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "2"}
    assert Notifier({**other}, 1).watchdog_s is None
    assert Notifier({**other}, 2).watchdog_s == 5.0


def test_a_listener_that_reads_nothing_holds_nobody_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "s"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "s")}, 1)
        for _ in range(2000):
            notifier.status("a\nSTOPPING=1")
        assert listener.recv(100) == b"STATUS=a STOPPING=1"


def test_what_was_known_is_shown_until_the_host_has_answered() -> None:
    host = next(iter(this_machine("here").hosts.values()))
    gone = Host("gone")
    known = LastKnown()
    before = HostState(host, 1, Health.CRIT, at=AT - 9)
    known.take({"here": before})

    def shown(state: HostState) -> HostState:
        return known.over(Snapshot(state.rev, AT, {state.name: state})).hosts[state.name]

    blank = HostState(host, 7)
    assert (shown(blank).health, shown(blank).at, shown(blank).rev) == (Health.CRIT, AT - 9, 7)
    up = Link(LinkState.UP, AT)
    young = HostState(host, 8, link=up, at=AT + 1)
    assert shown(young).health is Health.CRIT
    assert known
    late = HostState(host, 9, link=up, at=AT + SETTLES_S + 1)
    assert shown(late) is late
    assert not known
    known.take({"here": before})
    down = HostState(host, 10, Health.DOWN, Link(LinkState.DOWN, AT, Problem(ProblemKind.LOST, "")))
    assert shown(down) is down
    unknown = HostState(gone, 2)
    known.take({"gone": HostState(gone, 1, Health.UNKNOWN, at=AT)})
    assert shown(unknown).at == AT
    known.keep_known()
    assert shown(unknown) is unknown
