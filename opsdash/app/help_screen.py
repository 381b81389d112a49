"""Help: the keys that work where you are, and what signs, colours and words mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import ActiveBinding, BindingType

from opsdash.app.text_blocks import stacked
from opsdash.app.text_screen import TextScreen
from opsdash.core.health import Health
from opsdash.core.key_names import written_key
from opsdash.core.keymap import Keymap
from opsdash.core.program_keys import EVERYWHERE, FIELD, PICKER
from opsdash.widgets.bindings import binding_of
from opsdash.widgets.line import ROLES, Line, Role, Span, line
from opsdash.widgets.palette import Palette

MEANINGS = {
    Health.DOWN: "can't be reached, or nobody can log in",
    Health.CRIT: "broken, or about to break: act now",
    Health.WARN: "past a limit: act soon",
    Health.UNKNOWN: "no data, or too old to judge: never taken for OK",
    Health.OK: "nothing is wrong as far as is known",
}

MARK = "{mark}"
"""Stands for the sign of a marked row, which is the palette's to know."""

WORDS = (
    ("NEW", "first seen within the last half hour"),
    ("ack", "somebody has it in hand"),
    ("mute", "left alone on purpose, for a while"),
    ("maint", "the host is being worked on"),
    ("+2", "two more findings on this host: {nav.in} shows them"),
    ("AGE <5s", "fresh; 11m? is 11 minutes old: do not go by it"),
    ("▸ 12 OK", "twelve hosts that are well, folded away: {nav.in} shows them"),
    (MARK, "marked: {refresh} and {copy} are about the marked hosts"),
    ("FROZEN", "the screen stands still while polling goes on"),
    ("-", "not known; it is never shown as 0"),
    ("SINCE", "for how long the first reason holds"),
)
"""What words and signs of the pages mean; an id in braces stands for its key."""

NOT_HERE = (FIELD, PICKER)
"""What help tells too, though these keys count elsewhere."""


def key_blocks(bindings: Iterable[ActiveBinding], keymap: Keymap) -> list[list[Line]]:
    """The keys that work here, in blocks: this page, every page, moving, fields."""
    keys: dict[str, list[str]] = {}
    for active in bindings:
        if active.binding.id and active.enabled:
            keys.setdefault(active.binding.id, []).append(written_key(active.binding.key))
    blocks: dict[str, list[Line]] = {}
    for one in sorted(keymap.registry.sets, key=lambda each: not each.pages):
        for key in one.keys:
            here = keymap.keys[key.id] if one in NOT_HERE else keys.get(key.id, ())
            if here:
                head = [line(Span(one.title, Role.HEADING))]
                shown = _entry(" ".join(here), key.does, Role.ACCENT)
                blocks.setdefault(one.title, head).append(shown)
    return list(blocks.values())


def _entry(name: str, words: str, role: Role) -> Line:
    return line(Span(f"  {name:<16} ", role), words)


def help_lines(keys: Sequence[Sequence[Line]], palette: Palette, keymap: Keymap) -> list[Line]:
    """The page under its title: keys, signs, words."""
    signs = [
        _entry(f"{palette.glyph(health)} {health.name}", MEANINGS[health], ROLES[health])
        for health in sorted(Health, reverse=True)
    ]
    words = [
        _entry(word.replace(MARK, palette.mark), _with_keys(meaning, keymap), Role.STRONG)
        for word, meaning in WORDS
    ]
    more = ":keys lists every key of every page, and its id for keys.yaml"
    return stacked(
        [
            *keys,
            [line(Span("Signs: what a host's first letter says", Role.HEADING)), *signs],
            [line(Span("Words", Role.HEADING)), *words],
            [line(Span(more, Role.MUTED))],
        ]
    )


def _with_keys(words: str, keymap: Keymap) -> str:
    return re.sub(r"\{([\w.-]+)\}", lambda found: keymap.of(found[1]) or found[1], words)


class HelpScreen(TextScreen):
    """Help; the key that opened it closes it again."""

    columns = True

    BINDINGS: ClassVar[list[BindingType]] = [
        binding_of(replace(key, action="close", words="close", hint=False))
        for key in EVERYWHERE.keys
        if key.id == "help"
    ]

    def __init__(
        self,
        title: str,
        keys: Sequence[Sequence[Line]],
        palette: Callable[[], Palette],
        keymap: Keymap,
    ) -> None:
        super().__init__(f"Keys in {title}", help_lines(keys, palette(), keymap), palette)
