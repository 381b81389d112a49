"""A real ssh config with a bastion, what is behind it and strange shells: imported, all come up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet


@pytest.fixture
def config(testbed: Testbed, tmp_path: Path) -> Path:
    """The fleet in an ssh config."""
    first = next(iter(testbed.hosts.values()))
    return ssh_config(testbed, tmp_path, str(first["known_hosts"]))


def ssh_config(testbed: Testbed, tmp_path: Path, known_hosts: str) -> Path:
    """The fleet as somebody who only has ssh would write it down, in several files."""
    first = next(iter(testbed.hosts.values()))
    main = f"""\
# what holds for all stands last: in ssh's config the first value wins
Include {tmp_path}/conf.d/*.conf
Host github.com
  User git
Match originalhost vault1,behind-two
  ServerAliveInterval 30
Match all
Host *
  User {first["user"]}
  IdentityFile {first["key"]}
  IdentitiesOnly yes
  UserKnownHostsFile "{known_hosts}"
  StrictHostKeyChecking yes
"""
    hosts = {name: host for name, host in testbed.hosts.items() if not host.get("jump")}
    lines = [f"Host {name}\n  HostName={host['address']}" for name, host in hosts.items()]
    inner = [
        f"Host {name}\n  HostName {host['address']}\n  ProxyJump {host['jump']}"
        for name, host in testbed.hosts.items()
        if host.get("jump")
    ]
    bastion = testbed.hosts["bastion"]["address"]
    vault = testbed.hosts["vault1"]["address"]
    inner += [
        f'Host gate gate.lab\n  HostName "{bastion}"',
        f"Host behind-alias\n  HostName {vault}\n  ProxyJump ops@gate:22",
        f"Host behind-two\n  HostName {vault}\n  ProxyJump web1,gate",
        "Host behind-*\n  Compression yes",
    ]
    (tmp_path / "conf.d").mkdir()
    for path, text in (
        ("config", main),
        ("conf.d/10-hosts.conf", "\n".join(lines)),
        ("conf.d/20-inner.conf", "\n".join(inner)),
    ):
        (tmp_path / path).write_text(f"{text}\n")
        (tmp_path / path).chmod(0o600)
    return tmp_path / "config"


def opsdash(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a config and a state of its own."""
    own: Mapping[str, str] = {
        **{key: value for key, value in os.environ.items() if key != "OPSDASH_HOSTS"},
        "XDG_CONFIG_HOME": str(folder / "xdg"),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    argv = [sys.executable, "-m", "opsdash", *arguments]
    return subprocess.run(argv, env=own, capture_output=True, text=True, timeout=120, check=False)


def test_every_host_of_an_imported_config_comes_up(
    testbed: Testbed, config: Path, tmp_path: Path
) -> None:
    done = opsdash(tmp_path, "hosts", "import", "ssh-config", str(config), "--write")
    assert done.returncode == 0, done.stderr
    assert "github.com: a git server" in done.stderr
    assert "gate.lab: another name of gate" in done.stderr
    expected = {*testbed.hosts, "gate", "behind-alias", "behind-two"}
    status = opsdash(tmp_path, "status", "--json", "--deadline", "40")
    assert status.stdout, status.stderr
    report: dict[str, Any] = json.loads(status.stdout)
    found = {host["name"]: host for host in report["hosts"]}
    assert found.keys() == expected
    up = {name for name, host in found.items() if host["metrics"] and host["age_s"] < 60}
    assert up == expected, {name: found[name]["why"] for name in expected - up}


def test_every_host_of_an_imported_inventory_comes_up(testbed: Testbed, tmp_path: Path) -> None:
    first = next(iter(testbed.hosts.values()))
    bastion = testbed.hosts["bastion"]["address"]
    jump = f"ansible_ssh_common_args='-o ProxyCommand=\"ssh -W %h:%p -q ops@{bastion}\"'"
    lines = [
        f"{name} ansible_host={host['address']} {jump if host.get('jump') else ''}"
        for name, host in testbed.hosts.items()
    ]
    inventory = tmp_path / "inventory"
    inventory.write_text("\n".join(["[fleet]", *lines, "[fleet:vars]", "ansible_user=ops"]) + "\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text(f"ansible_private_key_file: {first['key']}\n")
    own = tmp_path / "xdg/opsdash/hosts.yaml"
    own.parent.mkdir(parents=True)
    # what Ansible has no word for stands where it holds for every host
    own.write_text(f"defaults: {{known_hosts: [{first['known_hosts']}]}}\n")
    own.chmod(0o600)
    done = opsdash(
        tmp_path, "hosts", "import", "ansible", str(inventory), "--no-ansible", "--write"
    )
    assert done.returncode == 0, done.stderr
    assert "the defaults there (known_hosts) hold for these hosts, too" in done.stderr
    status = opsdash(tmp_path, "status", "--json", "--deadline", "40", "group:fleet")
    assert status.stdout, status.stderr
    found = {host["name"]: host for host in json.loads(status.stdout)["hosts"]}
    assert found.keys() == testbed.hosts.keys()
    assert {name for name, host in found.items() if not host["metrics"]} == set()
