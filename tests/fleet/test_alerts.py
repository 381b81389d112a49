"""An ack, a mute and a maintenance window outlive opsdash, are shared, and end by themselves."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.fleet

LASTS_S = 45
"""Long enough for two looks while all three hold."""

LIMITS = "thresholds: {disk-full: {warn: 1%, crit: never}, rebooted: {warn: 15s, crit: never}}"
"""Every host has a finding that stays, and nobody has to break one for it."""


def opsdash(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A run of opsdash of its own: each is a restart."""
    return subprocess.run(
        [sys.executable, "-m", "opsdash", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )


def listed(state: Path, hosts: Path) -> dict[str, Any]:
    """What a fresh look lists."""
    done = opsdash(state, "alerts", "--hosts", str(hosts), "--json")
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def where(found: dict[str, Any], part: str) -> set[str]:
    """The hosts whose full disk stands in a part of the list."""
    return {one["host"] for one in found[part] if one["check"] == "disk-full"}


async def test_all_three_outlive_a_restart_and_end_by_themselves(
    hosts_yaml: Path, tmp_path: Path
) -> None:
    text = re.sub(
        r"^  thresholds:\n(?:    .*\n)+", f"  {LIMITS}\n", hosts_yaml.read_text(), flags=re.M
    )
    assert LIMITS in text
    hosts_yaml.write_text(f"alerts_file: team.yaml\n{text}")
    tom, eve = tmp_path / "tom", tmp_path / "eve"
    everywhere = where(await asyncio.to_thread(listed, tom, hosts_yaml), "open")
    assert {"web1", "web2", "db1"} <= everywhere

    began = time.time()
    for words in (
        ("ack", "web1", "disk-full", "--note", "mine"),
        ("mute", "web2", "--check", "disk-full", "--reason", "lab"),
        ("maintenance", "tag:openrc", "--reason", "new disks"),
        ("maintenance", "db1", "--reason", "new disks"),
    ):
        named = (*words, "--for", f"{LASTS_S}s", "--hosts", str(hosts_yaml))
        done = await asyncio.to_thread(opsdash, tom, *named)
        assert done.returncode == 0, done.stderr

    for state in (tom, eve):  # eve has seen nothing of it but the file
        found = await asyncio.to_thread(listed, state, hosts_yaml)
        if time.time() < began + LASTS_S:
            assert where(found, "acknowledged") == {"web1"}
            assert where(found, "muted") == {"web2", "rc1", "db1"}
            assert where(found, "open") == everywhere - {"web1", "web2", "rc1", "db1"}

    for state in (tom, eve):
        found = await asyncio.to_thread(listed, state, hosts_yaml)
        while where(found, "open") != everywhere and time.time() < began + 3 * LASTS_S:
            found = await asyncio.to_thread(listed, state, hosts_yaml)
        assert time.time() >= began + LASTS_S
        assert where(found, "open") == everywhere
        assert found["acknowledged"] == found["muted"] == found["idle_silences"] == []
