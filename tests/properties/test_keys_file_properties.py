"""Whatever keys.yaml holds, there is a keymap or a list of faults: no traceback, no hang."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.config.keys import load_keymap
from opsdash.config.marked_yaml import parse_marked
from opsdash.core.discover import keys
from opsdash.core.errors import ConfigError
from opsdash.core.key_names import KeyNameError, key_named, textual_key, written_key
from opsdash.core.keymap import Keymap

GOOD = 'preset: vim\nkeys:\n  raw: "L"\n  copy: "ctrl+g,y"\n  wide: none\n  fold: ["_", "-"]\n'
BOMB = "keys: &a0 {x: y}\n" + "".join(
    f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


def outcome(path: Path, content: bytes) -> Keymap | ConfigError:
    """What comes of a file with this content."""
    path.write_bytes(content)
    try:
        return load_keymap(path, keys())
    except ConfigError as error:
        found = error
    assert found.faults
    assert all(str(fault).startswith(str(path)) for fault in found.faults)
    return found


def sound(keymap: Keymap) -> bool:
    """Nothing is lost, and no key means two things."""
    return not keymap.lost() and not keymap.clashes()


@pytest.mark.parametrize("cut", range(len(GOOD) + 1))
def test_a_file_cut_anywhere(tmp_path: Path, cut: int) -> None:
    found = outcome(tmp_path / "keys.yaml", GOOD.encode()[:cut])
    assert isinstance(found, ConfigError) or sound(found)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
    ],
    ids=["BOM", "CRLF"],
)
def test_what_editors_add_is_no_fault(tmp_path: Path, content: bytes) -> None:
    assert isinstance(outcome(tmp_path / "keys.yaml", content), Keymap)


@pytest.mark.parametrize(
    "content",
    [
        b"keys:\n\traw: x\n",
        b"[" * 5_000_000,
        b"{a: " * 1000,
        BOMB.encode(),
        b"keys: {raw: x, raw: x}",
        b"keys: {raw: *x}",
        b"keys: {? [a] : x}",
        b"keys: {raw: ?}",
        b"keys: !!python/object:os.system x",
        b"\xff\xfe",
        b"\0",
        b"preset: vim\n---\npreset: vim\n",
        b"keys: {raw: '" + b"x," * 400_000 + b"'}",
    ],
    ids=range(13),
)
def test_what_is_meant_to_hurt_is_a_fault(tmp_path: Path, content: bytes) -> None:
    assert isinstance(outcome(tmp_path / "keys.yaml", content), ConfigError)


IDS = st.sampled_from(sorted(keys().by_id()))
NAMES = st.one_of(
    st.sampled_from(["none", "e", "x", "y", "ctrl+g", "esc", "f5,q", "space", "up", "?"]),
    st.text(max_size=8),
    st.none(),
    st.booleans(),
    st.integers(-5, 15),
    st.lists(st.text(max_size=3), max_size=3),
)


@settings(max_examples=60)
@given(st.dictionaries(st.one_of(IDS, st.text(max_size=6)), NAMES, max_size=5))
def test_any_map_is_sound_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:

    path = tmp_path_factory.getbasetemp() / "any-keys.yaml"
    found = outcome(path, json.dumps({"keys": data}, ensure_ascii=False).encode("utf-8", "replace"))
    assert isinstance(found, ConfigError) or sound(found)


@given(st.text(max_size=12))
def test_a_name_is_a_key_that_can_be_written_again_or_is_refused(text: str) -> None:
    try:
        key = key_named(text)
    except KeyNameError:
        return
    assert key_named(key) == key
    if len(key) > 1 or ord(key) < 0x250:
        assert written_key(textual_key(key)) == key


def test_the_parser_itself_agrees_that_the_good_one_is_good(tmp_path: Path) -> None:
    assert parse_marked(tmp_path / "keys.yaml", GOOD).faults == []
