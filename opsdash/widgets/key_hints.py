"""The last line: the keys that matter now, read from the bindings that are in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from textual.app import App
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from opsdash.core.key_names import written_key
from opsdash.widgets.line import Line, Role, Span, join, line, spread, width_of
from opsdash.widgets.line_view import EdgeBar
from opsdash.widgets.palette import Palette

MOST = 8
"""Keys that one line may name: more are read by nobody."""


def hints(bindings: Iterable[ActiveBinding], width: int) -> Line:
    """``enter open  ? help  q back``: as many as fit, each action once, by its first key."""
    seen: set[str] = set()
    parts: list[Line] = []
    for active in bindings:
        binding = active.binding
        if not binding.show or not active.enabled or (binding.id or binding.action) in seen:
            continue
        seen.add(binding.id or binding.action)
        name = Span(written_key(binding.key), Role.ACCENT)
        parts.append(line(name, Span(f" {binding.description}", Role.MUTED)))
    while len(parts) > MOST or (parts and width_of(join(parts, Span("  "))) > width):
        # the last ones are help and back, which must stay: what goes is before them
        parts.pop(-3 if len(parts) > 2 else 0)
    return join(parts, Span("  "))


class KeyHints(EdgeBar):
    """The bar of keys; for a moment it can say a sentence instead."""

    def __init__(self, look: Callable[[], Palette]) -> None:
        super().__init__(look, "keys")
        self._sentence: Line = ()
        self._quiet: Timer | None = None
        self._shown: Line = ()

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.update())
        self.set_interval(1.0, self._heed_badges)
        self.update()

    def _heed_badges(self) -> None:
        """What the program says of itself on every screen may have changed."""
        if self._badges() != self._shown:
            self.update()

    def _badges(self) -> Line:
        told = getattr(self.app, "badges", None)  # the program's own, where it has any
        return told() if told else ()

    def on_resize(self) -> None:
        """Another width has room for other keys."""
        self.update()

    def say(self, text: str, for_s: float = 2.0) -> None:
        """Show a sentence in place of the keys for some seconds."""
        self._sentence = line(Span(text, Role.STRONG))
        self.update()
        if self._quiet is not None:
            self._quiet.stop()
        self._quiet = self.set_timer(for_s, self._be_quiet)

    def _be_quiet(self) -> None:
        self._sentence = ()
        self.update()

    def update(self) -> None:
        """Show what holds now."""
        if not self.is_mounted:
            return
        self._shown = badges = self._badges()
        room = self.size.width - width_of(badges)
        keys = self._sentence or hints(active_bindings(self.app), room - len(badges))
        if badges and room < 1:
            self.set_lines([badges])  # what is true of the whole screen before any key
        else:
            self.set_lines([spread(keys, badges, self.size.width) if badges else keys])


def tell(screen: Screen[Any], text: str, for_s: float = 2.0) -> None:
    """Say one sentence in the last line of a screen, for some seconds."""
    for bar in screen.query(KeyHints):
        bar.say(text, for_s)


def active_bindings(app: App[Any]) -> list[ActiveBinding]:
    """All bindings in force, those of the focused widget first.

    While somebody types, letters are text: then only the keys of what is typed in count.
    """
    found = list(app.screen.active_bindings.values())
    focused = app.focused
    if not isinstance(focused, Input):
        return found
    near = (*focused.ancestors_with_self,)
    end = next((n for n, node in enumerate(near) if getattr(node, "takes_typing", False)), None)
    return found if end is None else [one for one in found if one.node in near[: end + 1]]
