"""What changed shortly before it broke is named, with its time, by the timeline and by ``x``."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from opsdash.activities.monitor.host_sections import Page
from opsdash.activities.monitor.story import story, wanted
from opsdash.activities.monitor.why_page import Past, explanation
from opsdash.config.hosts import load_fleet
from opsdash.core.happening import Happening, Kind
from opsdash.core.snapshot import LinkState
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.widgets.palette import Palette
from tests.fleet.terminal import Terminal
from tests.fleet.testbed import Testbed, said
from tests.looks import NIGHT
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

SLACK_S = 5.0
"""Stamps of files and logs are whole seconds, and a command takes a moment."""

OVERRIDE = "/etc/systemd/system/shop-web.service.d"
MISTAKE = (
    f"mkdir -p {OVERRIDE}; printf '[Service]\\nRestart=no\\nExecStart=\\nExecStart=/bin/false\\n' "
    f"> {OVERRIDE}/override.conf; systemctl daemon-reload; systemctl restart shop-web || :"
)
MENDED = (
    f"rm -rf {OVERRIDE}; systemctl daemon-reload; systemctl reset-failed; "
    "systemctl restart shop-web"
)
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -y -q install --reinstall ca-certificates"


@dataclass(frozen=True)
class Change:
    """Something that is done to a host, and how its story tells of it."""

    host: str
    kinds: tuple[Kind, ...]
    words: str
    do: Callable[[Testbed], None]


def _make_a_mistake(testbed: Testbed) -> None:
    testbed.inside("web1", MISTAKE)


def _install(testbed: Testbed) -> None:
    """The security updates of the fleet are there only once: this goes again and again."""
    testbed.inside("web2", INSTALL)


def fault(host: str, name: str) -> Callable[[Testbed], None]:
    return lambda testbed: testbed.fault(host, name, "on")


CHANGES = (
    Change(
        "web1",
        (Kind.FILE,),
        r"override\.conf|shop-web\.service\.d",
        _make_a_mistake,
    ),
    Change("web2", (Kind.PACKAGE,), "(?:reinstalled|upgraded) ca-certificates", _install),
    Change("rpm1", (Kind.ACCOUNT, Kind.FILE), "passwd|shadow|svc-x", fault("rpm1", "new-user")),
    Change("arch1", (Kind.BOOT,), "booted", fault("arch1", "reboot")),
)


def told_of(session: Session, host: str) -> list[Happening]:
    """The story of a host as the timeline has it."""
    snapshot = session.snapshot()
    return story([snapshot.hosts[host]], snapshot.changes)


def why_page(session: Session, host: str) -> str:
    """What ``x`` says of the worst that is wrong with a host."""
    snapshot = session.snapshot()
    state = snapshot.hosts[host]
    assert state.why is not None, said(state)
    page = Page(state, time.time(), Palette(NIGHT), 160)
    lines = explanation(page, state.why, told_of(session, host), Past())
    return "\n".join("".join(span.text for span in line) for line in lines)


def clock_of(one: Happening) -> str:
    return time.strftime("%H:%M:%S", time.localtime(one.at))


@pytest.mark.usefixtures("impatient")
async def test_what_was_done_to_a_host_is_named_where_it_broke_afterwards(
    testbed: Testbed, session: Session
) -> None:
    began: dict[str, float] = {}
    try:
        for change in CHANGES:
            began[change.host] = time.time()
            change.do(testbed)
        done = time.time()
        await wait_for(
            lambda: _is_back(session, "arch1", began["arch1"]), within_s=240, what="arch1's reboot"
        )
        for host in ("web2", "rpm1", "arch1"):
            testbed.fault(host, "service-failed", "on")
        for change in CHANGES:
            host = change.host
            await wait_for(partial(_is_broken, session, host), within_s=240, what=f"{host} broken")
            found: list[Happening] = []

            def told(change: Change = change, found: list[Happening] = found) -> bool:
                state = session.snapshot().hosts[change.host]
                session.want(change.host, *wanted(state))
                fits = [one for one in told_of(session, change.host) if _fits(one, change)]
                found[:] = [one for one in fits if one.at >= began[change.host] - SLACK_S]
                return bool(found)

            await wait_for(told, within_s=240, what=f"the change of {host} in its story")
            one = found[0]
            assert one.at <= done + 60, f"{one} is told for a time that has not been"
            page = why_page(session, host)
            assert clock_of(one) in page, page
            changed = page.partition("CHANGED")[2].partition("BEFORE")[0]
            assert re.search(change.words, changed), page
    finally:
        testbed.inside("web1", MENDED)
        for host in ("web2", "rpm1", "arch1"):
            testbed.fault(host, "clear")


def _fits(one: Happening, change: Change) -> bool:
    return one.kind in change.kinds and bool(re.search(change.words, f"{one.words} {one.detail}"))


def _is_back(session: Session, host: str, since: float) -> bool:
    """Whether it is connected anew and has told that it booted."""
    state = session.snapshot().hosts[host]
    up_s = state.value("uptime.up_s")
    is_new = up_s is not None and state.at - up_s > since - SLACK_S
    return state.link.state is LinkState.UP and state.link.since > since and is_new


def _is_broken(session: Session, host: str) -> bool:
    return any(
        one.check == "unit-failed" and "shop-web" in one.subject
        for one in session.snapshot().hosts[host].findings
    )


def turns(session: Session, host: str, words: str) -> list[Happening]:
    """What the timeline tells of a host's health in these words."""
    told = told_of(session, host)
    return [one for one in told if one.kind is Kind.HEALTH and re.search(words, one.words)]


