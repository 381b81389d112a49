"""A fault turns its host, and only its host, with words that name the cause; and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from opsdash.core.health import Health
from opsdash.core.snapshot import HostState, LinkState
from opsdash.engine import prober
from opsdash.engine.session import Session
from tests.fleet.testbed import Testbed, said
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet


async def sick(session: Session, *but: str) -> list[str]:
    """What is wrong with every host but those named, once nothing is, or after a while: this
    machine runs them all, and what starves for a moment beside a fault is no second fault.
    """

    def found() -> list[str]:
        states = session.snapshot().hosts.values()
        return [said(s) for s in states if s.name not in but and s.health is not Health.OK]

    with suppress(AssertionError):
        await wait_for(lambda: not found(), within_s=240)
    return found()


async def becomes(session: Session, name: str, health: Health, *words: str) -> HostState:
    """The host's state once it has this health, with a WHY that holds all these words."""

    def there() -> bool:
        state = session.snapshot().hosts[name]
        summary = state.why.summary if state.why else ""
        return state.health is health and all(word in summary for word in words)

    await becomes_so(session, name, there, f"{name} {health.name} {' '.join(words)}")
    return session.snapshot().hosts[name]


async def becomes_so(session: Session, name: str, there: Callable[[], bool], what: str) -> None:
    """wait_for() that tells how the host was in the end."""
    try:
        await wait_for(there, within_s=240, what=what)
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {said(session.snapshot().hosts[name])}") from None


async def test_a_failed_service_is_named_with_its_cause(testbed: Testbed, session: Session) -> None:
    with testbed.with_fault("web1", "service-failed"):
        state = await becomes(session, "web1", Health.CRIT, "shop-web.service", "failed")
        assert state.why is not None
        assert state.why.new
        assert await sick(session, "web1") == []
    await becomes(session, "web1", Health.OK)


async def test_a_process_that_the_kernel_killed_is_named_beside_its_service(
    impatient: None, testbed: Testbed, session: Session
) -> None:
    told = re.compile(r"out of memory: tail \(\d+\) killed \w+ ago, \d+ in 1h")

    def killed() -> bool:
        findings = session.snapshot().hosts["web1"].findings
        return any(one.check == "oom-killed" and told.match(one.summary) for one in findings)

    with testbed.with_fault("web1", "oom"):
        await becomes(session, "web1", Health.CRIT, "shop-batch.service failed")
        await becomes_so(session, "web1", killed, "the kill is told")
        assert await sick(session, "web1") == []
    await becomes(session, "web1", Health.OK)


async def test_a_partitioned_host_is_down_with_the_cause_and_the_others_are_not(
    testbed: Testbed, session: Session
) -> None:
    with testbed.with_fault("db1", "partition"):
        state = await becomes(session, "db1", Health.DOWN, "no answer from 10.77.0.13:22")
        assert state.link.last_up is not None
        assert await sick(session, "db1") == []
    await becomes(session, "db1", Health.OK)


async def test_a_full_disk_is_named_with_mount_and_figure(
    testbed: Testbed, session: Session
) -> None:
    with testbed.with_fault("arch1", "disk-full"):
        await becomes(session, "arch1", Health.CRIT, "/ 100% full")
        assert await sick(session, "arch1") == []
    await becomes(session, "arch1", Health.OK)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("sshd-off", "connection refused"),
        ("frozen", "sshd does not answer"),
        ("auth-fail", "login refused"),
        ("host-key", "host key CHANGED"),
    ],
)
async def test_every_way_to_be_unreachable_has_words_of_its_own(
    testbed: Testbed, session: Session, fault: str, words: str
) -> None:
    with testbed.with_fault("rpm1", fault):
        if fault != "frozen":
            # an open connection does not notice these: make opsdash connect anew
            testbed.inside("rpm1", "pkill -u ops sshd; pkill -u ops")
        await becomes(session, "rpm1", Health.DOWN, words)
        assert await sick(session, "rpm1") == []
    session.refresh(("rpm1",))
    await becomes(session, "rpm1", Health.OK)


async def test_an_emergency_read_only_root_is_critical(testbed: Testbed, session: Session) -> None:
    with testbed.with_fault("suse1", "read-only"):
        await becomes(session, "suse1", Health.CRIT, "/", "read-only")
        assert await sick(session, "suse1") == []
    await becomes(session, "suse1", Health.OK)


async def test_inodes_run_out_on_a_mount_that_is_named(testbed: Testbed, session: Session) -> None:
    with testbed.with_fault("web2", "inodes"):
        await becomes(session, "web2", Health.CRIT, "/mnt/spool", "inodes")
        assert await sick(session, "web2") == []
    await becomes(session, "web2", Health.OK)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("sshd-off", "connection refused"), ("sshd-hung", "sshd does not answer")],
)
async def test_an_open_connection_is_no_proof_that_one_can_log_in(
    testbed: Testbed,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    words: str,
) -> None:
    monkeypatch.setattr(prober, "EVERY_S", 1.0)
    session.refresh(("arch1",))
    with testbed.with_fault("arch1", fault):
        state = await becomes(session, "arch1", Health.CRIT, "new logins fail", words)
        assert state.link.state is LinkState.UP
        assert await sick(session, "arch1") == []
    await becomes(session, "arch1", Health.OK)
