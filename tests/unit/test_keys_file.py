"""keys.yaml: what it may say, and what is told of one that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from textual.widgets import Input

from opsdash.activities.setup.keys_commands import build
from opsdash.config.keys import load_keymap, preset_keymap, presets, read_keys
from opsdash.core.discover import keys
from opsdash.core.errors import ConfigError
from opsdash.core.key_names import EDITS, textual_key
from opsdash.core.keymap import Keymap


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of whoever runs the tests stay out of them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def written(tmp_path: Path, text: str) -> Path:
    """The user's own keys.yaml."""
    path = tmp_path / "opsdash" / "keys.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def keymap(tmp_path: Path, text: str) -> Keymap:
    return load_keymap(written(tmp_path, text), keys())


def faults(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with this file: the place and the sentence of each."""
    with pytest.raises(ConfigError) as caught:
        keymap(tmp_path, text)
    return [f"{fault.line}:{fault.column}: {fault.text}" for fault in caught.value.faults]


def test_without_a_file_or_with_an_empty_one_the_usual_keys_hold(tmp_path: Path) -> None:
    assert read_keys(keys()).keymap.given == {}
    for text in ("", "# nothing\n", "preset: default\n", "keys:\n", "keys: {}\n"):
        assert keymap(tmp_path, text).given == {}


def test_keys_in_all_their_forms(tmp_path: Path) -> None:
    found = keymap(
        tmp_path,
        'keys:\n  raw: L\n  freeze: "ctrl+g, F6"\n  wide: none\n  time.back: none\n'
        '  fold: [",", "-"]\n'
        '  view.host: 5\n  detail: ","\n  theme.pick: []\n  group.cycle: "b,b"\n'.replace(
            '  detail: ","\n', ""
        ),
    )
    assert found.given == {
        "raw": ("L",),
        "freeze": ("ctrl+g", "f6"),
        "wide": (),
        "fold": (",", "-"),
        "view.host": ("5",),
        "theme.pick": (),
        "time.back": (),
    }
    assert found.of("raw") == "L"
    assert found.of("wide") == ""


def test_a_comma_alone_is_a_key(tmp_path: Path) -> None:
    assert keymap(tmp_path, 'keys: {wide: ",", time.back: none}').keys["wide"] == (",",)


def test_two_ids_can_swap_their_keys(tmp_path: Path) -> None:
    assert keymap(tmp_path, "keys: {raw: c, copy: y}").of("copy") == "y"


def test_a_preset_and_what_is_changed_over_it(tmp_path: Path) -> None:
    found = keymap(tmp_path, "preset: vim\nkeys: {copy: c}")
    assert found.of("raw") == "K"
    assert found.of("copy") == "c"


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_whole(name: str) -> None:
    found = preset_keymap(name, keys())
    assert found.clashes() == {}
    assert found.lost() == {}
    assert name == "default" or found.given


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("preset: vmi", "1:9: preset: should be one of default, k9s, vim (did you mean vim?)"),
        ("preset: [vim]", "1:9: preset: should be one of default, k9s, vim"),
        ("keys: {hepl: x}", "1:8: keys.hepl: no key has this id (did you mean help?)"),
        ("keys: {zzzz: x}", "1:8: keys.zzzz: no key has this id: opsdash keys lists every id"),
        ("key: {raw: x}", "1:1: key: unknown key (did you mean keys?)"),
        ("raw: x", "1:1: raw: unknown key: ids of keys stand below keys:"),
        ("[raw]", "1:1: should be a mapping: preset: and keys:"),
        ("keys: [raw]", "1:7: keys: should be a mapping (id: key)"),
        ("keys:\n  raw: entre", "2:8: keys.raw: 'entre': no key is called so (did you mean e"),
        ("keys: {raw: ctrl+i}", "1:13: keys.raw: 'ctrl+i': a terminal sends tab for it"),
        ("keys:\n  raw: # hash", '2:7: keys.raw: a key is missing (quote "#" and the like); to '),
        ("keys: {raw: true}", '1:13: keys.raw: should be a key like "x", "ctrl+g,f5", or none'),
        ("keys: {raw: {a: b}}", '1:13: keys.raw: should be a key like "x", "ctrl+g,f5", or none'),
        (
            "keys: {raw: e}",
            "1:13: keys.raw: e is the key of problem.next, too (on the page fleet, on the page ",
        ),
        (
            "keys: {pick.next: j}",
            "1:19: keys.pick.next: j: would be text, for this acts while somebody types: take ",
        ),
        (
            "keys: {quit: ctrl+w}",
            "1:14: keys.quit: ctrl+w: changes what is typed, and this acts while somebody types",
        ),
        ("keys: {help: none}", "1:14: keys.help: help would be lost: leave help a key"),
        ("keys: {cmd.open: []}", "1:18: keys.cmd.open: the palette would be lost: leave "),
        (
            "keys: {quit: none, nav.quit: none}",
            "1:30: keys.nav.quit: a way to quit would be lost: leave quit or nav.quit a key",
        ),
        ("keys: {raw: x, raw: y}", "1:16: keys.raw: stands here twice (first in line 1)"),
        ("keys:\n\traw: x", "2:1: a value can't begin with this character (tabs don't indent; "),
        ("keys:\n  raw: ?", '2:8: what begins with ? must be in quotes: "?"'),
        ("keys: {raw: no}", "1:13: keys.raw: no could be read as true or false: quote it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    assert any(told.startswith(fault) for told in faults(tmp_path, text))


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = faults(tmp_path, "preset: emacs\nkeys:\n  raw: e\n  hepl: x\n  help: none\n")
    assert [text.split(":")[0] for text in found] == ["1", "3", "4", "5"]


def test_one_of_the_ways_to_quit_is_enough(tmp_path: Path) -> None:
    assert keymap(tmp_path, "keys: {quit: none}").lost() == {}


def test_ids_that_take_turns_may_share_a_key(tmp_path: Path) -> None:
    found = keymap(tmp_path, "keys: {nav.out: L, nav.quit: L, filter.reset: L}")
    assert found.of("nav.out") == found.of("nav.quit") == "L"


def test_what_fields_take_for_themselves_is_known() -> None:
    theirs = {key for one in Input.BINDINGS for key in one.key.split(",")}  # type: ignore[union-attr]
    plain = {key for key in theirs if not key.startswith(("ctrl+shift", "super", "alt"))}
    assert plain - {"ctrl+backspace"} == {textual_key(key) for key in EDITS}


def run(*args: str) -> tuple[int, str, str]:
    """Exit code, output and errors of ``opsdash keys``."""
    done = CliRunner().invoke(build(), args)
    return done.exit_code, done.stdout, done.stderr


def test_the_command_prints_the_map_as_it_is(tmp_path: Path) -> None:
    code, out, _ = run()
    assert code == 0
    assert out.splitlines()[0].split() == ["KEY", "ID", "WHERE", "WHAT", "IT", "DOES", "USUALLY"]
    written(tmp_path, "keys: {raw: L, wide: none}")
    code, out, _ = run()
    rows = {line.split()[1]: line for line in out.splitlines()}
    assert rows["raw"].split()[0] == "L"
    assert rows["raw"].endswith(" y")
    assert rows["wide"].startswith("none ")
    assert rows["copy"].endswith(" -")


def test_the_json_form_has_every_key(tmp_path: Path) -> None:
    path = written(tmp_path, "keys: {raw: L}")
    code, out, _ = run("--json")
    data = json.loads(out)
    schema = Path(__file__).parents[2] / "docs" / "keys.schema.json"
    jsonschema.validate(data, json.loads(schema.read_text()))
    assert (code, data["version"], data["source"]) == (0, 1, str(path))
    found = {one["id"]: one for one in data["keys"]}
    assert set(found) == set(keys().by_id())
    assert {"fleet", "host"} <= set(found["raw"]["pages"])
    assert found["raw"] == {
        "id": "raw",
        "keys": ["L"],
        "usual": ["y"],
        "changed": True,
        "does": "all that the host said",
        "where": "This host",
        "places": ["page"],
        "pages": found["doctor"]["pages"],
    }


def test_presets_can_be_looked_at() -> None:
    assert run("--preset", "vim", "--check")[0] == 2
    assert run("--preset", "vim", "other.yaml")[0] == 2
    code, out, _ = run("--preset", "vim")
    assert code == 0
    assert "K " in out


def test_a_wrong_file_is_told_and_the_usual_keys_are_shown(tmp_path: Path) -> None:
    path = written(tmp_path, "keys: {raw: e}")
    for args in ((), ("--check",), ("--check", str(path)), (str(path),)):
        code, out, err = run(*args)
        assert code == 65
        assert f"{path}:1:13: keys.raw: e is the key of problem.next" in err
        assert "1 fault" in err
        assert "Quote keys" in err
        assert ("problem.next" in out) == ("--check" not in args)


def test_a_good_file_is_said_to_be_one(tmp_path: Path) -> None:
    assert run("--check")[1].endswith("the usual keys hold.\n")
    path = written(tmp_path, "keys: {raw: L}")
    assert run("--check") == (0, f"{path}: 1 id with other keys than usual, 0 faults\n", "")


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    code, _, err = run("--check", str(tmp_path / "gone.yaml"))
    assert code == 65
    assert "there is no such file" in err


def test_the_example_of_the_docs_is_right(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    found = keymap(tmp_path, example)
    assert found.keys["refresh"] == ("U", "ctrl+r")
    assert found.keys["host.jump"] == ("?",)
