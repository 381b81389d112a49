"""The answer of ``opsdash status`` reads at a glance, and programs can rely on its form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest

from opsdash.activities.monitor.commands import _show_json, _show_table
from opsdash.activities.monitor.status_report import document, table, why
from opsdash.core.health import Health
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.selection import parse_selection
from opsdash.core.snapshot import HostState, Link, LinkState, Snapshot
from tests.fleet_states import (
    EVIL,
    NOW,
    connecting,
    disk_full,
    down,
    hostile_fleet,
    mixed_fleet,
    up,
    wrong,
)

SCHEMA = Path(__file__).parents[2] / "docs" / "status.schema.json"
FLEET = (
    up("app00"),
    up("db3", disk_full("db3"), wrong("db3", Health.WARN, "swap 81% used, limit 80%", 900)),
    down("build2"),
    connecting("new1"),
    up("edge4", wrong("edge4", Health.WARN, "load 18.2 on 4 cores", 240)),
)

UNICODE = """\
5 hosts  ○ 1 DOWN  ✖ 1 CRIT  ▲ 1 WARN  ? 1 UNKNOWN  ● 1 OK
  HOST   HEALTH  SINCE CPU MEM DISK AGE WHY
○ build2 DOWN          -   -   -    -   no answer from build2 within 10 s
✖ db3    CRIT    6m    12% 40% 41%  1s  /var 97% full, 1.5G left, limit 95%  (+1 more)
▲ edge4  WARN    4m    12% 40% 41%  1s  load 18.2 on 4 cores
? new1   UNKNOWN       -   -   -    -   no answer yet
● app00  OK            12% 40% 41%  1s
the store is full
"""

ASCII = """\
5 hosts  x 1 DOWN  ! 1 CRIT  ^ 1 WARN  ? 1 UNKNOWN  . 1 OK
  HOST   HEALTH  SINCE CPU MEM DISK AGE WHY
x build2 DOWN          -   -   -    -   no answer from build2 within 10 s
! db3    CRIT    6m    12% 40% 41%  1s  /var 97% full, 1.5G left, limit 95%  (+1 more)
^ edge4  WARN    4m    12% 40% 41%  1s  load 18.2 on 4 cores
? new1   UNKNOWN       -   -   -    -   no answer yet
. app00  OK            12% 40% 41%  1s
the store is full
"""


@cache
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded


def seen(states: Iterable[HostState], *notices: str) -> Snapshot:
    hosts = MappingProxyType({state.name: state for state in states})
    return Snapshot(7, NOW, hosts, "hosts.yaml", notices)


def report(states: Iterable[HostState], *notices: str) -> dict[str, Any]:
    """The JSON form as a program gets it, found valid."""
    snapshot = seen(states, *notices)
    text = json.dumps(document(snapshot, snapshot.hosts.values(), ("cpu-saturated",)))
    assert text.isascii()
    loaded: dict[str, Any] = json.loads(text)
    validator = jsonschema.Draft202012Validator(schema())
    assert [error.message for error in validator.iter_errors(loaded)] == []
    return loaded


@pytest.mark.parametrize(("ascii_only", "text"), [(False, UNICODE), (True, ASCII)])
def test_the_table_has_the_worst_first_and_says_why(ascii_only: bool, text: str) -> None:
    snapshot = seen(FLEET, "the store is full")
    assert table(snapshot, snapshot.hosts.values(), ascii_only=ascii_only) == text


def test_the_fullest_disk_is_the_one_that_is_shown() -> None:
    snapshot = seen([up("app00")])
    shown = table(snapshot, snapshot.hosts.values(), ascii_only=True)
    assert "41%" in shown
    assert "30%" not in shown


def test_the_table_counts_the_checks_that_one_look_can_not_answer() -> None:
    shown = table(seen(FLEET), [], ("cpu-saturated", "memory-low"), ascii_only=True)
    assert shown.endswith("\n2 checks need longer: opsdash status --watch\n")
    shown = table(seen(FLEET), [], ("cpu-saturated",), ascii_only=True)
    assert shown.endswith("\n1 check needs longer: opsdash status --watch\n")


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_knows_every_kind_of_problem() -> None:
    kinds = schema()["$defs"]["problem"]["properties"]["kind"]["enum"]
    assert set(kinds) == set(ProblemKind)


@pytest.mark.parametrize("fleet", [FLEET, mixed_fleet(), hostile_fleet(), []])
def test_the_document_keeps_its_form(fleet: Iterable[HostState]) -> None:
    found = report(fleet)
    assert (found["schema"], found["source"]) == ("opsdash-status-1", "hosts.yaml")
    assert found["generated_at"] == "2027-01-15T08:00:00+00:00"
    assert found["needs_longer"] == ["cpu-saturated"]


@pytest.mark.parametrize("where", [(), ("summary",), ("hosts", 0), ("hosts", 1, "findings", 0)])
def test_a_field_that_is_not_in_the_schema_is_noticed(where: tuple[str | int, ...]) -> None:
    found: Any = report(FLEET)
    part = found
    for step in where:
        part = part[step]
    part["surprise"] = 1
    assert not jsonschema.Draft202012Validator(schema()).is_valid(found)


def test_the_summary_counts_hosts_and_what_is_new() -> None:
    assert report(FLEET)["summary"] == {
        **dict.fromkeys(("down", "crit", "warn", "unknown", "ok", "new"), 1),
        "hosts": 5,
    }


def test_a_host_tells_what_is_wrong_since_when_and_what_it_measured() -> None:
    found = report(FLEET)
    assert [host["name"] for host in found["hosts"]] == ["build2", "db3", "edge4", "new1", "app00"]
    db3 = found["hosts"][1]
    assert (db3["health"], db3["since"]) == ("crit", "2027-01-15T07:54:00+00:00")
    assert db3["why"] == "/var 97% full, 1.5G left, limit 95%"
    assert db3["metrics"]["filesystem.used_ratio{/var}"] == 0.3
    assert db3["metrics"]["cpu.busy_ratio"] == 0.12
    assert db3["age_s"] == 1.0
    assert db3["tags"] == ["db", "prod"]
    assert [finding["new"] for finding in db3["findings"]] == [True, False]


def test_a_host_without_a_fault_has_no_since() -> None:
    app00 = report(FLEET)["hosts"][4]
    assert (app00["why"], app00["since"], app00["findings"]) == ("", None, [])


def test_what_is_not_known_is_null_and_not_1970() -> None:
    unknown = replace(disk_full("db3"), since=0.0)
    (host,) = report([replace(up("db3", unknown), at=0.0)])["hosts"]
    assert (host["since"], host["findings"][0]["since"], host["age_s"]) == (None, None, None)


def test_a_source_that_failed_is_a_problem_and_has_no_values() -> None:
    problem = Problem(ProblemKind.DENIED, "needs root")
    fine = up("app00")
    failed = Reading("app00", "units", NOW, problem=problem)
    (host,) = report([replace(fine, readings={**fine.readings, "units": failed})])["hosts"]
    assert host["problems"] == [
        {"collector": "units", "kind": "denied", "text": "needs root", "hint": problem.hint}
    ]


def test_this_machine_is_a_source_too() -> None:
    snapshot = replace(seen(FLEET), source="")
    assert document(snapshot, [], ())["source"] == "this machine"


def strings(value: object) -> Iterable[str]:
    """Every string in a document, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            for part in pair:
                yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def test_a_hostile_host_reaches_no_terminal() -> None:
    first, *others = hostile_fleet()
    tagged = replace(first, host=replace(first.host, tags=frozenset({EVIL})))
    snapshot = seen([tagged, *others], EVIL)
    shown = table(snapshot, snapshot.hosts.values(), ascii_only=False)
    said = [shown.replace("\n", ""), *strings(report(snapshot.hosts.values(), EVIL))]
    for text in said:
        assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(text), text


