"""A page of text over the present one: help, raw facts. It scrolls, can be searched and copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from opsdash.app.clipboard import copy
from opsdash.app.once import OnceScreen
from opsdash.app.text_blocks import blocks_of, holding, plain, side_by_side, stacked
from opsdash.core.program_keys import SEARCH, TEXT
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.key_hints import KeyHints
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.palette import Palette

TWO_COLUMNS_FROM = 130
"""Cells from which blocks of lines that fit stand side by side, where a page wants it."""


class TextScreen(OnceScreen[None]):
    """A title and lines, which may be searched."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SEARCH, TEXT)

    columns = False
    """Whether its blocks may stand side by side."""

    def __init__(self, title: str, lines: Sequence[Line], look: Callable[[], Palette]) -> None:
        super().__init__()
        self._heading = title
        self._blocks = blocks_of(lines)
        self._look = look
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """The page, what is searched for, and how to leave it."""
        yield TextLines(self._look, "text-page")
        yield AskLine(self._look, "text-find", "/")
        yield KeyHints(self._look)

    def on_mount(self) -> None:
        """Fill the page and give it the keys."""
        self._show()
        self.page.focus()

    def on_resize(self) -> None:
        """Another width may have room for two columns."""
        self._show()

    def fill(self, lines: Sequence[Line]) -> None:
        """Other lines from now on: what a page tells while it works."""
        self._blocks = blocks_of(lines)
        if self.is_mounted:
            self._show()

    @property
    def page(self) -> TextLines:
        """Where the text stands."""
        return self.query_one("#text-page", TextLines)

    @property
    def _asking(self) -> AskLine:
        return self.query_one("#text-find", AskLine)

    def _show(self) -> None:
        found = holding(self._blocks, self._wanted) if self._wanted else self._blocks
        heading = [Span(self._heading, Role.HEADING)]
        if self._wanted:
            heading.append(Span(f"  lines that hold {self._wanted}", Role.STRONG))
        width = self.size.width - 2
        wide = self.columns and width >= TWO_COLUMNS_FROM and len(found) > 1
        lines = side_by_side(found, width) if wide else stacked(found)
        if not lines:
            lines = [line(Span(f"no line holds {self._wanted!r}", Role.MUTED))]
        self.page.set_lines([tuple(heading), (), *lines])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, the letter that opens the field is text."""
        return action != "find" or not isinstance(self.focused, Input)

    def action_find(self) -> None:
        """Show only the lines that hold what is typed, while it is typed."""
        self._asking.open(self._wanted, ())

    @on(AskLine.Typed)
    def follow(self, event: AskLine.Typed) -> None:
        """The page follows what is typed."""
        event.stop()
        self._want(event.text)

    @on(AskLine.Entered)
    def take(self, event: AskLine.Entered) -> None:
        """It stays so; the page has the keys again."""
        event.stop()
        self._want(event.text)
        self._leave_field()
        self._asking.hand_on()

    @on(AskLine.Dropped)
    def drop(self, event: AskLine.Dropped) -> None:
        """As it was before."""
        event.stop()
        self._want(event.before)
        self._leave_field()

    def _leave_field(self) -> None:
        self._asking.close()
        self.set_focus(self.page)

    def _want(self, words: str) -> None:
        self._wanted = words.strip()
        self._show()
        self.page.action_first()

    def action_close(self) -> None:
        """Back to where you were: first to every line, then to the page below."""
        if self._wanted:
            self._want("")
        else:
            self.dismiss()

    def action_copy(self) -> None:
        """What is shown as plain text."""
        found = holding(self._blocks, self._wanted) if self._wanted else self._blocks
        what = "the lines that are shown" if self._wanted else "the page"
        text = "\n".join(plain(parts) for parts in stacked(found))
        self.query_one(KeyHints).say(copy(self.app, text, what))
