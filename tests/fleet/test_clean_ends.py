"""However it ends, nothing is left: no traceback, no process here, none on any kind of host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from opsdash.core.health import Health
from opsdash.core.snapshot import LinkState
from opsdash.engine.session import Session
from tests.fleet.test_faults import becomes, sick
from tests.fleet.testbed import Testbed, hosts_file
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

KINDS = ("web1", "rpm1", "suse1", "rc1", "box1", "vault1")
OWNED = """for p in /proc/[0-9]*; do
  [ "$(stat -c %U $p 2>/dev/null)" = ops ] || continue
  case $(cat $p/comm 2>/dev/null) in sshd*|dropbear*|"") ;; *) echo $p ;; esac
done"""


def loops(testbed: Testbed, host: str) -> int:
    """How many processes of the login user are on a host, sshd's own apart: all are ours."""
    return len(testbed.inside(host, OWNED).split())


def busy_hosts(testbed: Testbed) -> list[str]:
    """The hosts on which the pulse is running."""
    return [host for host in KINDS if loops(testbed, host)]


@contextmanager
def watching(hosts: Path, state: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """``opsdash status --watch`` in a process of its own."""
    running = subprocess.Popen(
        [sys.executable, "-m", "opsdash", "status", "--hosts", hosts, "--watch", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def first_line(running: subprocess.Popen[str]) -> str:
    """The first line of output: by then every host has answered."""
    assert running.stdout is not None
    return running.stdout.readline()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_no_process_is_left_on_any_kind_of_host(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, how: signal.Signals
) -> None:
    with watching(hosts_yaml, tmp_path) as running:
        assert "host" in first_line(running)
        assert busy_hosts(testbed) == list(KINDS)
        running.send_signal(how)
        _, errors = running.communicate(timeout=120)
    assert errors.strip() == ""
    # three intervals of 2 s, and what it takes to look at six hosts twice
    await wait_for(lambda: not busy_hosts(testbed), within_s=9, what="the end of all pulses")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_no_process_of_the_systems_ssh_is_left_here_or_there(
    testbed: Testbed, tmp_path: Path, how: signal.Signals
) -> None:
    hosts = hosts_file(testbed, tmp_path / "openssh.yaml", "openssh")
    with watching(hosts, tmp_path) as running:
        assert "host" in first_line(running)
        assert busy_hosts(testbed) == list(KINDS)
        assert masters()
        running.send_signal(how)
        _, errors = running.communicate(timeout=120)
    assert errors.strip() == ""
    await wait_for(lambda: not masters(), within_s=5, what="the end of every ssh here")
    await wait_for(lambda: not busy_hosts(testbed), within_s=9, what="the end of all pulses")


def masters() -> list[int]:
    """The processes of this machine that hold a connection of the system's ssh for us."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"ControlPath=/tmp/opsdash-" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


async def test_a_cut_link_leaves_no_process_after_its_lease(
    testbed: Testbed, session: Session
) -> None:
    with testbed.with_fault("box1", "partition"), testbed.with_fault("rc1", "partition"):
        await wait_for(
            lambda: not loops(testbed, "box1") and not loops(testbed, "rc1"),
            within_s=20,
            what="the end of the loops behind a cut link",
        )
    for host in ("box1", "rc1"):
        await becomes(session, host, Health.OK)


BEGUN = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("begun", file=sys.stderr, flush=True)
runpy.run_module("opsdash", run_name="__main__", alter_sys=True)
"""
"""The program from its first line on: what Python says of a Ctrl+C before that is Python's own."""


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.3, 0.6, 1.0, 1.6, 2.5])
def test_ctrl_c_at_any_moment_ends_without_a_word(
    hosts_yaml: Path, tmp_path: Path, after_s: float
) -> None:
    argv = [sys.executable, "-c", BEGUN, "status", "--hosts", str(hosts_yaml), "--watch"]
    with subprocess.Popen(
        argv,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    ) as running:
        try:
            assert running.stderr is not None
            assert running.stderr.readline() == "begun\n"
            with suppress(subprocess.TimeoutExpired):
                running.wait(timeout=after_s)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=120)
        finally:
            running.kill()
    assert said.strip() == ""
    assert running.returncode in (-signal.SIGINT, 128 + signal.SIGINT)


async def test_a_host_behind_a_killed_bastion_is_down_for_that_reason_and_both_come_back(
    testbed: Testbed, session: Session
) -> None:
    with testbed.with_fault("bastion", "down"):
        await becomes(session, "vault1", Health.UNKNOWN, "behind bastion")
        await becomes(session, "bastion", Health.DOWN)
        assert await sick(session, "bastion", "vault1") == []
    await becomes(session, "bastion", Health.OK)
    await becomes(session, "vault1", Health.OK)


async def test_a_host_killed_in_mid_sample_is_down_and_comes_back(
    testbed: Testbed, session: Session
) -> None:
    assert session.snapshot().hosts["web2"].link.state is LinkState.UP
    with testbed.with_fault("web2", "down"):
        await becomes(session, "web2", Health.DOWN)
        assert await sick(session, "web2") == []
    await becomes(session, "web2", Health.OK)
