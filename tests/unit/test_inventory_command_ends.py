"""An inventory command that is ended takes along what it started, and the words say who hung."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.hosts_files import HostsFolder
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs a /proc")


@pytest.fixture
def hosts(tmp_path: Path) -> HostsFolder:
    """A folder for a hosts file and the program that it names."""
    return HostsFolder(tmp_path)


def program(hosts: HostsFolder, script: str) -> None:
    """Write a shell script beside the hosts file, which runs there."""
    hosts.write(f'#!/bin/sh\ncd "$(dirname "$0")"\n{script}\n', "inv").chmod(0o755)


HIDING = """\
setsid sh -c 'echo $$ >pid.new; mv pid.new pid; exec sleep 60' {outputs} &
until [ -e pid ]; do sleep 0.01; done
"""


async def is_gone(folder: Path) -> None:
    """Wait until the child that hid itself is no more, or nothing but its exit status."""

    def gone() -> bool:
        try:
            state = Path(f"/proc/{(folder / 'pid').read_text().strip()}/stat").read_text()
        except FileNotFoundError:
            return True
        return state.rpartition(")")[2].split()[0] in "ZX"

    assert (folder / "pid").exists()
    await wait_for(gone)


async def test_what_is_ended_leaves_no_child_behind_in_a_session_of_its_own(
    hosts: HostsFolder,
) -> None:
    hidden = HIDING.replace("{outputs}", ">/dev/null 2>&1")
    program(hosts, f"({hidden}); exec yes")
    (fault,) = hosts.faults("inventory_command: {argv: [./inv], deadline: 1m}\n")
    assert fault.endswith("inv printed more than 8,388,608 bytes")
    await is_gone(hosts.folder)


@pytest.mark.parametrize(
    ("end", "said"), [("exit 0", "inv has ended, but"), ("exit 3", "inv failed (3), but")]
)
async def test_a_child_that_keeps_the_output_open_is_blamed_not_the_program(
    hosts: HostsFolder, end: str, said: str
) -> None:
    program(hosts, f'{HIDING.replace("{outputs}", "")} echo "{{}}"; {end}')
    (fault,) = hosts.faults("inventory_command: {argv: [./inv], deadline: 2}\n")
    assert said in fault
    assert fault.endswith(
        "what it started kept its output open for 2s: let that close stdout and stderr"
    )
    await is_gone(hosts.folder)


def test_a_child_of_a_command_that_ends_well_is_let_live(hosts: HostsFolder) -> None:
    hidden = HIDING.replace("{outputs}", ">/dev/null 2>&1")
    program(hosts, f'{hidden} echo \'{{"hosts": {{"a": null}}}}\'')
    assert list(hosts.fleet("inventory_command: [./inv]\n").hosts) == ["a"]
    os.kill(int((hosts.folder / "pid").read_text()), signal.SIGKILL)


def test_too_much_output_is_told_though_a_child_keeps_the_rest_open(hosts: HostsFolder) -> None:
    program(hosts, "setsid sleep 60 >/dev/null & exec head -c 9000000 /dev/zero")
    (fault,) = hosts.faults("inventory_command: {argv: [./inv], deadline: 1}\n")
    assert fault.endswith("inv printed more than 8,388,608 bytes")