@pytest.mark.parametrize(
    ("state", "health", "words"),
    [
        (LinkState.IDLE, Health.UNKNOWN, "no answer yet"),
        (LinkState.CONNECTING, Health.UNKNOWN, "no answer yet"),
        (LinkState.UP, Health.UNKNOWN, "waiting for the first facts"),
        (LinkState.DOWN, Health.DOWN, "no answer yet"),
        (LinkState.UP, Health.OK, ""),
    ],
)
def test_a_host_without_findings_says_what_is_awaited(
    state: LinkState, health: Health, words: str
) -> None:
    host = replace(up("app00"), health=health, link=Link(state, NOW))
    assert why(host) == words


@pytest.mark.parametrize("state", [LinkState.DOWN, LinkState.CONNECTING])
def test_a_connection_that_failed_says_why(state: LinkState) -> None:
    problem = Problem(ProblemKind.REFUSED, "connection refused by app00:22")
    host = replace(up("app00"), health=Health.UNKNOWN, link=Link(state, NOW, problem))
    assert why(host) == "connection refused by app00:22"


def test_the_worst_finding_is_the_why() -> None:
    assert why(FLEET[1]) == "/var 97% full, 1.5G left, limit 95%"


@pytest.mark.parametrize(
    ("select", "code"),
    [("all", 2), ("db3", 2), ("build2", 2), ("edge4 app00", 1), ("new1 app00", 3), ("app00", 0)],
)
@pytest.mark.parametrize("show", [_show_json, _show_table], ids=["json", "table"])
def test_the_exit_code_is_that_of_the_worst_that_was_selected(
    show: Any, select: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(seen(FLEET), parse_selection([select]), ()) == code
    said = capsys.readouterr().out
    assert ("db3" in said) == (select in ("all", "db3"))


def test_a_state_in_the_selection_chooses_what_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _show_json(seen(FLEET), parse_selection(["state:warn"]), ()) == 1
    assert [host["name"] for host in json.loads(capsys.readouterr().out)["hosts"]] == ["edge4"]
