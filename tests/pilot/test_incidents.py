"""An incident by the palette: what would be masked is shown, and nothing is written before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsdash.core.audit import AuditEntry, Phase
from opsdash.core.log_record import LogRecord
from tests.fleet_states import NOW, up
from tests.pilot.test_acting import typed
from tests.screens import SMALL, assert_snapshot, on_stage


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "opsdash" / "incidents"


def act(host: str) -> AuditEntry:
    return AuditEntry(NOW - 50, "tom", host, "run", Phase.END, exit_status=0, command="uptime")


def said(text: str) -> LogRecord:
    return LogRecord(NOW - 60, "web1", text, "journal", 3, "nginx")


async def test_it_is_looked_at_and_written_as_it_was_shown(state: Path) -> None:
    async with on_stage([up("web1"), up("db1")], SMALL) as stage:
        stage.source.logs.coming = [said("web1 lost 10.0.0.7"), said("password=hunter2")]
        stage.source.logs.lacking = ("db1: its log was not read: no route to host",)
        stage.source.acts = [act("web1"), act("other")]
        await stage.press("*")
        await typed(stage, "incident -2h")
        assert stage.source.logs.queries[-1].since_s == pytest.approx(NOW - 7200, abs=1)
        assert_snapshot("incident-80x24", stage.text)
        assert not state.exists()
        await stage.press(*"look at it and names", "enter")
        assert "web1 became host-" in stage.text
        await stage.press("q")
        await typed(stage, "incident")
        await stage.press(*"write it and names", "enter")
        await stage.app.workers.wait_for_complete()
        (folder,) = state.iterdir()
        data = json.loads((folder / "incident.json").read_text())
        assert len(data["commands"]) == 1
        texts = [one["text"] for one in data["lines"]]
        assert texts[1] == "password=***"
        assert "10.0.0.7" not in texts[0]
        assert "web1" not in texts[0]
        assert "its log was not read" in (folder / "incident.md").read_text()


async def test_an_audit_log_that_can_not_be_read_is_said_in_it(state: Path) -> None:
    async def refused(since: float) -> list[AuditEntry]:
        raise PermissionError(13, "Permission denied")

    async with on_stage([up("web1")]) as stage:
        stage.source.audited = refused  # type: ignore[method-assign]
        await typed(stage, "incident")
        await stage.press(*"write it and names", "enter")
        await stage.app.workers.wait_for_complete()
        (folder,) = state.iterdir()
        assert "audit log can't be read: Permission" in (folder / "incident.md").read_text()


async def test_a_moment_that_is_none_is_said() -> None:
    async with on_stage([up("web1")]) as stage:
        await typed(stage, "incident tomorrow")
        assert "tomorrow is no moment" in stage.text
