"""Actions on real hosts: planned, applied, verified, taken back; a canary that fails; a reboot."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.action import Wish, plan_action
from opsdash.core.discover import actions
from opsdash.core.fleet import Fleet
from opsdash.core.job import Job, JobState, RunState
from opsdash.core.plan import Plan, Rollout
from opsdash.core.undo import undo_plan
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

UNIT = "opsdash-fleet-test.service"
FOLDER = "/usr/lib/systemd/system"  # what lies in /etc can not be masked
GOOD, BAD = "/bin/sleep 1000000", "/bin/false"


@asynccontextmanager
async def watched(
    hosts_yaml: Path, folder: Path, *names: str, user: str | None = None
) -> AsyncGenerator[Session, None]:
    """These hosts, once it is known what manages their services."""
    fleet = load_fleet(hosts_yaml)
    chosen = {
        name: replace(fleet.hosts[name], user=user or fleet.hosts[name].user) for name in names
    }
    some = Fleet(MappingProxyType(chosen), passed_through=fleet.hosts)
    async with Session(some, Surroundings(folder / "state", root=False)) as session:
        await wait_for(
            lambda: all("units" in s.readings for s in session.snapshot().hosts.values()),
            within_s=240,
            what="services",
        )
        yield session


def plan_of(
    session: Session, action: str, plan_id: str, rollout: Rollout | None = None, **given: str
) -> Plan:
    states = list(session.snapshot().hosts.values())
    return plan_action(actions()[action], states, given, Wish(plan_id, "ann", 0.0, rollout))


async def applied(session: Session, plan: Plan) -> Job:
    return await (await session.workshop.runner.begin(plan)).wait()


@contextmanager
def unit_on(testbed: Testbed, hosts: tuple[str, ...], command: str) -> Iterator[None]:
    """A service of ours on these hosts, which runs this."""
    text = (
        f"[Service]\\nExecStart={command}\\nExecReload=/bin/true\\n"
        "[Install]\\nWantedBy=multi-user.target\\n"
    )
    path = f"{FOLDER}/{UNIT}"
    for host in hosts:
        testbed.inside(host, f"printf '{text}' >{path}; systemctl daemon-reload")
    try:
        yield
    finally:
        for host in hosts:
            testbed.inside(
                host,
                f"systemctl stop {UNIT}; systemctl reset-failed {UNIT}; rm -f {path};"
                " systemctl daemon-reload; true",
            )


async def test_a_canary_whose_unit_fails_stops_the_restart_and_mended_it_goes_through(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    hosts = ("web1", "rpm1", "suse1", "box1")
    rollout = Rollout(canary=1, wave=1, gate=False)
    with unit_on(testbed, hosts[1:3], GOOD), unit_on(testbed, hosts[:1], BAD):
        async with watched(hosts_yaml, tmp_path, *hosts) as session:
            plan = plan_of(session, "service.restart", "fleet-1", rollout, unit=UNIT)
            assert [one.host for one in plan.left_out] == ["box1"]
            job = await applied(session, plan)
            assert job.state is JobState.STOPPED
            assert job.stopped.startswith(f"the canary failed: web1: step 3 of 3 (see that {UNIT}")
            assert len(job.in_state(RunState.NOT_BEGUN)) == 2
            assert "inactive" in testbed.inside("rpm1", f"systemctl is-active {UNIT}; true")
            testbed.inside(
                "web1",
                f"sed -i 's,/bin/false,{GOOD},' {FOLDER}/{UNIT}; systemctl daemon-reload",
            )
            started = await applied(
                session, plan_of(session, "service.start", "fleet-2", rollout, unit=UNIT)
            )
            assert started.state is JobState.FINISHED, started
            assert len(started.in_state(RunState.DONE)) == 3
            undone = await applied(session, undo_plan(started, Wish("fleet-3", "ann", 0.0)))
            assert len(undone.in_state(RunState.DONE)) == 3, undone
            for host in hosts[:3]:
                assert "inactive" in testbed.inside(host, f"systemctl is-active {UNIT}; true")


async def test_every_change_of_a_service_is_made_seen_and_taken_back(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    host = "web2"  # its login shell says something before and after everything
    with unit_on(testbed, (host,), GOOD):
        async with watched(hosts_yaml, tmp_path, host) as session:
            verbs = ("start", "reload", "restart", "stop", "enable", "disable", "mask", "unmask")
            for number, verb in enumerate(verbs):
                ask = f"systemctl is-active {UNIT}; systemctl is-enabled {UNIT}; true"
                before = testbed.inside(host, ask)
                plan = plan_of(session, f"service.{verb}", f"fleet-7-{number}", unit=UNIT)
                job = await applied(session, plan)
                assert job.in_state(RunState.DONE), job
                if verb in ("start", "enable", "mask"):
                    undo = undo_plan(job, Wish(f"fleet-8-{number}", "ann", 0.0))
                    undone = await applied(session, undo)
                    assert undone.in_state(RunState.DONE), undone
                    assert testbed.inside(host, ask) == before, verb
                    again = replace(plan, id=f"fleet-9-{number}")
                    assert (await applied(session, again)).in_state(RunState.DONE)


@pytest.mark.parametrize("host", ["web1", "rc1", "box1"])
async def test_a_process_is_ended_and_seen_to_be_gone(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, host: str
) -> None:
    pid = testbed.inside(host, "sleep 987654 >/dev/null 2>&1 & echo $!").split()[-1]
    async with watched(hosts_yaml, tmp_path, host, user="root") as session:
        job = await applied(session, plan_of(session, "process.signal", "fleet-10", pid=pid))
    assert job.in_state(RunState.DONE), job
    look, sent = job.runs[host].results
    assert b"sleep 987654" in look.stdout
    assert f"process {pid} is gone".encode() in sent.stdout


OPENRC = f"/etc/init.d/{UNIT.removesuffix('.service')}"
OPENRC_TEXT = (
    "#!/sbin/openrc-run\\nextra_started_commands=reload\\ncommand=/bin/sleep\\n"
    "command_args=1000001\\ncommand_background=yes\\npidfile=/run/opsdash-fleet-test.pid\\n"
    "reload() { :; }\\n"
)


async def test_every_change_of_a_service_of_openrc_is_made_seen_and_taken_back(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    name = Path(OPENRC).name
    ask = (
        f"rc-service {name} status 2>&1 | grep -o 'start[a-z]*\\|stopped';"
        f" rc-update show default | grep -c {name}; true"
    )
    testbed.inside("rc1", f"printf '{OPENRC_TEXT}' >{OPENRC}; chmod 755 {OPENRC}")
    try:
        async with watched(hosts_yaml, tmp_path, "rc1", user="root") as session:
            verbs = ("start", "reload", "restart", "stop", "enable", "disable")
            for number, verb in enumerate(verbs):
                before = testbed.inside("rc1", ask)
                plan = plan_of(session, f"service.{verb}", f"fleet-4-{number}", unit=name)
                job = await applied(session, plan)
                assert job.in_state(RunState.DONE), (verb, job.runs)
                if verb in ("start", "stop", "enable", "disable"):
                    assert testbed.inside("rc1", ask) != before, verb
                    undo = undo_plan(job, Wish(f"fleet-5-{number}", "ann", 0.0))
                    undone = await applied(session, undo)
                    assert undone.in_state(RunState.DONE), (verb, undone.runs)
                    assert testbed.inside("rc1", ask) == before, verb
                    again = replace(plan, id=f"fleet-6-{number}")
                    assert (await applied(session, again)).in_state(RunState.DONE)
            masked = plan_of(session, "service.mask", "fleet-6-m", unit=name)
            assert [one.host for one in masked.left_out] == ["rc1"]
    finally:
        testbed.inside(
            "rc1", f"rc-service {name} stop; rc-update delete {name} default; rm -f {OPENRC}; true"
        )
