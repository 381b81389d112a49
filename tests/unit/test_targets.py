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
    assert targets("mount", [up("web1")]) == []
