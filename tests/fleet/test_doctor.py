"""The doctor on real hosts: each fault fails at its stage, in its words, with what mends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.examination import Examination, Examined, Stage, Verdict
from opsdash.core.host import Way
from opsdash.core.prompts import Asker, Nobody
from opsdash.engine.doctor import begun, examine
from opsdash.transport.ssh.transport import SshTransport
from tests.doctor import notes_of, stage_of
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

Doctor = Callable[[str], Awaitable[Examination]]


@pytest.fixture
async def doctor(hosts_yaml: Path, tmp_path: Path) -> AsyncGenerator[Doctor, None]:
    """Examines a host of the fleet by its name."""
    fleet, asker = load_fleet(hosts_yaml), Asker(Nobody())
    transport = SshTransport(fleet.hosts, tmp_path / "own", asker)

    async def look(name: str) -> Examination:
        host = fleet.hosts[name]
        exam = await begun(fleet, host, "", lambda one: None)
        await examine(host, {Way.SSH: transport}, asker, exam)
        return exam

    yield look
    await transport.close()
    await asker.close()


def cause_of(exam: Examination) -> Examined:
    """The stage that is told as the cause, with all that was found in the words of a failure."""
    assert exam.cause is not None, exam.found
    return exam.cause


FAULTS = [
    ("sshd-off", "rpm1", Stage.TCP, Verdict.FAIL, ("refused",), "systemctl status ssh"),
    ("sshd-hung", "suse1", Stage.BANNER, Verdict.FAIL, ("sshd does not answer",), "restart"),
    ("frozen", "rpm1", Stage.BANNER, Verdict.FAIL, ("sshd does not answer",), "restart"),
    ("partition", "suse1", Stage.TCP, Verdict.FAIL, ("no answer from",), "ping"),
    ("down", "suse1", Stage.TCP, Verdict.FAIL, (), ""),
    ("reject", "rpm1", Stage.TCP, Verdict.FAIL, ("refused",), ""),
    ("auth-fail", "suse1", Stage.LOGIN, Verdict.FAIL, ("login refused",), "ssh-copy-id"),
    ("host-key", "rpm1", Stage.HOST_KEY, Verdict.FAIL, ("CHANGED",), "ssh-keygen"),
    ("account-expired", "web2", Stage.LOGIN, Verdict.FAIL, ("expired",), "chage -l ops"),
    ("slow-login", "suse1", Stage.SHELL, Verdict.WARN, ("is ready after 8", "PAM"), ""),
    ("noise", "rpm1", Stage.SHELL, Verdict.WARN, ("before our command",), "interactive"),
    ("clock", "web2", Stage.CLOCK, Verdict.WARN, ("behind this machine",), "timedatectl"),
]


@pytest.mark.parametrize(
    ("fault", "host", "stage", "verdict", "words", "mend"), FAULTS, ids=[one[0] for one in FAULTS]
)
async def test_a_fault_is_found_at_its_stage_and_gone_with_it(
    testbed: Testbed,
    doctor: Doctor,
    fault: str,
    host: str,
    stage: Stage,
    verdict: Verdict,
    words: tuple[str, ...],
    mend: str,
) -> None:
    await asyncio.to_thread(testbed.fault, host, fault, "on")
    try:
        exam = await doctor(host)
    finally:
        await asyncio.to_thread(testbed.fault, host, fault, "off")
    cause = stage_of(exam, stage)
    said = f"{cause.text}\n{notes_of(cause)}\n{cause.hint}\n{' '.join(cause.mends)}"
    assert cause.verdict is verdict, said
    if verdict is Verdict.FAIL:  # a WARN may have company: web2's shell is noisy
        assert cause_of(exam) is cause
    assert all(word in said for word in words), said
    assert mend in said
    assert cause.hint
    assert "\x1b" not in said


async def test_how_root_is_become_is_told(testbed: Testbed, doctor: Doctor) -> None:
    before = stage_of(await doctor("rpm1"), Stage.ROOT)
    with testbed.with_fault("rpm1", "no-sudo"):
        during = stage_of(await doctor("rpm1"), Stage.ROOT)
    assert before.text == "sudo, without a password"
    assert during.text.startswith("sudo asks for a password")


@pytest.mark.parametrize("host", ["web1", "db1", "arch1", "rc1", "box1", "vault1"])
async def test_healthy_hosts_of_every_kind_have_no_failure(doctor: Doctor, host: str) -> None:
    exam = await doctor(host)
    assert exam.verdict is not Verdict.FAIL, cause_of(exam)
    assert stage_of(exam, Stage.END).text == "exit status comes back, nothing is left running"


async def test_more_logins_than_sshd_takes_are_told(testbed: Testbed, doctor: Doctor) -> None:
    address = str(testbed.hosts["suse1"]["address"])
    setting = "/etc/ssh/sshd_config.d/doctor.conf"
    renew = "systemctl reload ssh || systemctl reload sshd"
    limit = f"echo 'MaxStartups 1:100:1' > {setting}; {renew}"
    await asyncio.to_thread(testbed.inside, "suse1", limit)
    try:
        idle = [await asyncio.open_connection(address, 22) for _ in range(3)]
        exam = await doctor("suse1")
        for _, writer in idle:
            writer.close()
    finally:
        await asyncio.to_thread(testbed.inside, "suse1", f"rm -f {setting}; {renew}")
    cause = cause_of(exam)
    assert (cause.stage, cause.verdict) == (Stage.BANNER, Verdict.FAIL)
    assert "MaxStartups" in f"{cause.text}{cause.hint}"
