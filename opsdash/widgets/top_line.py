"""The first line of a page: its words, and the time of day in a widget of its own.

The clock stands alone because the terminal is sent a changed line from its beginning: ticking
inside the words would cost the whole line each second.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal

from opsdash.widgets.line import Line, Role, Span, spread, width_of
from opsdash.widgets.line_view import EdgeBar
from opsdash.widgets.palette import Palette

CLOCK = 9
"""Cells of the time of day, with a space before it."""


class TopLine(Horizontal):
    """Words at the left, more at the right, and the clock where there is room for it."""

    DEFAULT_CSS = """
    TopLine { height: 1; }
    TopLine > .clock { width: 9; display: none; }
    TopLine.-roomy > .clock { display: block; }
    TopLine > .words { width: 1fr; }
    """

    def __init__(self, look: Callable[[], Palette], dom_id: str) -> None:
        super().__init__(id=dom_id)
        self._words = EdgeBar(look)
        self._clock = EdgeBar(look)
        self._words.add_class("words")
        self._clock.add_class("clock")
        self._said: tuple[Line, Line, float] = ((), (), 0.0)
        self._past = ""

    def compose(self) -> ComposeResult:
        """Words and clock."""
        yield self._words
        yield self._clock

    def on_mount(self) -> None:
        """How long ago the past was grows while it is looked at."""
        self.set_interval(1.0, self._heed_past)

    def _heed_past(self) -> None:
        if self._past or self._moment():
            self.show(*self._said)

    def _moment(self) -> str:
        told = getattr(self.app, "moment_words", None)  # the program's own, where it has any
        return told() if told else ""

    def show(self, left: Line, right: Line, now: float) -> None:
        """Say these words at this time; the words come first when there is no room for both. In
        the place of the clock stands the moment of the past that is shown, whatever the room.
        """
        self._said = left, right, now
        self._past = past = self._moment()
        self._clock.styles.width = len(past) + 2 if past else CLOCK
        if past:
            width = max(0, self.size.width - len(past) - 2)
            self.add_class("-roomy")
            self._words.set_lines([spread(left, right, width) if right else left])
            self._clock.set_lines([(Span(f" {past} ", Role.PAST),)])
            return
        room = self.size.width - CLOCK
        roomy = width_of(left) + width_of(right) <= room or room >= 60
        self.set_class(roomy, "-roomy")
        width = room if roomy else self.size.width
        self._words.set_lines([spread(left, right, width) if right else left])
        clock = time.strftime(" %H:%M:%S", time.localtime(now))
        self._clock.set_lines([(Span(clock, Role.MUTED),)])
