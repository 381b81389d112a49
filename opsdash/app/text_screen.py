"""A page of text over the present one: help, raw facts. It scrolls, it can be copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from opsdash.app.clipboard import copy
from opsdash.core.program_keys import TEXT
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.key_hints import KeyHints
from opsdash.widgets.keyed import Keyed
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.palette import Palette


class TextScreen(Keyed[None], ModalScreen[None]):
    """A title and lines; it does not change while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(TEXT)

    def __init__(self, title: str, lines: Sequence[Line], look: Callable[[], Palette]) -> None:
        super().__init__()
        self._heading = title
        self._lines = lines
        self._look = look

    def compose(self) -> ComposeResult:
        """The page, and how to leave it."""
        yield TextLines(self._look, "text-page")
        yield KeyHints(self._look)

    def on_mount(self) -> None:
        """Fill the page and give it the keys."""
        page = self.query_one("#text-page", TextLines)
        page.set_lines([line(Span(self._heading, Role.HEADING)), (), *self._lines])
        page.focus()

    def action_close(self) -> None:
        """Back to where you were."""
        self.dismiss()

    def action_copy(self) -> None:
        """The page as plain text."""
        text = "\n".join("".join(part.text for part in parts).rstrip() for parts in self._lines)
        self.query_one(KeyHints).say(copy(self.app, text, "the page"))
