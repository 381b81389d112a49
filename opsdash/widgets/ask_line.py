"""A line to type in at the foot of a page: what is typed is told at once, what is wrong is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from opsdash.core.program_keys import FIELD
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.key_hints import tell
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.line_view import Bar
from opsdash.widgets.palette import Palette
from opsdash.widgets.typed_ahead import Field

LONGEST = 500
"""Characters that can be typed: what is longer was pasted by mistake."""

SHORT = 10
"""Rows of a screen that is too low for more than what is typed itself."""


class AskLine(Vertical):
    """Hidden until it is opened. Up and down bring back what was typed before."""

    DEFAULT_CSS = """
    AskLine { display: none; height: auto; }
    AskLine.-open { display: block; }
    AskLine > Horizontal { height: 1; background: $surface; }
    AskLine .sign { width: 2; }
    AskLine Input { width: 1fr; background: $surface; }
    """

    takes_typing = True
    """While it has the keys, no other key of the page counts."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(FIELD)

    class Typed(Message):
        """The text is this now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Entered(Message):
        """The text is as the user wants it: close(), or complain() and let it be mended."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Dropped(Message):
        """The user wants it as it was before."""

        def __init__(self, before: str) -> None:
            super().__init__()
            self.before = before

    def __init__(self, look: Callable[[], Palette], dom_id: str, sign: str) -> None:
        super().__init__(id=dom_id)
        self._look = look
        self._sign = sign
        self._before = ""
        self._history: Sequence[str] = ()
        self._place = -1

    def compose(self) -> ComposeResult:
        """What is wrong, and below it the field behind its sign."""
        yield Bar(self._look, "ask-said")
        with Horizontal():
            yield Bar(self._look, "ask-sign")
            yield Field(compact=True, id="ask-field", select_on_focus=False, max_length=LONGEST)

    def on_mount(self) -> None:
        """A cursor that blinks would cost bytes for as long as it is there."""
        self._field.cursor_blink = False
        sign = self.query_one("#ask-sign", Bar)
        sign.add_class("sign")
        sign.set_lines([line(Span(self._sign, Role.ACCENT))])

    @property
    def _field(self) -> Field:
        return self.query_one("#ask-field", Field)

    @property
    def is_open(self) -> bool:
        """Whether somebody is typing here."""
        return self.has_class("-open")

    def open(self, text: str, history: Sequence[str]) -> None:
        """Type from here on; `text` is what holds now."""
        self._before, self._history, self._place = text, history, -1
        self.add_class("-open")
        # what was said last time must not come back: while it is hidden no part of it is repainted
        self.query_one("#ask-said", Bar).repaint()
        self._field.begin(text)
        # at once and not by and by: what is typed fast behind the key is text already
        self.screen.set_focus(self._field)

    def close(self) -> None:
        """Nobody types here any more."""
        self.remove_class("-open")

    def hand_on(self) -> None:
        """What was typed behind enter is for whoever has the keys now."""
        self._field.hand_on()

    def fill(self, text: str) -> None:
        """As if this had been typed."""
        self._field.value = text
        self._field.cursor_position = len(text)

    def say(self, *lines: Line) -> None:
        """What is to be said of the text, above it, where there is room."""
        if self.screen.size.height < SHORT:
            lines = ()
        said = self.query_one("#ask-said", Bar)
        said.styles.height = len(lines)
        said.set_lines(lines)

    def complain(self, text: str, start: int, end: int) -> None:
        """What is wrong with the text, and above which letters of it."""
        self._field.go_on()
        pointer = " " * (len(self._sign) + 1 + start) + "v" * max(1, end - start)
        self.say(line(Span(text, Role.WARN)), line(Span(pointer, Role.WARN)))

    def action_drop(self) -> None:
        """As it was before."""
        self.close()
        self.post_message(self.Dropped(self._before))

    def action_older(self, steps: int) -> None:
        """What was typed before, or after that again."""
        if not self._history:
            tell(self.screen, "nothing was typed here before")
            return
        place = min(max(-1, self._place + steps), len(self._history) - 1)
        self._place = place
        self._field.value = self._history[place] if place >= 0 else self._before
        self._field.cursor_position = len(self._field.value)

    @on(Input.Changed, "#ask-field")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        # of a burst of keys only the last one counts: the others are not what is there any more
        if self.is_open and event.value == self._field.value:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted, "#ask-field")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(event.value))
