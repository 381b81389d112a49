"""Hosts on which something that everybody relies on is missing, full or never ends: in words."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest

from opsdash.core.health import Health
from opsdash.core.problem import ProblemKind
from opsdash.core.snapshot import LinkState
from opsdash.engine import prober
from opsdash.engine.session import Session
from tests.fleet.test_faults import becomes, sick
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

CONFIG = "/etc/ssh/sshd_config"
OF_THE_FLEET = "/etc/ssh/sshd_config.d/10-testbed.conf"
RELOAD = "kill -HUP $(cat /run/sshd.pid)"


@contextmanager
def changed(testbed: Testbed, host: str, change: str, back: str) -> Iterator[None]:
    """A change of a host from outside, undone at the end."""
    testbed.inside(host, change)
    try:
        yield
    finally:
        testbed.inside(host, back)


@asynccontextmanager
async def odd(
    testbed: Testbed, session: Session, host: str, change: str, back: str
) -> AsyncGenerator[None, None]:
    """The change, with a connection that begins after it; and a healthy host at the end."""
    with changed(testbed, host, change, back):
        testbed.inside(host, "pkill -u ops sshd; pkill -u ops; true")
        yield
        assert await sick(session, host) == []
    testbed.inside(host, "pkill -u ops sshd; pkill -u ops; true")
    session.refresh((host,))
    await becomes(session, host, Health.OK)


async def test_a_host_without_awk_says_so(testbed: Testbed, session: Session) -> None:
    move = "f=$(command -v awk); mv $f $f.away"
    back = "for f in /bin /usr/bin; do [ -e $f/awk.away ] && mv $f/awk.away $f/awk; done; true"
    async with odd(testbed, session, "rc1", move, back):
        state = await becomes(session, "rc1", Health.DOWN, "no awk on the host")
        assert state.why is not None
        assert state.why.advice == "install awk there"


async def test_a_shell_that_lets_nobody_in_says_what_it_said(
    testbed: Testbed, session: Session
) -> None:
    shell = "usermod -s /usr/sbin/nologin ops"
    async with odd(testbed, session, "web2", shell, "usermod -s /bin/bash ops"):
        state = await becomes(session, "web2", Health.DOWN, "the account can't be used")
        assert state.link.problem is not None
        assert state.link.problem.kind is ProblemKind.ACCOUNT


async def test_a_shell_that_never_returns_is_silent_and_holds_nobody_up(
    testbed: Testbed, session: Session
) -> None:
    made = "printf '#!/bin/sh\\nexec sleep 300\\n' >/bin/stuck; chmod 755 /bin/stuck"
    shell = f"{made}; usermod -s /bin/stuck ops"
    async with odd(testbed, session, "web2", shell, "usermod -s /bin/bash ops; rm /bin/stuck"):
        state = await becomes(session, "web2", Health.DOWN, "connected, but no answer")
        assert state.link.problem is not None
        assert state.link.problem.kind is ProblemKind.SILENT


async def test_a_server_with_no_session_left_keeps_its_pulse_and_says_what_is_lacking(
    testbed: Testbed, session: Session
) -> None:
    few = f"echo 'MaxSessions 1' | cat - {CONFIG} >{CONFIG}.few; cp {CONFIG} {CONFIG}.keep"
    few += f"; mv {CONFIG}.few {CONFIG}; {RELOAD}"
    async with odd(testbed, session, "web1", few, f"mv {CONFIG}.keep {CONFIG}; {RELOAD}"):
        session.refresh(("web1",))
        state = await becomes(session, "web1", Health.UNKNOWN, "MaxSessions")
        assert state.link.state is LinkState.UP


async def test_a_server_that_is_full_of_strangers_drops_new_logins(
    testbed: Testbed, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "EVERY_S", 1.0)
    session.refresh(("web1",))
    full = f"sed -i.keep 's/^MaxStartups.*/MaxStartups 1:100:1/' {OF_THE_FLEET}"
    back = f"mv {OF_THE_FLEET}.keep {OF_THE_FLEET}; {RELOAD}"
    address = str(testbed.hosts["web1"]["address"])
    with changed(testbed, "web1", f"{full}; {RELOAD}", back), ExitStack() as strangers:
        for _ in range(3):
            strangers.enter_context(socket.create_connection((address, 22), timeout=30))
        state = await becomes(session, "web1", Health.CRIT, "new logins fail", "MaxStartups")
        assert state.link.state is LinkState.UP
    await becomes(session, "web1", Health.OK)
