"""A fault turns its host, and only its host, with words that name the cause; and back."""

from __future__ import annotations

import re

import pytest

from opsdash.core.health import Health
from opsdash.core.snapshot import HostState, LinkState
from opsdash.engine import prober
from opsdash.engine.session import Session
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet


def healths(session: Session, *without: str) -> set[Health]:
    """The healths of all hosts but those named."""
    hosts = session.snapshot().hosts.values()
    return {state.health for state in hosts if state.name not in without}


async def becomes(session: Session, name: str, health: Health, *words: str) -> HostState:
    """The host's state once it has this health, with a WHY that holds all these words."""

    def there() -> bool:
        state = session.snapshot().hosts[name]
        summary = state.why.summary if state.why else ""
        return state.health is health and all(word in summary for word in words)

    await wait_for(there, within_s=60, what=f"{name} {health.name} {' '.join(words)}")
    return session.snapshot().hosts[name]


async def test_a_failed_service_is_named_with_its_cause(testbed: Testbed, session: Session) -> None:
    with testbed.with_fault("web1", "service-failed"):
        state = await becomes(session, "web1", Health.CRIT, "shop-web.service", "failed")
        assert state.why is not None
        assert state.why.new
        assert healths(session, "web1") == {Health.OK}
    await becomes(session, "web1", Health.OK)


async def test_a_process_that_the_kernel_killed_is_named_beside_its_service(
    testbed: Testbed, session: Session
) -> None:
    def killed() -> list[str]:
        found = session.snapshot().hosts["web1"].findings
        return [one.summary for one in found if one.check == "oom-killed"]

    with testbed.with_fault("web1", "oom"):
        session.refresh(("web1",))
        await becomes(session, "web1", Health.CRIT, "shop-batch.service failed")
        await wait_for(lambda: bool(killed()), within_s=30, what="the kill is told")
        assert re.match(r"out of memory: tail \(\d+\) killed \d+s ago, 1 in 1h", killed()[0])
        assert healths(session, "web1") == {Health.OK}
    testbed.inside("web1", "journalctl --rotate; sleep 2; journalctl --vacuum-time=1s")
    session.refresh(("web1",))
    await becomes(session, "web1", Health.OK)


async def test_a_partitioned_host_is_down_with_the_cause_and_the_others_are_not(
    testbed: Testbed, session: Session
) -> None:
    with testbed.with_fault("db1", "partition"):
        state = await becomes(session, "db1", Health.DOWN, "no answer from 10.77.0.13:22")
        assert state.link.last_up is not None
        assert healths(session, "db1") == {Health.OK}
    await becomes(session, "db1", Health.OK)


async def test_a_full_disk_is_named_with_mount_and_figure(
    testbed: Testbed, session: Session
) -> None:
    with testbed.with_fault("arch1", "disk-full"):
        await becomes(session, "arch1", Health.CRIT, "/ 100% full")
        assert healths(session, "arch1") == {Health.OK}
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
        assert healths(session, "rpm1") == {Health.OK}
    session.refresh(("rpm1",))
    await becomes(session, "rpm1", Health.OK)


async def test_an_emergency_read_only_root_is_critical(testbed: Testbed, session: Session) -> None:
    with testbed.with_fault("suse1", "read-only"):
        await becomes(session, "suse1", Health.CRIT, "/", "read-only")
        assert healths(session, "suse1") == {Health.OK}
    await becomes(session, "suse1", Health.OK)


async def test_inodes_run_out_on_a_mount_that_is_named(testbed: Testbed, session: Session) -> None:
    with testbed.with_fault("web2", "inodes"):
        await becomes(session, "web2", Health.CRIT, "/mnt/spool", "inodes")
        assert healths(session, "web2") == {Health.OK}
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
        assert healths(session, "arch1") == {Health.OK}
    await becomes(session, "arch1", Health.OK)
