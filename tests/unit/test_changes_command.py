"""``opsdash changes``: what happened on made-up hosts, as a table and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.monitor.changes_commands import build
from opsdash.activities.monitor.changes_report import as_table, document
from opsdash.core.happening import Happening, Kind
from opsdash.core.health import Health
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState, Snapshot
from tests.fleet_states import NOW, down, up, with_readings

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "changes.schema.json").read_text())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def run(*words: str) -> Result:
    return CliRunner().invoke(build(), ["--demo", "8", *words], catch_exceptions=False)


def test_a_made_up_host_tells_what_happened_there() -> None:
    result = run("web01", "--since", "48h", "--json")
    told = json.loads(result.output)
    jsonschema.validate(told, SCHEMA)
    assert [one["name"] for one in told["hosts"]] == ["web01"]
    assert {one["host"] for one in told["changes"]} == {"web01"}
    times = [one["at"] for one in told["changes"]]
    assert times == sorted(times, reverse=True)


def test_a_filter_is_that_of_the_timeline() -> None:
    told = json.loads(run("web01", "--since", "48h", "--filter", "kind:unit", "--json").output)
    assert {one["kind"] for one in told["changes"]} <= {"unit"}
    assert "nothing is known to have happened" in run("web01", "--filter", "zzzz").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["web01", "--since", "soon"], "--since"),
        (["web01", "--since", "7d"], "48h is as far as logs are read"),
        ([], "Missing argument"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output


def told_all(state: HostState) -> HostState:
    names = ("packages", "edits", "unitlog", "authlog")
    return with_readings(state, *(Reading(state.name, name, NOW) for name in names))


BOOT = Happening(NOW - 60, "web1", Kind.BOOT, "booted kernel 6.1", who="root", source="wtmp")
TURN = Happening(NOW, "web1", Kind.HEALTH, "CRIT", health=Health.CRIT)


def test_a_table_says_who_and_what_could_not_be_told() -> None:
    denied = Problem(ProblemKind.DENIED, "the journal is for root")
    half = with_readings(told_all(up("web2")), Reading("web2", "unitlog", NOW, problem=denied))
    lines = as_table([BOOT], [told_all(up("web1")), half, down("db1"), up("new1")])
    assert lines[1].endswith("booted kernel 6.1, by root")
    assert lines[2:] == [
        "web2: the journal is for root",
        "db1: no answer from db1 within 10 s",
        "new1: did not tell within the deadline",
    ]


def test_the_document_fits_its_schema() -> None:
    states = [told_all(up("web1")), down("db1")]
    snapshot = Snapshot(1, NOW, {one.name: one for one in states})
    told = document(snapshot, [TURN, BOOT], states)
    jsonschema.validate(told, SCHEMA)
    assert told["hosts"] == [
        {"name": "web1", "unknown": []},
        {"name": "db1", "unknown": ["no answer from db1 within 10 s"]},
    ]
