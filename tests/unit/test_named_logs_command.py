"""``opsdash logs --source``: names of hosts.yaml, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.troubleshoot.logs_commands import build
from tests.hosts_files import HostsFolder

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "logs.schema.json").read_text())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def run(tmp_path: Path, *words: str) -> Result:
    (tmp_path / "app.log").write_text("2026-11-28T08:00:00Z INFO from the file\n")
    text = f"""\
defaults: {{transport: local}}
hosts:
  here:
    logs:
      app: {tmp_path}/app.log
      queue: {{command: "echo 2026-11-28T09:00:00Z from the command"}}
      broken: {{command: "exit 9"}}
  other:
"""
    path = HostsFolder(tmp_path).write(text)
    return CliRunner().invoke(build(), ["--hosts", str(path), *words], catch_exceptions=False)


def test_named_logs_are_printed_as_all_others(tmp_path: Path) -> None:
    result = run(tmp_path, "here", "--source", "queue", "--source", "app", "--json")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    for one in told:
        jsonschema.validate(one, SCHEMA)
    assert [(one["source"], one["program"], one["text"]) for one in told] == [
        (f"{tmp_path}/app.log", "app", "INFO from the file"),
        ("source queue", "queue", "from the command"),
    ]
    assert result.exit_code == 0


def test_hosts_that_have_none_and_commands_that_fail_are_said(tmp_path: Path) -> None:
    result = run(tmp_path, "all", "--source", "queue", "--source", "broken", "--utc")
    assert "here  - queue    from the command" in result.stdout
    assert result.stderr.splitlines() == [
        "opsdash: other: it has no log called queue (logs: in hosts.yaml gives names to logs)",
        "opsdash: other: it has no log called broken (logs: in hosts.yaml gives names to logs)",
        (
            "opsdash: here: source broken: its command failed with exit status 9 "
            "(try it there as the user who logs in: sudo is not used for it)"
        ),
    ]
    assert result.exit_code == 3


def test_a_name_that_no_selected_host_has_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path, "all", "--source", "quue")
    assert result.exit_code == 2
    assert "none of these hosts has a log called quue (did you mean queue?)" in result.output
    assert "hosts.yaml names none" in run(tmp_path, "other", "--source", "queue").output
