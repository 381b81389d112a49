"""``inventory_command:``: a program's JSON becomes hosts, and every way to fail has its words."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path
from time import monotonic

import pytest

from opsdash.config import inventory_command
from opsdash.config.hosts import load_fleet
from opsdash.config.importers import inventory
from tests.hosts_files import HostsFolder


@pytest.fixture
def hosts(tmp_path: Path) -> HostsFolder:
    """A folder for a hosts file and the program that it names."""
    return HostsFolder(tmp_path)


def program(hosts: HostsFolder, script: str, name: str = "inv") -> None:
    """Write a shell script beside the hosts file."""
    hosts.write(f"#!/bin/sh\n{script}\n", name).chmod(0o755)


def printing(hosts: HostsFolder, data: object) -> None:
    """Write a program that prints JSON."""
    program(hosts, f"printf %s {shlex.quote(json.dumps(data))}")


def test_the_form_of_the_hosts_file_itself(hosts: HostsFolder) -> None:
    printing(
        hosts,
        {
            "defaults": {"user": "ops"},
            "groups": {"web": {"hosts": ["web[1:2]"], "tags": ["x"]}},
            "hosts": {"db1": {"address": "192.0.2.1", "jump": "gate", "keys": ["k"]}, "n": None},
        },
    )
    fleet = hosts.fleet(
        "defaults: {port: 2222}\ninventory_command: [./inv]\nhosts: {gate: }\ngroups: {sql: }\n"
    )
    assert list(fleet.hosts) == ["gate", "db1", "n", "web1", "web2"]
    db1 = fleet.hosts["db1"]
    assert (db1.user, db1.port, db1.jump) == ("ops", 2222, "gate")
    assert db1.keys == (str(hosts.folder / "k"),)
    assert fleet.hosts["web2"].tags == {"x"}
    assert fleet.hosts["gate"].user is None


def test_the_form_of_ansibles_list(hosts: HostsFolder) -> None:
    printing(
        hosts,
        {
            "_meta": {"hostvars": {"db1": {"ansible_host": "192.0.2.1", "ansible_port": "2200"}}},
            "db": {"hosts": ["db1"], "vars": {"ansible_user": "sql"}},
            "all": {"children": ["db", "win"]},
            "win": {"hosts": ["pc"], "vars": {"ansible_connection": "winrm"}},
        },
    )
    fleet = hosts.fleet("inventory_command: {argv: [./inv, --list], deadline: 1m}\n")
    db1 = fleet.hosts["db1"]
    assert (db1.address, db1.port, db1.user, db1.groups) == ("192.0.2.1", 2200, "sql", ("db",))
    assert list(fleet.hosts) == ["db1"]
    place = f"{hosts.folder}/hosts.yaml:1: inventory_command"
    assert fleet.notices == (f"left out: {place}: pc: is reached by winrm, not by ssh",)


@pytest.mark.parametrize("printed", [{"web": ["a"]}, {"web": {"hosts": ["a"]}}, {"hosts": ["a"]}])
def test_old_and_short_forms_of_groups(hosts: HostsFolder, printed: object) -> None:
    printing(hosts, printed)
    assert list(hosts.fleet("inventory_command: [./inv]\n").hosts) == ["a"]


def test_groups_that_mean_too_much_are_a_fault(
    hosts: HostsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "MOST_NAMES", 100)
    printing(hosts, {f"g{n}": {"children": [f"g{n + 1}"], "hosts": ["a"]} for n in range(20)})
    (fault,) = hosts.faults("inventory_command: [./inv]\n")
    assert fault.startswith("hosts.yaml:1:20: inventory_command: its groups in groups mean more")


def test_a_group_of_the_user_has_the_fields_and_the_command_its_hosts(hosts: HostsFolder) -> None:
    printing(hosts, {"web": {"hosts": ["a"]}, "new": {"hosts": ["a"]}})
    hosts.write("groups: {web: {tags: [prod], hosts: [b]}}\n", "late.yaml")
    fleet = hosts.fleet("include: [late.yaml]\ninventory_command: [./inv]\n")
    assert fleet.hosts["a"].tags == {"prod"}
    assert fleet.hosts["a"].groups == ("web", "new")
    assert fleet.hosts["b"].groups == ("web",)


def test_a_host_that_a_file_declares_too_is_a_fault_with_both_places(hosts: HostsFolder) -> None:
    printing(hosts, {"hosts": {"a": None}})
    assert hosts.faults("inventory_command: [./inv]\nhosts: {a: }\n") == [
        "hosts.yaml:1: inventory_command: hosts.a: a declared twice (first in hosts.yaml:2)"
    ]


def test_faults_of_what_was_printed_are_told_without_a_line(hosts: HostsFolder) -> None:
    printing(
        hosts,
        {"include": ["/etc/x"], "inventory_command": ["id"], "hosts": {"a": {"prt": 1}, "-b": {}}},
    )
    said = "hosts.yaml:2: inventory_command: "
    assert hosts.faults("hosts: {}\ninventory_command: [./inv]\n") == [
        f"{said}include: has no meaning in what a command prints",
        f"{said}inventory_command: has no meaning in what a command prints",
        f"{said}hosts.a.prt: unknown key (did you mean port?)",
        f"{said}hosts.-b: a name must not begin with '-': it would be taken for an option",
    ]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'no \x1b[31mtoken' >&2; exit 3", "{dir}/inv failed (3): no token"),
        ("exit 1", "{dir}/inv failed (1)"),
        ("kill -9 $$", "{dir}/inv was ended by signal 9"),
        ("echo hello", "{dir}/inv printed no JSON: Expecting value: line 1 column 1 (char 0)"),
        ("true", "{dir}/inv printed no JSON: Expecting value: line 1 column 1 (char 0)"),
        ("echo '[1]'", "{dir}/inv should print a JSON object of hosts or groups"),
        ("printf '\\377'", "{dir}/inv printed no UTF-8"),
        ("exec head -c 9000000 /dev/zero", "{dir}/inv printed more than 8,388,608 bytes"),
        (
            "echo; echo why >&2; yes >&2",
            "{dir}/inv printed more than 8,388,608 bytes of errors: why",
        ),
        (
            "head -c 200000 /dev/zero | tr '\\0' '['",
            "{dir}/inv should print a JSON object of hosts or groups",
        ),
        (
            "n=$(head -c 60 /dev/zero | sed 's/./{\"a\":/g'); printf '%s1' \"$n\"",
            "{dir}/inv printed no JSON",
        ),
    ],
)
def test_a_command_that_fails_says_why_and_nothing_else_is_blamed(
    hosts: HostsFolder, script: str, said: str
) -> None:
    program(hosts, script)
    (fault,) = hosts.faults("inventory_command: [./inv]\nhosts: {a: {jump: from_there}}\n")
    wanted = said.replace("{dir}/", "")
    assert fault.startswith(f"hosts.yaml:1:20: inventory_command: {wanted}")
    assert fault.isprintable()


def test_deep_nesting_is_refused(hosts: HostsFolder) -> None:
    data: object = 1
    for _ in range(60):
        data = {"hosts": data}
    printing(hosts, data)
    (fault,) = hosts.faults("inventory_command: [./inv]\n")
    assert fault.endswith("inv should print a JSON object of hosts or groups")


def test_a_command_that_hangs_is_ended_at_its_deadline(hosts: HostsFolder) -> None:
    program(hosts, "sleep 60 & sleep 60")
    began = monotonic()
    (fault,) = hosts.faults("inventory_command: {argv: [./inv], deadline: 1}\n")
    assert fault.endswith("inv did not end within 1s")
    assert monotonic() - began < 10


def test_keys_that_stand_twice_are_told(hosts: HostsFolder) -> None:
    many = "".join(f'"x{n}": 1, "x{n}": 2, ' for n in range(25))
    printed = '{"hosts": {"a": {"port": 1, "port": 2}, "b": {}, "a": null}}'
    program(hosts, f"printf %s {shlex.quote(printed)}")
    fleet = hosts.fleet("inventory_command: [./inv]\n")
    place = f"{hosts.folder}/hosts.yaml:1: inventory_command"
    twice = "stands twice in one object: the last holds"
    assert fleet.notices == (f"{place}: port {twice}", f"{place}: a {twice}")
    assert fleet.hosts["a"].port is None
    program(hosts, f"""printf %s '{{"_meta": {{{many} "y": 1}}, "g": ["a"]}}'""")
    notices = hosts.fleet("inventory_command: [./inv]\n").notices
    assert len(notices) == 21
    assert notices[-1] == f"{place}: and 5 more keys like that"


def test_more_keys_than_any_fleet_has_hosts_are_refused(
    hosts: HostsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory_command, "MAX_KEYS", 5)
    printing(hosts, {"hosts": {f"h{n}": None for n in range(6)}})
    (fault,) = hosts.faults("inventory_command: [./inv]\n")
    assert "inv printed more than 5 keys in one object; a fleet has 10,000 hosts at most" in fault


def test_a_program_that_others_may_write_is_not_run(hosts: HostsFolder) -> None:
    program(hosts, f"touch {hosts.folder}/ran; echo '{{}}'")
    (hosts.folder / "inv").chmod(0o775)
    (fault,) = hosts.faults("inventory_command: [./inv]\n")
    assert fault.endswith("inv: others may write it (mode 0775)")
    assert not (hosts.folder / "ran").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inventory_command: ./inv", "should be a list, no shell reads it: [program, argument]"),
        ("inventory_command: []", "argv: is empty: name a program and its arguments"),
        ("inventory_command: {argv: [a], deadline: 6m}", "from 1s to 5m"),
        ("inventory_command: {argv: [a], timeout: 1}", "unknown key"),
        ("inventory_command: {deadline: 5}", "argv is missing"),
        ('inventory_command: [""]', "its first word is empty: name a program, then its arguments"),
        ("inventory_command: [./none]", "none can't be started: No such file or directory"),
        ("inventory_command: [no-program-of-this-name]", "there is no program no-program-of-this"),
        ('inventory_command: ["./a\\tb"]', "an argument must not hold control characters"),
    ],
)
def test_what_is_no_command_is_refused(hosts: HostsFolder, text: str, said: str) -> None:
    (fault,) = hosts.faults(f"{text}\n")
    assert said in fault


def test_arguments_reach_the_program_as_they_are(hosts: HostsFolder) -> None:
    program(hosts, 'printf \'{"hosts": {"%s": null}}\' "$#-$1-${2#*;}"')
    fleet = hosts.fleet('inventory_command: [./inv, "a", "$(id);x"]\n')
    assert list(fleet.hosts) == ["2-a-x"]


def test_no_hosts_are_a_notice_beside_others_and_a_fault_alone(hosts: HostsFolder) -> None:
    program(hosts, "echo '{}'")
    fleet = hosts.fleet("inventory_command: [./inv]\nhosts: {a: }\n")
    place = f"{hosts.folder}/hosts.yaml:1: inventory_command"
    assert fleet.notices == (f"{place}: gives no hosts",)
    assert hosts.faults("inventory_command: [./inv]\n") == [
        "hosts.yaml:1:1: declares no hosts: write at least one name under hosts:"
    ]


async def test_it_can_be_run_where_a_loop_runs_already(hosts: HostsFolder) -> None:
    printing(hosts, {"hosts": {"a": None}})
    path = hosts.write("inventory_command: [./inv]\n")
    assert list(load_fleet(path).hosts) == ["a"]
    assert list((await asyncio.to_thread(load_fleet, path)).hosts) == ["a"]


def test_an_import_does_not_run_it(hosts: HostsFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from opsdash.config.hosts_files import read_book

    program(hosts, f"touch {hosts.folder}/ran; echo '{{}}'")
    path = hosts.write("inventory_command: [./inv]\nhosts: {a: }\n")
    assert read_book(path, without=hosts.folder / "other").files
    assert not (hosts.folder / "ran").exists()
    assert inventory_command.MAX_BYTES > 1_000_000
