"""``opsdash do`` and ``opsdash plans`` as scripts and people use them."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import opsdash
from opsdash.core.job import JobState
from opsdash.core.plan import Danger, HostSteps, Plan, Step, StepKind
from opsdash.engine import host_lock
from opsdash.store.jobs import Jobs
from tests.ssh_server import ssh_server
from tests.sudo_in_path import FakeSudo
from tests.waiting import wait_for

ROOT = Path(opsdash.__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "docs" / "plan.schema.json").read_text())


class Program:
    """The command line, with a home of its own, and one host that is this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ours = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "OPSDASH_HOSTS"}
        self.env = {name: value for name, value in os.environ.items() if name not in ours} | {
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "OPSDASH_HOSTS": str(folder / "hosts.yaml"),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
        }

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.folder / "state" / "opsdash")

    def unlock(self) -> None:
        """Plans that a test killed hold this machine for their time: others want it now."""
        ids = set(self.jobs.ids())
        for place in host_lock.PLACES:
            for link in Path(place).glob("opsdash.lock.*"):
                with suppress(OSError):
                    if set(str(link.readlink()).split()) & ids:
                        link.unlink()

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opsdash", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.env,
            start_new_session=True,
        )

    async def run(self, *words: str) -> tuple[int, str, str]:
        """The exit code, and both outputs."""
        process = await self.start(*words)
        async with asyncio.timeout(120):
            out, err = await process.communicate()
        assert process.returncode is not None
        assert b"Traceback" not in err
        return process.returncode, out.decode(), err.decode()

    async def document(self, *words: str) -> Any:
        _, out, err = await self.run(*words, "--json")
        found = json.loads(out or "{}")
        assert found, err
        jsonschema.validate(found, SCHEMA)
        return found


@pytest.fixture
def sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSudo:
    return FakeSudo(tmp_path / "tools", "nopasswd", monkeypatch)


@asynccontextmanager
async def _alone_on_this_machine() -> AsyncGenerator[None, None]:
    """All these hosts are this machine, which one plan may change at a time."""
    with Path(tempfile.gettempdir(), "opsdash-tests.lock").open("a") as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def program(tmp_path: Path) -> AsyncGenerator[Program, None]:
    async with _alone_on_this_machine(), ssh_server(tmp_path / "server") as server:
        host = server.host
        (tmp_path / "hosts.yaml").write_text(
            f"defaults: {{user: ops, keys: [{host.keys[0]}], known_hosts: {list(host.known_hosts)},"
            f" ssh_config: {host.ssh_config}}}\n"
            f"hosts: {{web1: {{address: 127.0.0.1, port: {host.port}, tags: [blue]}}}}\n"
        )
        (tmp_path / "hosts.yaml").chmod(0o600)
        opsdash_ = Program(tmp_path)
        yield opsdash_
        opsdash_.unlock()


async def test_a_plan_is_shown_kept_applied_once_and_can_be_read_afterwards(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], sudo: FakeSudo
) -> None:
    async with program(tmp_path) as opsdash_:
        shown = await opsdash_.document(
            "do", "process.signal", "web1", f"pid={sleeper.pid}", "--plan"
        )
        assert "state" not in shown
        assert sleeper.poll() is None
        assert opsdash_.jobs.read(shown["id"]).state is JobState.PLANNED
        code, out, _err = await opsdash_.run("plans", "apply", shown["id"][-4:], "--yes")
        assert code == 0, out
        assert '     | kill -TERM "$p" || exit' in out.splitlines()
        assert "web1: done in" in out
        await wait_for(lambda: sleeper.poll() is not None)
        done = await opsdash_.document("plans", "show", shown["id"])
        assert done["state"] == "finished"
        assert f"process {sleeper.pid} is gone" in done["hosts"][0]["results"][1]["stdout"]


async def test_what_is_not_allowed_is_refused_and_nothing_is_done(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], sudo: FakeSudo
) -> None:
    async with program(tmp_path) as opsdash_:
        words = ("do", "process.signal", "web1", f"pid={sleeper.pid}")
        code, _, err = await opsdash_.run("--read-only", *words, "--yes")
        assert code == 4
        assert "read-only" in err
        code, _, err = await opsdash_.run(*words)
        assert (code, "--yes" in err) == (4, True)
        assert sleeper.poll() is None
        assert opsdash_.jobs.ids() == []


def waiting(plan_id: str) -> Plan:
    """A plan that waits in its second step."""
    scripts = ("true", "sleep 100", "echo after")
    steps = tuple(Step(StepKind.RUN, script, script) for script in scripts)
    return Plan(plan_id, "test.wait", "Wait", Danger.CHANGES, (HostSteps("web1", steps),))


async def in_mid_step(opsdash_: Program, plan_id: str) -> asyncio.subprocess.Process:
    """The program as it waits for this plan."""
    await opsdash_.jobs.of(waiting(plan_id)).plan_only()
    running = await opsdash_.start("plans", "apply", plan_id, "--yes")
    await wait_for(lambda: opsdash_.jobs.read(plan_id).runs["web1"].begun == 2, within_s=90)
    return running


async def test_what_is_interrupted_is_called_off_and_ends_on_the_host(tmp_path: Path) -> None:
    async with program(tmp_path) as opsdash_:
        running = await in_mid_step(opsdash_, "p1")
        running.send_signal(signal.SIGINT)
        said, _ = await running.communicate()
        assert running.returncode == 2
        text = "called off in step 2 of 3 (sleep 100); what ran there was ended"
        assert text in said.decode()


async def test_what_is_killed_is_broken_off_and_goes_on_when_told_to(tmp_path: Path) -> None:
    async with program(tmp_path) as opsdash_:
        running = await in_mid_step(opsdash_, "p2")
        running.kill()
        await running.communicate()
        _, out, _ = await opsdash_.run("plans", "list")
        assert "BROKEN OFF" in out
        code, out, err = await opsdash_.run("plans", "resume", "p2", "--yes")
        assert code == 2
        assert "nobody knows how that ended" in err
        assert "web1: FAILED" in out
        code, _, err = await opsdash_.run("plans", "resume", "p2", "--yes")
        assert (code, "no host is left" in err) == (64, True)
