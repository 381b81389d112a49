"""A fault of our own: a sentence for the user, a report without values for whoever mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.cli.crash import crash_hook, tell_of_crash
from opsdash.store.crashes import MAX_CALLS, crash_text, write_crash

SECRET = "hunter2"


class Oddity(Exception):
    """A kind of error of which nobody thought."""


def caught() -> Oddity:
    """An error with a secret in its words, in its cause and in variables on the way."""
    password = SECRET
    try:
        _fail_with(password)
    except Oddity as error:
        return error
    raise AssertionError


def _fail_with(password: str) -> None:
    known: dict[str, str] = {}
    try:
        known[password]
    except KeyError as error:
        raise Oddity(f"no such password: {password}") from error


def deep(calls: int) -> None:
    """Fail after so many calls."""
    if calls:
        deep(calls - 1)
    raise Oddity


def test_a_report_tells_kinds_and_places_and_no_value() -> None:
    report = crash_text(caught())
    assert SECRET not in report
    assert "Oddity" in report
    assert "builtins.KeyError" in report
    assert (
        'unit/test_crash.py:34 _fail_with: raise Oddity(f"no such password: {password}")' in report
    )


def test_a_report_is_bounded_also_for_causes_in_a_circle() -> None:
    first, second = Oddity(), Oddity()
    first.__cause__, second.__cause__ = second, first
    assert crash_text(first).count("Oddity") == 2
    with pytest.raises(Oddity) as raised:
        deep(3 * MAX_CALLS)
    assert len(crash_text(raised.value).splitlines()) < MAX_CALLS + 5


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = write_crash(tmp_path / "new", caught(), 1_800_000_000.0)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert "crash-2027" in path.name


def test_the_user_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    error = caught()
    crash_hook(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert said.startswith("opsdash: a fault of its own ended it (Oddity); where it happened is in")
    assert SECRET not in said
    assert "Traceback" not in said
    (report,) = (tmp_path / "opsdash").glob("crash-*.txt")
    assert str(report) in said


def test_ctrl_c_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    crash_hook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == ""


def test_a_report_that_can_not_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert "no report could be written: Not a directory" in tell_of_crash(caught())
