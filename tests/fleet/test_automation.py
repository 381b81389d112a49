"""A playbook on real hosts by the real Ansible of this machine: one run, a verdict for each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(
        shutil.which("ansible-playbook") is None, reason="ansible-playbook is not installed here"
    ),
]

HOSTS = ("web1", "vault1", "rc1", "box1")
PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: who it is
      raw: hostname; test "$(hostname)" != rc1
      check_mode: false
    - name: groups by tags
      raw: "true"
      when: "'systemd' in groups and inventory_hostname in groups['systemd']"
      check_mode: false
"""


def test_each_host_is_reached_by_its_own_way_and_ends_by_itself(
    hosts_yaml: Path, tmp_path: Path
) -> None:
    (tmp_path / "site.yml").write_text(PLAYBOOK)
    argv = [str(tmp_path / "site.yml"), *HOSTS, "--hosts", str(hosts_yaml), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "opsdash", "ansible", *argv, "--confirm", str(len(HOSTS))],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        capture_output=True,
        check=False,
        timeout=400,
    )
    assert done.stdout, done.stderr
    data = json.loads(done.stdout)
    ended = {one["name"]: (one["state"], one["exit_status"]) for one in data["hosts"]}
    well = ("done", 0)
    assert ended == {"web1": well, "vault1": well, "rc1": ("failed", 2), "box1": well}
    said = {group["hosts"][0]: group["stdout"] for group in data["groups"]}
    assert "changed: [vault1]" in said["vault1"]
    assert "skipping: [box1]" in said["box1"]
    assert "fatal: [rc1]: FAILED!" in said["rc1"]
    assert done.returncode == 1
