"""Keys that a person gave to what: presses, hints, help and palette follow them, and only them."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.app.help_screen import HelpScreen
from opsdash.app.picker_screen import PickerScreen
from opsdash.app.text_screen import TextScreen
from opsdash.config.keys import KeysFile
from opsdash.core.discover import keys
from opsdash.core.problem import ProblemKind
from tests.fleet_states import down, mixed_fleet
from tests.screens import Stage, assert_snapshot, on_stage
from tests.waiting import wait_for


def reading(tmp_path: Path, text: str) -> KeysFile:
    """A keys.yaml of this text."""
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    return KeysFile(keys(), path)


def page(stage: Stage) -> str:
    return stage.app.page.slug if stage.app.page else ""


OTHER = """
keys:
  raw: L
  view.host: "f6"
  view.logs: "3"
  filter.open: "ctrl+g"
  nav.out: "i"
  nav.in: "l,enter"
  help: "f2"
  wide: none
  text.close: "X"
  pick.leave: "ctrl+g"
"""


async def test_presses_go_where_the_person_wants_them(tmp_path: Path) -> None:
    async with on_stage(mixed_fleet(), keys_file=reading(tmp_path, OTHER)) as stage:
        await stage.press("y", "2", "question_mark", "w")
        assert page(stage) == "fleet"
        assert not isinstance(stage.app.screen, TextScreen)
        await stage.press("L")
        assert isinstance(stage.app.screen, TextScreen)
        await stage.press("q", "escape")
        assert isinstance(stage.app.screen, TextScreen)
        await stage.press("X")
        assert not isinstance(stage.app.screen, TextScreen)
        await stage.press("f6")
        assert page(stage) == "host"
        await stage.press("q", "escape", "backspace")
        assert page(stage) == "host"
        await stage.press("i", "l")
        assert page(stage) == "host"


async def test_what_shares_a_key_keeps_it_when_the_other_moves(tmp_path: Path) -> None:
    async with on_stage(mixed_fleet(), keys_file=reading(tmp_path, OTHER)) as stage:
        await stage.press("l", "i", "q")
        assert not stage.app.is_running


async def test_what_acts_before_a_field_moves_too(tmp_path: Path) -> None:
    async with on_stage(mixed_fleet(), keys_file=reading(tmp_path, OTHER)) as stage:
        await stage.press("slash")
        assert stage.app.focused is not None
        assert stage.app.focused.id == "fleet-grid"
        await stage.press("ctrl+g", *"xh")
        assert stage.app.focused is not None
        assert getattr(stage.app.focused, "value", "") == "xh"
        await stage.press("escape", "colon")
        assert isinstance(stage.app.screen, PickerScreen)
        await stage.press("escape")
        assert isinstance(stage.app.screen, PickerScreen)
        await stage.press("ctrl+g")
        assert not isinstance(stage.app.screen, PickerScreen)


async def test_hints_help_and_palette_name_the_keys_in_force(tmp_path: Path) -> None:
    async with on_stage(mixed_fleet(), (160, 60), keys_file=reading(tmp_path, OTHER)) as stage:
        assert "l open" in stage.lines[-1]
        assert "f2 help" in stage.lines[-1]
        assert "ctrl+g filter" in stage.lines[-1]
        await stage.press("f2")
        assert isinstance(stage.app.screen, HelpScreen)
        told = [" ".join(line.split()) for line in stage.lines]
        assert any("L all that the host said" in line for line in told)
        assert not any("more columns, fewer words" in line for line in told)
        await stage.press("X", "colon", *"raw facts")
        row = next(line for line in stage.lines if "raw facts" in line and "said" in line)
        assert row.rstrip("│ ").endswith(" L")


async def test_every_key_is_listed_with_its_id(tmp_path: Path) -> None:
    async with on_stage(mixed_fleet(), keys_file=reading(tmp_path, "preset: vim")) as stage:
        await stage.press("colon", *"keys", "enter")
        assert_snapshot("every-key-vim-80x24", stage.text)


async def test_hints_of_problems_name_the_key_that_asks_again(tmp_path: Path) -> None:
    states = [down("a", ProblemKind.HOST_KEY_UNKNOWN)]
    own = reading(tmp_path, "keys: {refresh: Q}")
    async with on_stage(states, keys_file=own) as stage:
        assert "Q asks whether to trust it" in stage.text
        await stage.press("enter")
        assert "Q asks whether to trust it" in stage.text
    async with on_stage(states, keys_file=reading(tmp_path, "keys: {refresh: none}")) as stage:
        assert ": refresh asks whether to trust it" in stage.text


@pytest.mark.parametrize("preset", ["vim", "k9s"])
async def test_presets(tmp_path: Path, preset: str) -> None:
    async with on_stage(mixed_fleet(), keys_file=reading(tmp_path, f"preset: {preset}")) as stage:
        if preset == "vim":
            await stage.press("l")
            assert page(stage) == "host"
            await stage.press("h", "K")
            assert isinstance(stage.app.screen, TextScreen)
        else:
            await stage.press("ctrl+z")
            assert "problems only" in stage.text
            await stage.press("ctrl+a")
            assert isinstance(stage.app.screen, PickerScreen)


async def test_a_wrong_file_leaves_the_usual_keys_and_is_told(tmp_path: Path) -> None:
    wrong = "keys:\n  raw: e\n  hepl: x\n"
    async with on_stage(mixed_fleet(), keys_file=reading(tmp_path, wrong)) as stage:
        assert "keys.yaml has 2 faults, the usual keys hold; :keys tells" in stage.lines[-1]
        await stage.press("y")
        assert isinstance(stage.app.screen, TextScreen)
        await stage.press("q", "colon", *"keys", "enter")
        assert "raw: e is the key of problem.next" in " ".join(stage.text.split())
        assert "did you mean help?" in stage.text


async def test_keys_that_go_back_to_the_usual_ones_are_told_so(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    async with on_stage(mixed_fleet(), keys_file=reading(tmp_path, "keys: {raw: L}")) as stage:
        path.write_text("")
        await stage.app.read_keys_again()
        told = "keys.yaml read again: 1 action back on the usual keys"
        await wait_for(lambda: told in stage.text)


async def test_a_deleted_keys_file_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "opsdash" / "keys.yaml"
    path.parent.mkdir()
    path.write_text("keys: {raw: L}")
    async with on_stage(mixed_fleet(), keys_file=KeysFile(keys())) as stage:
        path.unlink()
        await stage.app.read_keys_again()
        told = "no keys.yaml: 1 action back on the usual keys"
        await wait_for(lambda: told in stage.text)


async def test_keys_change_while_the_program_runs(tmp_path: Path) -> None:
    file = reading(tmp_path, "")
    async with on_stage(mixed_fleet(), keys_file=file) as stage:
        (tmp_path / "keys.yaml").write_text("keys: {raw: L, help: f2}")
        await wait_for(lambda: "keys.yaml read again: 2 actions on other keys" in stage.text)
        await stage.press("L")
        assert isinstance(stage.app.screen, TextScreen)
        await stage.press("q")
        (tmp_path / "keys.yaml").write_text("keys: {raw: e}")
        await stage.press("colon", *"keys reload", "enter")
        told = "keys.yaml has 1 fault, the keys from before stay; :keys tells"
        await wait_for(lambda: told in stage.text)
        await stage.press("L")
        assert isinstance(stage.app.screen, TextScreen)
