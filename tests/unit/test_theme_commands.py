"""``opsdash themes``: what there is, and what is wrong with a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsdash.activities.setup.theme_commands import build
from tests.unit.test_themes import GOOD, write


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's own themes."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "opsdash" / "themes"
    folder.mkdir(parents=True)
    return folder


def test_the_list_says_which_file_holds_which_theme(own: Path) -> None:
    write(own, GOOD.replace("dusk", "nord"), "mine.yaml")
    done = CliRunner().invoke(build(), [])
    assert done.exit_code == 0
    rows = [line for line in done.stdout.splitlines() if line.startswith("nord ")]
    assert len(rows) == 2
    assert rows[0].endswith(f"replaced by {own}/mine.yaml")
    found = {line.split()[0] for line in done.stdout.splitlines()[1:] if line}
    assert {"midnight", "daylight", "ansi16", "mono", "colour-blind", "high-contrast"} <= found


def test_json_says_the_same_to_programs(own: Path) -> None:
    document = json.loads(CliRunner().invoke(build(), ["--json"]).stdout)
    assert document["version"] == 1
    (mono,) = (row for row in document["themes"] if row["name"] == "mono")
    assert (mono["kind"], mono["colours"], mono["note"]) == ("dark", "none", "")


def test_a_broken_file_is_in_the_list_and_the_exit_code(own: Path) -> None:
    write(own, "name: [", "bad.yaml")
    done = CliRunner().invoke(build(), [])
    assert done.exit_code == 65
    assert f"can't be used: {own}/bad.yaml:" in done.stdout


def test_a_check_tells_faults_with_their_lines_and_exits_with_65(own: Path) -> None:
    path = write(own, GOOD.replace("cursor", "curser"))
    done = CliRunner().invoke(build(), ["check", str(path)])
    assert done.exit_code == 65
    assert f"{path}:8:1: curser: unknown key (did you mean cursor?)" in done.stderr


def test_poor_colours_are_advice(own: Path) -> None:
    path = write(own, GOOD.replace("#c0c0c0", "#404040").replace("#ff9090", "#ffff30"))
    done = CliRunner().invoke(build(), ["check", str(path)])
    assert done.exit_code == 0
    assert "muted on background has a contrast of 2.0, readable is 4.5 (advice)" in done.stdout
    assert "health.warn and health.crit look alike to eyes with all cones" in done.stdout


def test_every_shipped_theme_passes_its_own_check(own: Path) -> None:
    done = CliRunner().invoke(build(), ["check"])
    assert done.exit_code == 0
    assert re.fullmatch(r"\d\d shipped themes: 0 faults, 0 pieces of advice\n", done.output)


def test_what_is_to_be_mended_comes_last(own: Path) -> None:
    path = write(own, GOOD, "good.yaml")
    write(own, "name: [", "bad.yaml")
    lines = CliRunner().invoke(build(), ["check"]).output.splitlines()
    assert lines[-4].startswith(f"{path}: dusk, 0 faults")
    assert "shipped themes: 0 faults" in lines[-3]
    assert lines[-2].startswith(f"{own}/bad.yaml:")
    assert lines[-1].startswith("1 fault;")
