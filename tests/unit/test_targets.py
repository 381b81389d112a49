"""What the targets of actions are called on some hosts."""

from __future__ import annotations

from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState
from opsdash.core.targets import Target, targets
from tests.fleet_states import NOW, up, with_readings


def service(unit: str, state: str, description: str = "", enabled: str = "") -> Row:
    return {"unit": unit, "state": state, "enabled": enabled, "description": description}


def with_services(name: str, *rows: Row) -> HostState:
    return with_readings(up(name), Reading(name, "services", NOW, {}, rows))


def test_services_of_one_host_stand_with_the_failed_ones_first() -> None:
    state = with_services(
        "web1",
        service("cron.service", "running", "Jobs"),
        service("a-job.service", "dead", "Now and then"),
        service("shop.service", "failed", "The shop"),
        service("later.service", "", enabled="disabled"),
    )
    assert targets("unit", [state]) == [
        Target("shop", "failed, The shop"),
        Target("cron", "running, Jobs"),
        Target("a-job", "dead, Now and then"),
        Target("later", "disabled"),
    ]


def test_services_of_several_hosts_say_how_they_are_where() -> None:
    states = [
        with_services("web1", service("shop.service", "running"), service("ssh", "started")),
        with_services("web2", service("shop.service", "failed")),
        with_services("web3", service("shop.service", "running")),
        up("silent"),
    ]
    assert targets("unit", states) == [
        Target("shop", "failed on web2, running on 2 hosts"),
        Target("ssh", "started on web1"),
    ]


def test_a_process_is_of_one_host_alone() -> None:
    row: Row = {
        "pid": 412, "cores": 0.98, "user": "root", "args": "stress-ng --cpu 1", "name": "stress-ng",
    }  # fmt: skip
    kernel: Row = {"pid": 7, "cores": None, "user": "root", "args": "", "name": "kworker"}
    state = with_readings(up("web1"), Reading("web1", "ps", NOW, {}, (row, kernel)))
    assert targets("process", [state]) == [
        Target("412", "98% of a core, root: stress-ng --cpu 1"),
        Target("7", "root: kworker"),
    ]
    assert targets("process", [state, up("web2")]) == []


def test_what_nobody_lists_has_no_targets() -> None:
    assert targets("port", [up("web1")]) == []
    bare = with_readings(up("web1"), Reading("web1", "names", NOW))
    assert targets("user", [bare]) == []


def test_mounts_stand_with_the_fullest_first() -> None:
    def state(name: str, *used: float | None) -> HostState:
        rows = tuple(
            {"mount": mount, "type": "ext4", "used_ratio": ratio}
            for mount, ratio in zip(("/", "/var"), used, strict=False)
        )
        return with_readings(up(name), Reading(name, "filesystem", NOW, {}, rows))

    assert targets("mount", [state("web1", 0.2, 0.5), state("web2", 0.1, 0.9)]) == [
        Target("/var", "ext4, 90% used on web2"),
        Target("/", "ext4, 20% used on web1"),
    ]


def test_files_that_could_go_stand_behind_all_of_their_kind() -> None:
    rows: tuple[Row, ...] = tuple(
        {"kind": "old-logs", "path": path, "size_bytes": size, "mtime_s": 1}
        for path, size in (("/var/log/a.1", 1024), ("/var/log/b.1", 4096))
    )
    state = with_readings(up("web1"), Reading("web1", "cleanup", NOW, {}, rows))
    assert targets("candidate", [state]) == [
        Target("old-logs", "5.0K in 2 files"),
        Target("/var/log/b.1", "4.0K"),
        Target("/var/log/a.1", "1.0K"),
    ]


def test_users_timers_and_packages_say_how_many_hosts_have_them() -> None:
    def state(name: str) -> HostState:
        rows: tuple[Row, ...] = (
            {"kind": "user", "name": "ann", "about": "1001 /bin/sh"},
            {"kind": "package", "name": "nginx", "about": "1.22"},
        )
        return with_readings(up(name), Reading(name, "names", NOW, {}, rows))

    assert targets("user", [state("web1")]) == [Target("ann", "1001 /bin/sh")]
    assert targets("package", [state("web1"), state("web2")]) == [Target("nginx", "1.22, 2 hosts")]
