"""A runbook worked through on a real host, by the command line: look, decide, do, verify."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import opsdash
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

HOST, UNIT = "web2", "opsdash-book-test.service"
ROOT = Path(opsdash.__file__).resolve().parents[1]
FAILS_ONCE = "/bin/sh -c 'test -e /run/opsdash-book-test && exec sleep 100000; exit 3'"


@contextmanager
def failed_unit(testbed: Testbed) -> Iterator[None]:
    """A service of ours that has failed, whose cause somebody has mended since."""
    path = f"/usr/lib/systemd/system/{UNIT}"
    text = f"[Service]\\nExecStart={FAILS_ONCE}\\n".replace("'", '"')
    testbed.inside(HOST, f"printf '{text}' >{path}; systemctl daemon-reload; true")
    try:
        testbed.inside(HOST, f"systemctl start {UNIT}; sleep 1; touch /run/opsdash-book-test")
        yield
    finally:
        testbed.inside(
            HOST,
            f"systemctl stop {UNIT}; systemctl reset-failed {UNIT}; rm -f {path}"
            " /run/opsdash-book-test; systemctl daemon-reload; true",
        )


async def worked(
    hosts_yaml: Path, folder: Path, *words: str, on: tuple[str, str] = ("unit-failed", HOST)
) -> tuple[int, Any, str]:
    """A runbook on a host: the exit code, the document and what was said besides."""
    ours = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "OPSDASH_HOSTS"}
    env = {name: value for name, value in os.environ.items() if name not in ours} | {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opsdash", "runbook", "run", *on),
        *("--hosts", str(hosts_yaml), "--json", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
        start_new_session=True,
    )
    async with asyncio.timeout(240):
        out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err
    return process.returncode, json.loads(out or b"{}"), err.decode()


def went(document: Any) -> list[tuple[str, str]]:
    return [(one["step"], one["went"]) for one in document["steps"]]


async def test_a_failed_unit_is_looked_at_restarted_and_seen_to_run(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    with failed_unit(testbed):
        given = (f"unit={UNIT}", "--yes")
        code, found, err = await worked(hosts_yaml, tmp_path, f"unit={UNIT}")
        assert (code, "--yes" in err) == (4, True)
        assert ("service.restart", "not done") in went(found)
        code, found, err = await worked(hosts_yaml, tmp_path, *given)
        assert code == 0, f"{found} {err}"
        assert ("service.restart", "done") in went(found)
        assert any(kind == "held" for _, kind in went(found))
        assert testbed.inside(HOST, f"systemctl is-active {UNIT}").strip() == "active"
        code, found, _ = await worked(hosts_yaml, tmp_path, *given)
        assert code == 0
        assert "done" not in dict(went(found)).values()  # it runs: another branch


async def test_what_a_restart_does_not_mend_is_said(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    with testbed.with_fault(HOST, "service-failed"):
        code, found, _ = await worked(hosts_yaml, tmp_path, "unit=shop-web.service", "--yes")
        assert code == 2
        told = [one for one in found["steps"] if one["went"] == "not done"]
        assert "shop-web.service is failed" in told[0]["said"]
        assert any("FATAL cannot open database" in one["stdout"] for one in found["steps"])
