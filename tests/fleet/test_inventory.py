"""What ``opsdash inventory`` says of the real hosts is what their own tools say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.fleet.testbed import Testbed, hosts_file

pytestmark = pytest.mark.fleet

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "inventory.schema.json").read_text())

Told = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def told(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The hosts of ``opsdash inventory --json`` by name."""
    folder = tmp_path_factory.mktemp("inventory")
    hosts = hosts_file(testbed, folder / "hosts.yaml")
    words = ("inventory", "--hosts", hosts, "--json", "--deadline", "60")
    done = subprocess.run(
        [sys.executable, "-m", "opsdash", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    return {host["name"]: host for host in report["hosts"]}


def test_every_host_tells_its_kernel_memory_and_processors(testbed: Testbed, told: Told) -> None:
    for name in testbed.hosts:
        host = told[name]
        assert host["os"]["kernel"] == testbed.inside(name, "uname -r").strip()
        memory = testbed.inside(name, "grep MemTotal /proc/meminfo").split()[1]
        assert host["memory"]["bytes"] == int(memory) * 1024, name
        threads = testbed.inside(name, "grep -c '^processor' /proc/cpuinfo")
        assert host["cpu"]["threads"] == int(threads), name
        assert host["os"]["container"] == "lxc", name


def test_packages_are_as_many_as_their_manager_lists(testbed: Testbed, told: Told) -> None:
    ways = {
        "dpkg": "dpkg-query -W -f '${db:Status-Abbrev}\\n' | grep -c '^.i'",
        "rpm": "rpm -qa | wc -l",
        "pacman": "pacman -Q | wc -l",
    }
    checked = 0
    for name in testbed.hosts:
        for manager, number in told[name]["packages"].items():
            if number:
                assert number == int(testbed.inside(name, ways[manager])), (name, manager)
                checked += 1
    assert checked >= len(testbed.hosts) - 1


def test_disks_are_those_that_lsblk_lists(testbed: Testbed, told: Told) -> None:
    for name in testbed.hosts:
        if not testbed.inside(name, "command -v lsblk || true").strip():
            continue
        listed = testbed.inside(name, "lsblk -dbnro NAME,SIZE -e 7,1,252,251 || true")
        sizes = dict(line.split()[:2] for line in listed.splitlines() if line.strip())
        for disk in told[name]["disks"]:
            if disk["name"] in sizes:
                assert disk["size_bytes"] == int(sizes[disk["name"]]), (name, disk)
