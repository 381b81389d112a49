"""hosts.yaml that is right: what becomes of each form and field, and who wins."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.config.hosts_schema import HostForm
from opsdash.config.paths import shipped
from opsdash.core.host import Host, HostKeyPolicy, Limits, Sudo, Way
from opsdash.transport.ssh.resolve import hop_host
from tests.hosts_files import HostsFolder


@pytest.fixture
def hosts(tmp_path: Path) -> HostsFolder:
    return HostsFolder(tmp_path)


def test_a_bare_name_is_a_host_that_ssh_resolves(hosts: HostsFolder) -> None:
    fleet = hosts.fleet("hosts:\n  web1:\n")
    assert dict(fleet.hosts) == {"web1": Host("web1")}


def test_the_short_form_holds_user_address_and_port(hosts: HostsFolder) -> None:
    host = hosts.fleet("hosts:\n  web1: ann@10.0.0.1:2222\n").hosts["web1"]
    assert (host.user, host.address, host.port) == ("ann", "10.0.0.1", 2222)


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ('"[2001:db8::1]:2222"', "2001:db8::1", 2222),
        ("2001:db8::1", "2001:db8::1", None),
        ("fe80::1%eth0", "fe80::1%eth0", None),
        ("web.example.org", "web.example.org", None),
    ],
)
def test_the_short_form_knows_ipv6(
    hosts: HostsFolder, text: str, address: str, port: int | None
) -> None:
    host = hosts.fleet(f"hosts:\n  web1: {text}\n").hosts["web1"]
    assert (host.address, host.port) == (address, port)


def test_every_field_of_the_long_form_arrives(hosts: HostsFolder) -> None:
    text = """\
hosts:
  gate: 10.0.0.1
  web1:
    address: 10.0.0.2
    port: 2222
    user: ann
    keys: [~/.ssh/id_a, keys/b, /etc/c]
    jump: gate
    tags: [prod, "env:live"]
    sudo: ask
    host_key: accept-new
    known_hosts: [known]
    interval: 1m
    thresholds:
      cpu-busy: {warn: 80%, crit: 92.5%}
      reboot: {warn: 7d, crit: never}
      load: {warn: 4, crit: 8}
    ssh_config: ssh/config
"""
    home = str(Path("~").expanduser())
    assert hosts.fleet(text).hosts["web1"] == Host(
        "web1",
        address="10.0.0.2",
        port=2222,
        user="ann",
        keys=(f"{home}/.ssh/id_a", f"{hosts.folder}/keys/b", "/etc/c"),
        jump="gate",
        tags=frozenset({"prod", "env:live"}),
        sudo=Sudo.ASK,
        host_key=HostKeyPolicy.ACCEPT_NEW,
        known_hosts=(f"{hosts.folder}/known",),
        interval_s=60,
        thresholds={
            "cpu-busy": Limits(0.8, 0.925),
            "reboot": Limits(7 * 86400, None),
            "load": Limits(4, 8),
        },
        ssh_config=f"{hosts.folder}/ssh/config",
    )


def test_a_local_host_is_this_machine_and_inherits_nothing_of_ssh(hosts: HostsFolder) -> None:
    text = (
        "defaults: {user: ops, jump: gate, tags: [a]}\nhosts:\n  gate:\n  me: {transport: local}\n"
    )
    assert hosts.fleet(text).hosts["me"] == Host(
        "me", address="localhost", way=Way.LOCAL, tags=frozenset({"a"})
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2s", 2), ("1m", 60), ("1h", 3600), ("5", 5), ('"30s"', 30), ("0.5m", 30)],
)
def test_an_interval_is_a_time_span(hosts: HostsFolder, text: str, seconds: int) -> None:
    fleet = hosts.fleet(f"hosts:\n  a: {{interval: {text}}}\n")
    assert fleet.hosts["a"].interval_s == seconds


def test_a_hosts_own_field_wins_over_its_groups_and_those_over_the_defaults(
    hosts: HostsFolder,
) -> None:
    text = """\
