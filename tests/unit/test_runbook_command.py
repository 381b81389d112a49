"""What the verb of runbooks lists and refuses before any host is reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opsdash.cli.main import opsdash
from opsdash.core.errors import ConfigError

BOOK = """\
title: Ours
checks: [zombies]
steps:
  - look: whether it runs
    as: there
    run: ps
  - decide: whether it runs
    cases:
      - if: {in: there, exit: 0}
  - do: process.signal
    with: {pid: "2"}
  - end: done
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)
    folder = tmp_path / "config" / "opsdash" / "runbooks"
    folder.mkdir(parents=True)
    return folder


def save(folder: Path, text: str) -> Path:
    path = folder / "ours.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def said(*words: str) -> Result:
    return CliRunner().invoke(opsdash, ("runbook", *words), prog_name="opsdash")


def test_runbooks_are_listed_for_a_check_own_ones_too(own: Path) -> None:
    save(own, BOOK)
    result = said("list", "--check", "zombies")
    assert result.exit_code == 0
    assert "ours" in result.output
    assert "unit-failed" not in result.output
    found = json.loads(said("list", "--json").output)["runbooks"]
    assert {one["id"]: (one["own"], one["danger"]) for one in found if one["own"]} == {
        "ours": (True, "outage")
    }


def test_a_runbook_is_shown_with_all_that_it_would_run(own: Path) -> None:
    result = said("show", "unit-failed")
    assert "      | if command -v systemctl" in result.output
    assert "service.restart unit={unit}" in result.output
    assert "danger   interrupts a service or a host" in result.output


def test_own_files_are_checked_with_their_lines(own: Path) -> None:
    assert "no runbooks of your own" in said("check").output
    path = save(own, BOOK)
    assert f"{path}: right" in said("check").output
    assert "right (4 steps, interrupts" in said("check", str(path)).output
    save(own, BOOK.replace("process.signal", "process.signa"))
    result = said("list")
    assert result.exit_code == 0
    assert "unit-failed" in result.output
    assert "ours.yaml:10:9: steps[2].do: no action is called so" in result.output
    for words in (("check",), ("check", str(path)), ("show", "ours")):
        result = said(*words)
        assert result.exit_code != 0
        wrong = f"{result.output}{result.exception}"
        assert "ours.yaml:10:9: steps[2].do: no action is called so (did you mean" in wrong


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("show", "unit-faild"), "did you mean unit-failed?"),
        (("run", "unit-failed", "web1", "nginx"), "'nginx' is not NAME=VALUE"),
        (("run", "unit-failed", "web1", "unit=$(x)"), "it should match"),
        (("run", "unit-failed", "web1", "unti=x"), "has no 'unti': it takes unit"),
        (("run", "unit-failed", "web1", "unit=a", "unit=b"), "unit is given twice"),
        (("list", "--check", "disk-ful"), "did you mean disk-full?"),
    ],
)
def test_what_makes_no_sense_says_why(own: Path, words: tuple[str, ...], why: str) -> None:
    result = said(*words)
    assert result.exit_code == 2 or isinstance(result.exception, ConfigError)
    assert why in f"{result.output}{result.exception}"
