"""Keys as data: what the screens bind is what is declared, and no key means two things at once."""

from __future__ import annotations

from typing import Any

import pytest
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding
from textual.keys import _character_to_key
from textual.widget import Widget

from opsdash import app, widgets
from opsdash.app.help_screen import HelpScreen
from opsdash.app.keys_in_force import KeysInForce
from opsdash.app.main import OpsdashApp
from opsdash.app.panels import find_panels
from opsdash.core.discover import keys, modules_in
from opsdash.core.key_names import KeyNameError, key_named, textual_key, written_key
from opsdash.core.keymap import Keymap
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.keyed import Keyed


def every(kind: type[Any]) -> list[type[Any]]:
    """A class and all of the program that derive from it."""
    below: list[type[Any]] = kind.__subclasses__()
    return [kind, *(found for one in below for found in every(one))]


@pytest.fixture(scope="module", autouse=True)
def all_loaded() -> None:
    """Every module that may hold a screen."""
    find_panels()
    for package in (app, widgets):
        list(modules_in(package.__name__))


def declared() -> dict[str, Binding]:
    """What each declared key is as a binding."""
    made = bindings_of(*keys().sets)
    return {one.id: one for one in made if isinstance(one, Binding) and one.id}


def test_every_binding_of_the_program_is_declared_in_a_keymap() -> None:
    ours = [
        kind
        for kind in (*every(Widget), *every(KeysInForce))
        if kind.__module__.startswith("opsdash.") and kind is not HelpScreen
    ]
    assert OpsdashApp in ours
    bound = {
        binding.id: binding
        for kind in ours
        for binding in kind.__dict__.get("BINDINGS", [])
        if isinstance(binding, Binding)
    }
    assert bound == declared(), (
        "declare it in a keymap.py (core/program_keys.py), bind bindings_of()"
    )


def test_every_screen_of_the_program_follows_the_keymap() -> None:
    from textual.screen import Screen

    ours = [kind for kind in every(Screen) if kind.__module__.startswith("opsdash.")]
    assert [kind for kind in ours if not issubclass(kind, Keyed)] == []


def test_every_page_has_a_key_and_is_called_the_same() -> None:
    by_id = keys().by_id()
    titles = {f"view.{kind.slug}": kind.title for kind in find_panels()}
    assert titles == {name: by_id[name].words for name in by_id if name.startswith("view.")}
    slugs = {kind.slug for kind in find_panels()}
    assert {page for one in keys().sets for page in one.pages} == slugs


def test_no_usual_key_means_two_things_at_once() -> None:
    usual = Keymap(keys())
    assert usual.clashes() == {}
    assert usual.lost() == {}


def test_every_usual_key_is_the_name_of_one() -> None:
    for key in keys():
        assert tuple(key_named(name) for name in key.keys) == key.keys


@pytest.mark.parametrize("code", range(33, 127))
def test_characters_are_called_as_textual_calls_them(code: int) -> None:
    assert textual_key(chr(code)) == _character_to_key(chr(code))
    assert written_key(textual_key(chr(code))) == chr(code)


def sendable() -> set[str]:
    """What Textual makes of all that terminals send."""
    sent = {chr(code) for code in range(33, 127)}
    names = {_character_to_key(char) for char in sent}
    for made in ANSI_SEQUENCES_KEYS.values():
        if isinstance(made, tuple):
            names |= {getattr(key, "value", key) for key in made}
    return names


MODS = ("", "ctrl+", "shift+")
WORDS = ("enter", "esc", "tab", "space", "pgdn", "pgup", "del", "ins", "home", "up", "f5", "a", "]")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("mod", MODS)
def test_a_name_that_is_accepted_is_a_key_that_terminals_send(mod: str, word: str) -> None:
    try:
        key = key_named(mod + word)
    except KeyNameError:
        return
    assert textual_key(key) in sendable()
    assert written_key(textual_key(key)) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("escape", "esc"),
        ("PageDown", "pgdn"),
        ("Return", "enter"),
        ("G", "G"),
        ("+", "+"),
        ("ctrl+X", "ctrl+x"),
        ("Ctrl+\\", "ctrl+\\"),
        ("alt+x", "alt+x"),
        ("ö", "ö"),
        ("shift+tab", "shift+tab"),
        ("F5", "f5"),
    ],
)
def test_people_write_keys_in_their_own_ways(text: str, key: str) -> None:
    assert key_named(text) == key


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("entre", "did you mean enter?"),
        ("gg", "one key at a time"),
        ("ZZ", "one key at a time"),
        ("ctrl+i", "a terminal sends tab for it"),
        ("ctrl+m", "a terminal sends enter for it"),
        ("ctrl+h", "a terminal sends backspace for it"),
        ("ctrl+1", "nothing of its own"),
        ("ctrl+shift+a", "at most"),
        ("shift+a", "write A"),
        ("alt+1", "small letters only"),
        ("super+a", "super+ is no such thing"),
        ("", "no key is called so"),
        (" ", "no key is called so"),
        ("ctrl+", "no key is called so"),
        ("\x1b", "no key is called so"),
        ("f25", "did you mean f"),
    ],
)
def test_what_is_no_key_is_told_with_what_may_be_meant(text: str, why: str) -> None:
    with pytest.raises(KeyNameError, match="(?s).*" + why.replace("+", r"\+").replace("?", r"\?")):
        key_named(text)
