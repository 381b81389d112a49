"""The line that logs in to a host: what a shell and ssh make of it."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace

import pytest

from opsdash.activities.monitor.host_keys import parts
from opsdash.activities.monitor.ssh_command import ssh_command
from opsdash.core.host import Host, Way
from opsdash.core.snapshot import HostState
from tests.fleet_states import NOW

BASTION = Host("bastion", address="10.0.0.1", port=2200, user="jump")
INNER = Host("inner", address="2001:db8::1", jump="bastion")
FLEET = {one.name: one for one in (BASTION, INNER)}


def test_a_host_by_name_alone_needs_no_options() -> None:
    assert ssh_command(Host("web1"), {}) == "ssh web1"


def test_it_says_all_that_the_hosts_file_says_and_jumps_by_address() -> None:
    host = Host(
        "db1",
        address="10.0.4.3",
        port=2222,
        user="ops",
        keys=("/k/one", "~/.ssh/my key"),
        jump="bastion",
        ssh_config="/etc/ssh/a b",
    )
    assert ssh_command(host, FLEET) == (
        "ssh -F '/etc/ssh/a b' -i /k/one -i ~/'.ssh/my key'"
        " -J jump@10.0.0.1:2200 -p 2222 ops@10.0.4.3"
    )


def test_jumps_behind_jumps_come_in_the_order_of_travel() -> None:
    line = ssh_command(Host("db1", jump="inner"), FLEET)
    assert shlex.split(line) == ["ssh", "-J", "jump@10.0.0.1:2200,[2001:db8::1]", "db1"]


def test_a_bastion_with_a_key_of_its_own_is_gone_through_by_an_ssh_of_its_own() -> None:
    keyed = replace(BASTION, keys=("~/k 1",))
    host = Host("db1", user="ops", jump="bastion")
    words = shlex.split(ssh_command(host, {"bastion": keyed}))
    assert words == [
        *("ssh", "-o"),
        "ProxyCommand=ssh -i ~/'k 1' -p 2200 jump@10.0.0.1 -W [%h]:%p",
        "ops@db1",
    ]
    inner = replace(INNER, keys=("/k/50%",))
    words = shlex.split(ssh_command(replace(host, jump="inner"), {**FLEET, "inner": inner}))
    assert words[2] == ("ProxyCommand=ssh -i /k/50%% -J jump@10.0.0.1:2200 2001:db8::1 -W [%h]:%p")


@pytest.mark.parametrize("jump", ["me@far:2022", "ssh://me@far:2022"])
def test_a_jump_that_is_no_host_of_the_fleet_is_given_as_it_is(jump: str) -> None:
    assert ssh_command(Host("db1", jump=jump), FLEET) == "ssh -J me@far:2022 db1"


def test_a_path_is_one_word_and_nothing_else_to_a_shell() -> None:
    host = Host("db1", keys=("~/a'; echo `id` $HOME", "plain"))
    line = ssh_command(host, {}).replace("ssh ", "printf '%s\\n' ", 1)
    said = subprocess.run(
        ["/bin/sh", "-c", line], env={"HOME": "/h"}, capture_output=True, text=True, check=True
    )
    assert said.stdout.split("\n") == ["-i", "/h/a'; echo `id` $HOME", "-i", "plain", "db1", ""]


@pytest.mark.parametrize("way", [Way.LOCAL, Way.REPLAY])
def test_there_is_none_where_ssh_does_not_lead(way: Way) -> None:
    state = HostState(Host("here", address="localhost", way=way))
    assert "ssh command" not in parts(state, {}, now=NOW)


def test_it_can_be_copied_where_ssh_leads() -> None:
    state = HostState(Host("db1", jump="bastion", way=Way.OPENSSH))
    assert parts(state, FLEET, now=NOW)["ssh command"] == "ssh -J jump@10.0.0.1:2200 db1"
