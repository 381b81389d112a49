"""``opsdash runbook`` as scripts use it: an own runbook worked through on a real host."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.integration.test_do import ROOT, program
from tests.sudo_in_path import FakeSudo
from tests.waiting import wait_for

SCHEMA = json.loads((ROOT / "docs" / "runbook.schema.json").read_text())
BOOK = """\
title: Something runs too long
arguments:
  pid: {help: the process, matches: "[0-9]+"}
steps:
  - look: whether it runs
    as: there
    run: ps -o pid= -p "$pid"
  - decide: whether it runs
    cases:
      - if: {in: there, exit: not 0}
        say: "{pid} does not run"
        go: end
      - else: true
        say: "{pid} runs"
  - ask: shall it end
    as: choice
    options: {term: end it, leave: leave it}
    go: {leave: left}
  - do: process.signal
    with: {pid: "{pid}"}
    else_go: left
  - verify: it is gone
    run: ps -o stat= -p "$pid" | grep -v Z
    until: {exit: not 0}
    within_s: 120
  - end: "{pid} is gone"
  - end: "{pid} was left alone"
    name: left
"""


@pytest.fixture
def sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSudo:
    return FakeSudo(tmp_path / "tools", "nopasswd", monkeypatch)


def own_book(folder: Path) -> None:
    """Beside the hosts file."""
    path = folder / "runbooks" / "too-long.yaml"
    path.parent.mkdir()
    path.write_text(BOOK)
    path.chmod(0o600)


async def test_a_runbook_looks_decides_asks_does_and_verifies(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], sudo: FakeSudo
) -> None:
    own_book(tmp_path)
    book = ("runbook", "run", "too-long", "web1", f"pid={sleeper.pid}", "--deadline", "60")
    words = (*book, "--answer", "choice=term")
    async with program(tmp_path) as opsdash_:
        code, out, err = await opsdash_.run("--read-only", *words, "--yes", "--batch")
        assert (code, "read-only" in err) == (4, True), out
        assert f"{sleeper.pid} was left alone" in out
        code, out, err = await opsdash_.run(*book, "--batch")
        assert (code, "nobody to ask" in err) == (4, True)
        code, out, err = await opsdash_.run(*words, "--batch")
        assert (code, "--yes" in err) == (4, True)
        assert sleeper.poll() is None
        code, out, err = await opsdash_.run(*words, "--yes", "--json")
        assert code == 0, f"{out} {err}"
        await wait_for(lambda: sleeper.poll() is not None)
        found = json.loads(out)
        jsonschema.validate(found, SCHEMA)
        assert [one["went"] for one in found["steps"]] == [
            "looked", "decided", "answered", "done", "held", "ended",
        ]  # fmt: skip
        assert found["words"] == f"{sleeper.pid} is gone"
        assert opsdash_.jobs.ids() == found["jobs"]
        _, log, _ = await opsdash_.run("audit", "list", "--json")
        assert {"runbook.look", "process.signal"} <= {
            entry["action"] for entry in json.loads(log)["entries"]
        }
