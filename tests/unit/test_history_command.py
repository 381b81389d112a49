"""``opsdash history``: what was remembered, for people and for programs; what there is none of."""

from __future__ import annotations

import asyncio
import json
from array import array
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.monitor.history_commands import COMMAND
from opsdash.core import clock
from opsdash.core.history import Seen
from opsdash.core.metric_words import key_of, name_of
from opsdash.core.reading import SampleKey
from opsdash.store.history import History
from opsdash.store.store import Store

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "history.schema.json").read_text())
NOW = 1_795_759_205.0
KEYS: tuple[SampleKey, ...] = (
    ("cpu.busy_ratio", ""),
    ("network.receive_bytes_per_s", ""),
    ("filesystem.used_ratio", "/var"),
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that remembers two hours of a host, with a gap of ten minutes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TZ", "UTC")

    async def fill() -> None:
        store = Store(tmp_path / "opsdash" / "history.db")
        await store.open()
        history = History(store)
        for at in range(int(NOW) - 7205, int(NOW), 10):
            if not 1200 <= NOW - at < 1800:
                values = array("f", [0.1, 2048.0, 0.97])
                await history.add([Seen("web1", at, KEYS, values)])
        await store.close()

    asyncio.run(fill())
    return tmp_path


def run(*words: str) -> Result:
    """The verb with these words."""
    return CliRunner().invoke(COMMAND.build(), words)


def test_a_table_is_for_people(home: Path) -> None:
    result = run("web1", "filesystem.used_ratio[/var]", "--since", "30s")
    assert result.exit_code == 0
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["TIME", "MEAN", "MIN", "MAX"]
    assert [row.split()[2:] for row in rows] == [["97%", "97%", "97%"]] * 4
    assert "2.0K/s" in run("web1", "in").stdout


def test_json_has_a_schema_and_a_gap_is_no_point(home: Path) -> None:
    said = json.loads(run("web1", "cpu", "--json").stdout)
    jsonschema.validate(said, SCHEMA)
    assert (said["metric"], said["step_s"], len(said["points"])) == ("cpu.busy_ratio", 10, 301)
    assert said["points"][0]["mean"] == 0.1  # not what 32 bits make of it
    times = [datetime.fromisoformat(point["at"]) for point in said["points"]]
    assert max((b - a).total_seconds() for a, b in pairwise(times)) == 610
    by_the_minute = json.loads(run("web1", "cpu", "--since", "2h", "--json").stdout)
    assert (by_the_minute["step_s"], len(by_the_minute["points"])) == (60, 112)


def test_csv_has_numbers_only(home: Path) -> None:
    head, first, *_ = run("web1", "in", "--csv").stdout.splitlines()
    assert head == "time,mean,min,max"
    assert first.split(",")[1:] == ["2048.0", "2048.0", "2048.0"]


def test_without_a_metric_it_lists_them(home: Path) -> None:
    result = run("web1")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == [
        *("cpu.busy_ratio", "filesystem.used_ratio[/var]", "network.receive_bytes_per_s")
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wbe1", "cpu"), "there is no history of wbe1 (did you mean web1?)"),
        (("web1", "memory"), "there is no history of memory of web1"),
        (("web1", "cpu.busy_ratoi"), "(did you mean cpu.busy_ratio?)"),
    ],
)
def test_what_there_is_none_of_is_unknown_and_not_nothing(
    home: Path, words: tuple[str, ...], said: str
) -> None:
    result = run(*words)
    assert result.exit_code == 3
    assert said in result.stderr
    assert result.stdout == ""


def test_a_time_of_which_nothing_is_known_is_unknown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + 4000)
    result = run("web1", "cpu", "--since", "10m")
    assert result.exit_code == 3
    assert "nothing was seen" in result.stderr


def test_a_store_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    result = run("web1", "cpu")
    assert result.exit_code == 3
    assert "it grows while opsdash runs" in result.stderr


@pytest.mark.parametrize(
    "words", [("web1", "cpu", "--since", "6x"), ("web1", "cpu", "--json", "--csv"), ()]
)
def test_what_makes_no_sense_is_a_usage_error(home: Path, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_names_are_what_is_typed() -> None:
    for key in KEYS:
        assert key_of(name_of(key)) == key
    assert key_of("mem") == ("memory.used_ratio", "")
    assert key_of("since") == ("since", "")
