"""Help: the keys that work where you are, and what signs, colours and words mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import ActiveBinding, BindingType

from opsdash.app.text_screen import TextScreen
from opsdash.core.health import Health
from opsdash.core.key_names import written_key
from opsdash.core.program_keys import EVERYWHERE
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

WORDS = (
    ("NEW", "first seen within the last half hour"),
    ("ack", "somebody has it in hand"),
    ("mute", "left alone on purpose, for a while"),
    ("+2", "two more findings on this host: enter shows them"),
    ("AGE <5s", "fresh; 11m? is 11 minutes old: do not go by it"),
    ("▸ 12 OK", "twelve hosts that are well, folded away: enter shows them"),
    ("◆", "marked: ctrl+r and c are about the marked hosts"),
    ("FROZEN", "the screen stands still while polling goes on"),
    ("-", "not known; it is never shown as 0"),
    ("SINCE", "for how long the first reason holds"),
)


def key_lines(bindings: Iterable[ActiveBinding]) -> list[Line]:
    """One line per action that has a key and a description, its keys side by side."""
    keys: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for active in bindings:
        binding = active.binding
        if binding.id and binding.description and active.enabled:
            keys.setdefault(binding.id, []).append(written_key(binding.key))
            words[binding.id] = binding.tooltip or binding.description
    # moving comes last: everybody tries the arrows anyway
    order = sorted(keys, key=lambda name: name.startswith("move."))
    return [_entry(", ".join(keys[name]), words[name], Role.ACCENT) for name in order]


def _entry(name: str, words: str, role: Role) -> Line:
    return line(Span(f"  {name:<20} ", role), words)


def help_lines(keys: Sequence[Line], palette: Palette) -> list[Line]:
    """The page under its title: keys, signs, words."""
    signs = [
        _entry(f"{palette.glyph(health)} {health.name}", MEANINGS[health], ROLES[health])
        for health in sorted(Health, reverse=True)
    ]
    words = [_entry(word, meaning, Role.STRONG) for word, meaning in WORDS]
    return [
        *keys,
        (),
        line(Span("Signs: what a host's first letter says", Role.HEADING)),
        *signs,
        (),
        line(Span("Words", Role.HEADING)),
        *words,
    ]


class HelpScreen(TextScreen):
    """Help; its own keys close it again too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # the key that opened it, whichever it is
        binding_of(replace(key, action="close", words="close", hint=False))
        for key in EVERYWHERE.keys
        if key.id == "help"
    ]

    def __init__(self, title: str, keys: Sequence[Line], look: Callable[[], Palette]) -> None:
        super().__init__(f"Keys in {title}", help_lines(keys, look()), look)
