"""Every action on hosts of each kind that it is for: planned, applied, seen, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsdash.core.action import Wish
from opsdash.core.job import Job, RunState
from opsdash.core.undo import undo_plan
from opsdash.engine.look import settle
from opsdash.engine.session import Session
from tests.fleet.test_do import applied, plan_of, watched
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

HOSTS = ("web1", "rc1", "box1")
"""systemd, OpenRC, busybox: the login there is root's, two of them have no sudo."""

OTHERS = ("rpm1", "suse1", "arch1")
"""dnf, zypper and pacman."""

PLACE, TIMER, CRON = "/srv/opsdash-fleet", "opsdash-fleet-test", "/etc/cron.d/opsdash-fleet-test"
LINE = "17 3 * * * root echo 'a  b' >/dev/null"


@contextmanager
def cleaned(testbed: Testbed, before: str, after: str, *hosts: str) -> Iterator[None]:
    """Something of ours on these hosts, gone when the block is left."""
    for host in hosts:
        testbed.inside(host, f"{after}; {before}")
    try:
        yield
    finally:
        for host in hosts:
            testbed.inside(host, after)


class Actor:
    """Does actions to hosts, each plan under a name of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._number = 0

    async def do(self, action: str, *, state: RunState = RunState.DONE, **given: str) -> Job:
        """On all of them; one way or the other, all end alike."""
        self._number += 1
        plan = plan_of(self.session, action, f"acts-{self._number}", None, **given)
        job = await applied(self.session, plan)
        assert len(job.in_state(state)) == len(plan.hosts) > 0, job
        return job

    async def undo(self, job: Job) -> Job:
        """Take it back, on all of them."""
        self._number += 1
        undone = await applied(self.session, undo_plan(job, Wish(f"acts-{self._number}", "ann", 0)))
        assert len(undone.in_state(RunState.DONE)) == len(job.runs), undone
        return undone


def unchanged(job: Job) -> bool:
    """Whether it found everything so already, everywhere."""
    return all(
        any(b"unchanged" in one.stdout.split(b"\n") for one in run.results)
        for run in job.runs.values()
    )


async def test_a_mount_is_remounted_and_unmounted_and_both_are_taken_back(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    before = (
        f"mkdir -p {PLACE}/from {PLACE}/at; mount --bind {PLACE}/from {PLACE}/at;"
        f" echo '{PLACE}/from {PLACE}/at none bind 0 0' >>/etc/fstab"
    )
    after = (
        f"umount {PLACE}/at 2>/dev/null; sed -i '\\,^{PLACE},d' /etc/fstab;"
        f" rmdir {PLACE}/from {PLACE}/at {PLACE} 2>/dev/null; true"
    )
    where = f"grep -c ' {PLACE}/at ' /proc/mounts; true"
    writes = f"touch {PLACE}/at/x 2>/dev/null && rm {PLACE}/at/x && echo writes; true"
    with cleaned(testbed, before, after, *HOSTS):
        async with watched(hosts_yaml, tmp_path, *HOSTS, user="root") as session:
            actor = Actor(session)
            frozen = await actor.do("fs.remount", mount=f"{PLACE}/at", mode="ro")
            assert all("writes" not in testbed.inside(host, writes) for host in HOSTS)
            assert unchanged(await actor.do("fs.remount", mount=f"{PLACE}/at", mode="ro"))
            await actor.undo(frozen)
            assert all("writes" in testbed.inside(host, writes) for host in HOSTS)
            gone = await actor.do("fs.unmount", mount=f"{PLACE}/at")
            assert all(testbed.inside(host, where).split()[-1] == "0" for host in HOSTS)
            await actor.undo(gone)
            assert all(testbed.inside(host, where).split()[-1] == "1" for host in HOSTS)


async def test_a_busy_mount_is_left_alone_and_it_is_said_who_holds_it(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    before = (
        f"mkdir -p {PLACE}/from {PLACE}/at; mount --bind {PLACE}/from {PLACE}/at;"
        f" cd {PLACE}/at && {{ setsid sleep 600 >/dev/null 2>&1 </dev/null & }};"
        f" echo $! >/run/opsdash-fleet-pid"
    )
    after = (
        "kill $(cat /run/opsdash-fleet-pid) 2>/dev/null; sleep 1;"
        f" umount {PLACE}/at 2>/dev/null; rm -f /run/opsdash-fleet-pid;"
        f" rmdir {PLACE}/from {PLACE}/at {PLACE} 2>/dev/null; true"
    )
    with cleaned(testbed, before, after, "box1"):
        async with watched(hosts_yaml, tmp_path, "box1", user="root") as session:
            job = await Actor(session).do("fs.unmount", state=RunState.FAILED, mount=f"{PLACE}/at")
    assert b"held by process" in job.runs["box1"].results[-1].stderr


async def test_cron_lines_and_timers_are_switched_off_and_are_then_as_before(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    before = f'printf "%s\\n" "# ours" "{LINE}" >{CRON}; chmod 644 {CRON}'
    with cleaned(testbed, before, f"rm -f {CRON}", "web1", "rc1"):
        async with watched(hosts_yaml, tmp_path, "web1", "rc1", user="root") as session:
            actor = Actor(session)
            listed = await actor.do("cron.list")
            text = listed.runs["rc1"].results[0].stdout.decode()
            (line,) = [one for one in text.splitlines() if CRON in one]
            assert line.split()[1] == "on"
            job = line.split()[0]
            off = await actor.do("cron.disable", job=job, file=CRON)
            assert "#opsdash-off 17 3" in testbed.inside("rc1", f"cat {CRON}")
            assert unchanged(await actor.do("cron.disable", job=job, file=CRON))
            await actor.undo(off)
            for host in ("web1", "rc1"):
                assert testbed.inside(host, f"cat {CRON}") == f"# ours\n{LINE}\n"
            assert unchanged(await actor.do("cron.enable", job=job, file=CRON))


async def test_a_timer_of_systemd_is_switched_off_and_on(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    units = "/usr/lib/systemd/system"
    before = (
        f"printf '[Timer]\\nOnCalendar=yearly\\n[Install]\\nWantedBy=timers.target\\n'"
        f" >{units}/{TIMER}.timer; printf '[Service]\\nExecStart=/bin/true\\n'"
        f" >{units}/{TIMER}.service; systemctl daemon-reload; systemctl enable --now {TIMER}.timer"
    )
    after = (
        f"systemctl disable --now {TIMER}.timer 2>/dev/null;"
        f" rm -f {units}/{TIMER}.timer {units}/{TIMER}.service; systemctl daemon-reload; true"
    )
    how = f"systemctl is-enabled {TIMER}.timer; systemctl is-active {TIMER}.timer; true"
    with cleaned(testbed, before, after, "web1", "rpm1"):
        async with watched(hosts_yaml, tmp_path, "web1", "rpm1", "rc1", user="root") as session:
            actor = Actor(session)
            off = await actor.do("timer.disable", timer=TIMER)
            assert [one.host for one in off.plan.left_out] == ["rc1"]
            assert testbed.inside("rpm1", how).split() == ["disabled", "inactive"]
            await actor.undo(off)
            assert testbed.inside("rpm1", how).split() == ["enabled", "active"]
            assert unchanged(await actor.do("timer.enable", timer=TIMER))
            listed = await actor.do("timer.list")
            assert TIMER.encode() in listed.runs["web1"].results[0].stdout


async def test_logs_the_journal_and_package_caches_make_room(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    log, config = "/var/log/opsdash-fleet.log", "/etc/opsdash-fleet.logrotate"
    before = f"echo full >{log}; echo '{log} {{ rotate 2' >{config}; echo '}}' >>{config}"
    after = f"rm -f {log} {log}.1 {config}"
    both = ("web1", "rc1")
    with cleaned(testbed, before, after, *both):
        async with watched(hosts_yaml, tmp_path, *both, *OTHERS, user="root") as session:
            actor = Actor(session)
            vacuumed = await actor.do("journal.vacuum", keep="1G")
            assert [one.host for one in vacuumed.plan.left_out] == ["rc1"]
            await actor.do("packages.clean")
        async with watched(hosts_yaml, tmp_path / "two", *both, user="root") as session:
            await Actor(session).do("logs.rotate", config=config)
            for host in both:
                assert "full" in testbed.inside(host, f"cat {log}.1")
    keep = "cd /var/log; [ ! -f messages.0 ] || { cat messages >>messages.0; cat messages.0"
    with cleaned(testbed, "true", f"{keep} >messages; rm messages.0; }}", "box1"):
        testbed.inside("box1", "logger opsdash fleet test")
        async with watched(hosts_yaml, tmp_path / "three", "box1", user="root") as session:
            await Actor(session).do("logs.rotate")
        assert "messages.0" in testbed.inside("box1", "ls /var/log")


async def test_files_that_could_go_are_listed_chosen_and_removed(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    old, new = "/tmp/opsdash-fleet old", "/tmp/opsdash-fleet-new"
    before = f"echo x >'{old}'; touch -d '2026-01-01 00:00:00' '{old}'; echo y >{new}"
    with cleaned(testbed, before, f"rm -f '{old}' {new}", *HOSTS):
        async with watched(hosts_yaml, tmp_path, *HOSTS, user="root") as session:
            await settle(session, 120, ("cleanup",))
            await Actor(session).do("disk.cleanup", what=old)
        for host in HOSTS:
            assert testbed.inside(host, f"ls '{old}' {new} 2>/dev/null; true").split() == [new]


async def test_what_only_looks_and_what_has_nothing_to_do(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    async with watched(hosts_yaml, tmp_path, *HOSTS, user="root") as session:
        actor = Actor(session)
        read = await actor.do("sysctl.read", name="net.ipv4.ip_forward*")
        for host in HOSTS:
            assert b"net.ipv4.ip_forward = " in read.runs[host].results[0].stdout
        dumps = await actor.do("crashdumps.list")
        assert b"core_pattern: " in dumps.runs["box1"].results[0].stdout
        assert unchanged(await actor.do("dns.flush"))
        # the machine keeps the clock of all: what would set it says why it does not
        clock = await actor.do("time.sync", state=RunState.FAILED)
        for host in HOSTS:
            said = clock.runs[host].results[-1].stderr
            assert b"does not run" in said or b"nothing keeps the clock" in said, said