defaults: {user: d, port: 1, sudo: none, tags: [d], interval: 9s}
groups:
  first: {user: f, port: 2, sudo: ask, tags: [f], hosts: [a, b]}
  second: {user: s, port: 3, tags: [s]}
hosts:
  a: {user: own, tags: [own], groups: [second]}
  b:
  c:
"""
    fleet = hosts.fleet(text).hosts
    a, b, c = fleet["a"], fleet["b"], fleet["c"]
    assert (a.user, a.port, a.sudo, a.interval_s) == ("own", 3, Sudo.ASK, 9)
    assert (b.user, b.port, b.sudo, b.interval_s) == ("f", 2, Sudo.ASK, 9)
    assert (c.user, c.port, c.sudo, c.interval_s) == ("d", 1, Sudo.NONE, 9)
    assert a.tags == {"d", "f", "s", "own"}
    assert (a.groups, b.groups, c.groups) == (("first", "second"), ("first",), ())


def test_thresholds_add_up_by_check_and_the_nearest_wins(hosts: HostsFolder) -> None:
    text = """\
defaults: {thresholds: {a: {warn: 1, crit: 2}, b: {warn: 1, crit: 2}}}
hosts:
  x: {thresholds: {b: {warn: 5, crit: never}}}
"""
    assert hosts.fleet(text).hosts["x"].thresholds == {"a": Limits(1, 2), "b": Limits(5, None)}


def test_a_name_in_a_groups_list_that_stands_nowhere_else_is_a_host(hosts: HostsFolder) -> None:
    text = """\
groups:
  web:
    user: deploy
    hosts:
      - web[01:02]
      - {name: web9, port: 99, groups: [old]}
  old:
