"""What opsdash says of the real hosts is what they say of themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

REMOTE_OR_PSEUDO = ("proc", "sysfs", "devpts", "cgroup2", "mqueue", "lxcfs")


@pytest.fixture(scope="module")
def report(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The answer of ``opsdash status --json`` about the whole fleet."""
    from tests.fleet.testbed import hosts_file

    folder = tmp_path_factory.mktemp("status")
    hosts = hosts_file(testbed, folder / "hosts.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "opsdash", "status", "--hosts", hosts, "--json", "--deadline", "30"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
        check=False,
    )
    assert done.stderr == ""
    answer: dict[str, object] = json.loads(done.stdout)
    answer["exit_status"] = done.returncode
    return answer


def host_of(report: dict[str, object], name: str) -> dict[str, object]:
    """One host's part of the report."""
    hosts = report["hosts"]
    assert isinstance(hosts, list)
    found: dict[str, object] = next(host for host in hosts if host["name"] == name)
    return found


def metrics_of(report: dict[str, object], name: str) -> dict[str, float]:
    """One host's metrics."""
    metrics = host_of(report, name)["metrics"]
    assert isinstance(metrics, dict)
    return metrics


def every_host(testbed: Testbed) -> list[str]:
    """All names, in the inventory's order."""
    return list(testbed.hosts)


def test_all_hosts_of_the_fleet_are_there_and_healthy(
    testbed: Testbed, report: dict[str, object]
) -> None:
    hosts = report["hosts"]
    assert isinstance(hosts, list)
    assert {host["name"] for host in hosts} == set(testbed.hosts)
    assert {host["name"]: host["why"] for host in hosts if host["health"] != "ok"} == {}
    assert report["exit_status"] == 0


def test_memory_is_what_proc_meminfo_says(testbed: Testbed, report: dict[str, object]) -> None:
    for name in every_host(testbed):
        said = testbed.inside(name, "cat /proc/meminfo")
        fields = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in said.splitlines()}
        metrics = metrics_of(report, name)
        assert metrics["memory.total_bytes"] == fields["MemTotal"], name
        slack = 0.1 * fields["MemTotal"]
        assert metrics["memory.available_bytes"] <= fields["MemAvailable"] + slack, name
        assert metrics["memory.available_bytes"] >= fields["MemFree"] - slack, name


def test_load_uptime_and_cores_are_the_hosts_own(
    testbed: Testbed, report: dict[str, object]
) -> None:
    for name in every_host(testbed):
        metrics = metrics_of(report, name)
        uptime_s = float(testbed.inside(name, "cat /proc/uptime").split()[0])
        assert -1 <= uptime_s - metrics["uptime.up_s"] < 300, name
        cores = testbed.inside(name, "grep -c '^cpu[0-9]' /proc/stat")
        assert metrics["cpu.cores"] == int(cores), name
        assert 0 <= metrics["cpu.busy_ratio"] <= 1, name
        load = float(testbed.inside(name, "cat /proc/loadavg").split()[0])
        assert abs(metrics["load.one"] - load) < 5, name


def test_file_systems_are_what_df_says(testbed: Testbed, report: dict[str, object]) -> None:
    for name in every_host(testbed):
        metrics = metrics_of(report, name)
        df = testbed.inside(name, "df -P -k / $(test -d /data && echo /data)")
        for line in df.splitlines()[1:]:
            _, size, used, free, _, mount = line.split()
            assert metrics[f"filesystem.size_bytes{{{mount}}}"] == int(size) * 1024, (name, mount)
            ratio = int(used) / (int(used) + int(free))
            assert abs(metrics[f"filesystem.used_ratio{{{mount}}}"] - ratio) < 0.02, (name, mount)


def test_failed_units_are_what_the_init_system_says(
    testbed: Testbed, report: dict[str, object]
) -> None:
    for name, host in testbed.hosts.items():
        metrics = metrics_of(report, name)
        if host["init"] == "busybox":
            problems = host_of(report, name)["problems"]
            assert isinstance(problems, list)
            assert [p["kind"] for p in problems if p["collector"] == "units"] == ["unsupported"]
        elif host["init"] == "systemd":
            said = testbed.inside(name, "systemctl --failed --plain --no-legend --no-pager")
            assert metrics["units.failed"] == len(said.splitlines()), name
        else:
            assert metrics["units.failed"] == 0, name


def test_network_counters_are_the_hosts_own(testbed: Testbed, report: dict[str, object]) -> None:
    for name in every_host(testbed):
        metrics = metrics_of(report, name)
        said = testbed.inside(name, "cat /proc/net/dev")
        for line in said.splitlines()[2:]:
            interface, _, counters = line.partition(":")
            before = metrics[f"network.receive_bytes{{{interface.strip()}}}"]
            assert before <= int(counters.split()[0]), (name, interface)


def test_a_noisy_login_leaves_no_escape_in_the_report(report: dict[str, object]) -> None:
    text = json.dumps(report, ensure_ascii=False)
    assert text.isprintable()


def test_every_host_has_an_age_that_is_young(testbed: Testbed, report: dict[str, object]) -> None:
    ages = {name: host_of(report, name)["age_s"] for name in every_host(testbed)}
    assert all(isinstance(age, float) and 0 <= age < 15 for age in ages.values()), ages
    assert Path("/proc").is_dir()
