"""An incident: what the documents hold, what is masked in them, and what is written when."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.monitor.incident_commands import build
from opsdash.activities.monitor.incident_report import Incident, document, markdown, page
from opsdash.core.audit import AuditEntry, Phase
from opsdash.core.happening import Happening, Kind
from opsdash.core.log_record import LogGap, LogRecord
from opsdash.core.redaction import Redaction
from tests.unit.test_handover import NOON, made

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "incident.schema.json").read_text())
SCHEMA["properties"]["state"] = json.loads((DOCS / "handover.schema.json").read_text())
SCHEMA["$defs"] = SCHEMA["properties"]["state"].pop("$defs")


def incident() -> Incident:
    return Incident(
        "nginx down",
        ("web7", "db1"),
        made(),
        (Happening(NOON - 700, "web7", Kind.UNIT, "failed nginx.service", who="tom"),),
        (
            AuditEntry(NOON - 60, "tom", "web7", "run", Phase.BEGIN, command="mysql -psecret"),
            AuditEntry(NOON - 50, "tom", "web7", "run", Phase.END, exit_status=0, command="id"),
        ),
        (
            LogRecord(NOON - 40, "web7", "# bind to 10.0.0.7 token=abc", "journal", 3, "nginx"),
            LogGap("db1", "journal", "the connection broke", NOON - 30, NOON - 20, 12),
        ),
        ("vault1: not reached",),
    )


def test_the_json_form_has_all_of_it() -> None:
    found = document(incident())
    jsonschema.validate(found, SCHEMA)
    assert len(found["commands"]) == 2  # type: ignore[arg-type]
    assert found["lines"][1]["dropped"] == 12  # type: ignore[index]


def test_the_page_says_it_to_people_and_hides_what_must_not_be_seen() -> None:
    redaction = Redaction(["web7"], addresses=True)
    told = redaction.value(page(incident()))
    assert isinstance(told, dict)
    text = markdown(told)
    assert text.startswith("# nginx down\n\nHosts: host-1, db1\n")
    assert "- vault1: not reached" in text
    assert "host-1 tom: run, status 0: id" in text
    assert "host-1 C" not in text
    assert "host-1 E nginx: # bind to address-1 token=\\*\\*\\*" in text
    assert "db1 lines are missing: the connection broke" in text
    assert "web7" not in text
    masked = json.dumps(redaction.value(document(incident())))
    assert "psecret" not in masked
    assert "10.0.0.7" not in masked


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out"


def run(*words: str, **more: Any) -> Result:
    return CliRunner().invoke(build(), words, **more)


def test_it_is_shown_before_it_is_written_and_written_where_nothing_was(folder: Path) -> None:
    demo = ("web*", "--demo", "8", "--since", "-10m", "--out", str(folder))
    said = run(*demo, input="n\n")
    assert "nothing was written" in said.output
    assert not folder.exists()
    said = run(*demo, "--mask", "names", "--yes")
    assert said.exit_code == 0, said.output
    assert "web01 became host-" in said.output
    assert folder.stat().st_mode & 0o777 == 0o700
    data = json.loads((folder / "incident.json").read_text())
    jsonschema.validate(data, SCHEMA)
    assert "web01" not in (folder / "incident.md").read_text()
    assert "is there already" in run(*demo).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "tomorrow"], "tomorrow is no moment"),
        (["--since", "-1h", "--until", "-2h"], "--until is before --since"),
        (["--prio", "bad"], "is no priority"),
        (["--mask", "everything"], "'everything' is none of addresses, names"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_host_is_asked(
    words: list[str], said: str
) -> None:
    result = run("web1", *words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_time_that_no_calendar_has_breaks_nothing() -> None:
    odd = replace(incident(), lines=(LogRecord(1e18, "web7", "odd", "journal"),))
    assert document(odd)["lines"][0]["at"] is None  # type: ignore[index]
    assert "web7 - -: odd" in markdown(page(odd))
