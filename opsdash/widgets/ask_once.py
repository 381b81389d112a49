"""A line that is typed once, at the foot of a page, and given to whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on

from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.line import Line, Role, Span, line, wrap
from opsdash.widgets.palette import Palette

Take = Callable[[str], None]
"""Takes what was typed; ValueError says what is wrong with it, and it is typed on."""


class AskOnce(AskLine):
    """`back` gives the keys to the page again, whatever came of it."""

    def __init__(self, look: Callable[[], Palette], dom_id: str, back: Callable[[], None]) -> None:
        super().__init__(look, dom_id, ">")
        self._back = back
        self._take: Take | None = None
        self._words: tuple[Line, ...] = ()

    def ask(self, words: str, history: Sequence[str], take: Take) -> None:
        """Ask for a line; `words` say of what."""
        self._take = take
        lines = wrap(words, self.screen.size.width)
        self._words = tuple(line(Span(text, Role.MUTED)) for text in lines)
        self.open("", history)
        self.say(*self._words)

    @on(AskLine.Typed)
    def _typed_on(self, event: AskLine.Typed) -> None:
        event.stop()
        self.say(*self._words)

    @on(AskLine.Dropped)
    def _dropped(self, event: AskLine.Dropped) -> None:
        event.stop()
        self._take = None
        self._back()

    @on(AskLine.Entered)
    def _given(self, event: AskLine.Entered) -> None:
        event.stop()
        take = self._take
        if take is None:
            return
        try:
            take(event.text)
        except ValueError as error:
            self.complain(str(error), 0, max(1, len(event.text)))
            return
        self._take = None
        self.close()
        self._back()
        self.hand_on()