@pytest.mark.usefixtures("impatient")
async def test_a_wrong_clock_a_slow_network_and_a_log_storm_stand_in_the_timeline(
    testbed: Testbed, session: Session, hosts_yaml: Path, tmp_path: Path
) -> None:
    def knows_usual() -> bool:
        login = session.snapshot().hosts["rpm1"].login
        return login is not None and login.usual_s is not None

    await wait_for(knows_usual, within_s=240, what="how long logins to rpm1 usually take")
    began = time.time()
    with (
        testbed.with_fault("rpm1", "delay", "300"),
        testbed.with_fault("rc1", "log-storm"),
        testbed.with_fault("web2", "clock"),
    ):
        # sshd sets the clock of new logins only: whoever connects now sees it
        around = Surroundings(tmp_path / "later")
        async with Session(load_fleet(hosts_yaml), around) as later:
            expected = (
                (session, "rpm1", r"a new login takes"),
                (session, "rc1", r"log storm: .* by shop-web"),
                (later, "web2", r"clock"),
            )
            for where, host, words in expected:

                def found(where: Session = where, host: str = host, words: str = words) -> bool:
                    state = where.snapshot().hosts[host]
                    return any(re.search(words, one.summary) for one in state.findings)

                try:
                    await wait_for(found, within_s=240, what=f"{words} on {host}")
                except AssertionError as error:
                    raise AssertionError(f"{error}: {said(where.snapshot().hosts[host])}") from None
                assert re.search(words, why_page(where, host))
                told = turns(where, host, words)
                assert told, told_of(where, host)
                assert began - SLACK_S <= told[0].at <= time.time() + SLACK_S


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that is gone after the test."""
    found = Terminal(tmp_path)
    yield found
    found.close()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
async def test_an_admin_sees_it_with_two_keys(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, terminal: Terminal
) -> None:
    terminal.open(
        f"PS1='$ ' XDG_STATE_HOME={tmp_path / 'state'} {sys.executable} -m opsdash "
        f"--hosts {hosts_yaml}; echo left with $?"
    )
    await terminal.shows("●10 OK", within_s=240)
    testbed.inside("web1", MISTAKE)
    try:
        await terminal.shows("✖1 CRIT", within_s=240)
        terminal.keys("x")
        lines = await terminal.shows("override.conf")
        (line,) = [text for text in lines if "override.conf" in text]
        assert re.search(r"before +\d\d:\d\d:\d\d file", line), line
        terminal.keys("t")
        lines = await terminal.shows("timeline")
        lines = await terminal.shows("override.conf")
        assert any("shop-web.service failed" in text for text in lines)
    finally:
        testbed.inside("web1", MENDED)
    await terminal.shows("OK (was CRIT)", within_s=240)
    terminal.keys("q", "q")
    await terminal.shows("HOST     WHY")
    terminal.keys("q")
    await terminal.shows("left with 0")
