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
    return subprocess.run(argv, env=own, capture_output=True, text=True, timeout=90, check=False)


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
    up = {name for name, host in found.items() if host["metrics"] and host["health"] == "ok"}
    assert up == expected, {name: found[name]["why"] for name in expected - up}