hosts: {}
"""
    fleet = hosts.fleet(text)
    assert list(fleet.hosts) == ["web01", "web02", "web9"]
    assert {host.user for host in fleet.hosts.values()} == {"deploy"}
    assert fleet.hosts["web9"] == Host("web9", user="deploy", port=99, groups=("web", "old"))


def test_name_in_an_address_stands_for_the_hosts_name(hosts: HostsFolder) -> None:
    fleet = hosts.fleet('defaults: {address: "{name}.lab"}\nhosts:\n  a[1:2]:\n  b: 10.0.0.1\n')
    assert [host.address for host in fleet.hosts.values()] == ["a1.lab", "a2.lab", "10.0.0.1"]


def test_the_bastion_does_not_jump_through_itself_when_all_others_do(hosts: HostsFolder) -> None:
    fleet = hosts.fleet("defaults: {jump: gate}\nhosts:\n  gate:\n  a:\n  b: {jump: none}\n")
    assert {name: host.jump for name, host in fleet.hosts.items()} == {
        "gate": None,
        "a": "gate",
        "b": None,
    }


def test_a_jump_may_be_an_address_outside_the_file(hosts: HostsFolder) -> None:
    fleet = hosts.fleet("hosts:\n  a: {jump: 'ann@gate.example.org:2222'}\n")
    assert fleet.hosts["a"].jump == "ann@gate.example.org:2222"


def test_hosts_keep_the_order_of_the_file(hosts: HostsFolder) -> None:
    text = "hosts:\n  z:\n  a[2:3]:\ngroups: {g: {hosts: [m, a1, z]}}\n"
    assert list(hosts.fleet(text).hosts) == ["z", "a2", "a3", "m", "a1"]


def test_included_files_add_hosts_under_their_own_defaults(hosts: HostsFolder) -> None:
    hosts.write("defaults: {port: 2}\nhosts:\n  b: {keys: [k], groups: [g]}\n", "site/b.yaml")
    hosts.write("hosts:\n  c:\n", "site/c.yaml")
    text = (
        "include: ['site/*.yaml']\ndefaults: {user: ops, port: 1}\ngroups: {g: {}}\nhosts:\n  a:\n"
    )
    fleet = hosts.fleet(text).hosts
    assert {name: (host.user, host.port) for name, host in fleet.items()} == {
        "a": ("ops", 1),
        "b": ("ops", 2),
        "c": ("ops", 1),
    }
    assert fleet["b"].keys == (f"{hosts.folder}/site/k",)
    assert fleet["b"].groups == ("g",)


def test_what_is_odd_but_harmless_is_a_notice(hosts: HostsFolder) -> None:
    fleet = hosts.fleet("include: ['none/*.yaml']\ngroups:\n  empty:\nhosts:\n  a:\n")
    assert [notice.removeprefix(str(hosts.folder)) for notice in fleet.notices] == [
        "/hosts.yaml:1: include matches no file",
        "/hosts.yaml:3: group empty has no hosts",
    ]


def test_anchors_and_aliases_are_read(hosts: HostsFolder) -> None:
    text = "hosts:\n  a: &common {user: ann, port: 22}\n  b: *common\n"
    assert hosts.fleet(text).hosts["b"] == Host("b", user="ann", port=22)


def test_the_example_that_comes_along_is_right(hosts: HostsFolder) -> None:
    example = shipped("hosts.example.yaml")
    assert example is not None
    fleet = hosts.fleet(example.read_text())
    assert len(fleet.hosts) == 6
    assert not fleet.notices
    assert fleet.hosts["web02"].jump == "bastion"
    assert all(host.tags for host in fleet.hosts.values())


def test_hosts_load_in_time_that_grows_with_their_number(hosts: HostsFolder) -> None:
    """Not with its square: ten times as many take ten times as long, and nobody waits for that."""

    def taken_s(number: int) -> float:
        lines = [
            f"  h{n}: {{address: 10.0.0.1, port: 22, user: ann, tags: [a, b], groups: [g]}}"
            for n in range(number)
        ]
        path = hosts.write("groups: {g: {jump: h0}}\nhosts:\n" + "\n".join(lines))
        began = time.process_time()
        assert len(load_fleet(path).hosts) == number
        return time.process_time() - began

    taken_s(100)  # what is loaded once is not counted
    few = min(taken_s(100) for _ in range(3))
    assert min(taken_s(1000) for _ in range(2)) < 30 * few


@pytest.mark.parametrize("jump", ["ssh://gate", "ssh://ops@gate:2222", "ssh://[2001:db8::1]:22"])
def test_a_jump_host_may_be_any_name_that_ssh_knows(hosts: HostsFolder, jump: str) -> None:
    host = hosts.fleet(f"hosts: {{a: {{jump: '{jump}'}}}}\n").hosts["a"]
    assert host.jump == jump
    assert hop_host(jump, host).address in ("gate", "2001:db8::1")


@pytest.mark.parametrize("jump", ["ssh://", "ssh://-x", "ssh://a b", "ssh://u:p@gate"])
def test_a_jump_host_that_no_ssh_knows_is_refused(hosts: HostsFolder, jump: str) -> None:
    (fault,) = hosts.faults(f"hosts: {{a: {{jump: '{jump}'}}}}\n")
    assert fault.startswith("hosts.yaml:1:19: hosts.a.jump: ")


def test_the_yaml_of_the_documentation_is_right(hosts: HostsFolder) -> None:
    page = (Path(__file__).parents[2] / "docs/hosts-file.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```yaml\n")[1:]]
    assert len(blocks) == 5
    hosts.write('#!/bin/sh\nprintf \'{"hosts": {"from-cmdb": null}}\'\n', "cmdb").chmod(0o700)
    for block in blocks:
        assert hosts.fleet(block).hosts


def test_every_field_is_in_the_documentation_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs/hosts-file.md").read_text(encoding="utf-8")
    rows = page.partition("## Fields")[2].partition("\n## ")[0].splitlines()
    documented = {row.split("`")[1] for row in rows if row.startswith("| `")}
    assert documented == set(HostForm.model_fields)
