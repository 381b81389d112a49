"""Hooks on a real host: once per event, also when the watch is killed, and not in maintenance."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

SOON_S = 120.0
"""Units are asked for every minute at most."""

HOST, FAULT, CHECK = "suse1", "service-failed", "unit-failed"


@dataclass(frozen=True)
class Home:
    """A hosts file with a hook beside it, and a state of its own."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.folder)}

    def opsdash(self, *words: str) -> None:
        """Run a verb."""
        argv = [sys.executable, "-m", "opsdash", *words, "--hosts", f"{self.folder}/hosts.yaml"]
        subprocess.run(argv, env=self.env, check=True, timeout=120, capture_output=True)

    @contextmanager
    def watch(self) -> Iterator[subprocess.Popen[bytes]]:
        """``opsdash watch`` of the one host; killed at the end."""
        argv = [sys.executable, "-m", "opsdash", "watch", "--hosts", f"{self.folder}/hosts.yaml"]
        running = subprocess.Popen([*argv, HOST], stderr=subprocess.DEVNULL, env=self.env)
        try:
            yield running
        finally:
            running.kill()
            running.wait()

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """What the store knows."""
        path = self.folder / "opsdash" / "history.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, timeout=30)) as db:
            try:
                return db.execute(question).fetchall()
            except sqlite3.OperationalError:  # it is just being made
                return []

    def begun(self) -> bool:
        """Whether the hook is past its first look."""
        return any(
            '"known": true' in str(row[0]) for row in self.ask("SELECT data FROM hook_standing")
        )

    def events(self, kind: str) -> int:
        """How often the fault came, or went, by the own memory."""
        found = self.ask("SELECT kind, host, check_id FROM event")
        return sum(row == (kind, HOST, CHECK) for row in found)

    def calls(self) -> list[str]:
        """What the hook was called with."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [event for line in lines for event in json.loads(line)["events"]]
        return [one["kind"] for one in found if one["check"] == CHECK]


@pytest.fixture
def home(hosts_yaml: Path, tmp_path: Path) -> Home:
    hooks = hosts_yaml.parent / "hooks.yaml"
    hooks.write_text(
        f"hooks: {{calls: {{command: [sh, -c, 'cat >> {tmp_path}/calls'], checks: [{CHECK}]}}}}\n"
    )
    hooks.chmod(0o600)
    return Home(hosts_yaml.parent)


async def test_a_hook_is_called_once_per_event_also_when_the_watch_is_killed(
    testbed: Testbed, home: Home
) -> None:
    with home.watch():
        await wait_for(home.begun, within_s=SOON_S, what="the first look")
        with testbed.with_fault(HOST, FAULT):
            await wait_for(lambda: home.calls() == ["raised"], within_s=SOON_S, what="the call")
    with home.watch():
        await wait_for(lambda: home.calls() == ["raised", "ended"], within_s=SOON_S, what="the end")
        with testbed.with_fault(HOST, FAULT):
            await wait_for(lambda: len(home.calls()) == 3, within_s=SOON_S, what="the next call")
        await wait_for(lambda: len(home.calls()) == 4, within_s=SOON_S, what="the next end")
    assert home.calls() == ["raised", "ended"] * 2


async def test_a_hook_is_not_called_in_maintenance(testbed: Testbed, home: Home) -> None:
    home.opsdash("maintenance", HOST, "--for", "10m", "--reason", "new disks")
    with home.watch():
        await wait_for(home.begun, within_s=SOON_S, what="the first look")
        with testbed.with_fault(HOST, FAULT):
            await wait_for(lambda: home.events("found") == 1, within_s=SOON_S, what="the fault")
        await wait_for(lambda: home.events("over") == 1, within_s=SOON_S, what="its end")
    assert home.calls() == []
