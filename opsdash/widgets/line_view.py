"""A scrolling view of lines that repaints only what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from opsdash.core.program_keys import MOVING
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.boundary import Undrawable, attempt
from opsdash.widgets.line import Line, Role, Span
from opsdash.widgets.palette import Palette
from opsdash.widgets.strips import changed_cells, paint


class _Painted(NamedTuple):
    """What stands on one screen row: the line, whether it is lit by the cursor, and its strip."""

    parts: Line
    lit: bool
    strip: Strip


class LineView(ScrollView, can_focus=True, inherit_bindings=False):
    """Base of everything that shows live lines.

    A subclass says how many lines there are and what each one is (`line_count`, `line_at`); only
    lines on the screen are ever asked for. `sync()` compares them with what was painted and marks
    the cells that differ, so bytes to the terminal follow the change and not the size of the table.
    """

    DEFAULT_CSS = """
    LineView {
        scrollbar-size: 0 0;
        overflow-x: hidden;
        overflow-y: auto;
        background: $background;
        color: $foreground;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(MOVING)

    raised = False
    """Whether it stands out from the page by its background."""

    header_rows = 0
    """Rows at the top that stay while the rest scrolls."""

    def __init__(self, look: Callable[[], Palette], dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self.look = look
        self._painted: dict[int, _Painted] = {}
        self.repainted = 0
        """Rows that sync() found changed since the start: what tests and budgets look at."""

    # -- for subclasses -------------------------------------------------------------------------

    def line_count(self) -> int:
        """How many lines there are, headers apart."""
        return 0

    def line_at(self, index: int) -> Line:
        """The line at `index`; below 0 a header row: -1 is the last of them."""
        return ()

    def is_lit(self, index: int) -> bool:
        """Whether the cursor is on this line."""
        return False

    # -- painting -------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """A new theme makes every strip old."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.repaint())

    def on_resize(self) -> None:
        """A taller screen leaves no empty room below while lines are hidden above."""
        self.show_from(self.scroll_offset.y)

    def on_show(self) -> None:
        """What changed out of sight is on the screen now."""
        self.sync()

    def repaint(self) -> None:
        """Draw everything anew."""
        self._painted.clear()
        self.refresh()

    def sync(self) -> None:
        """Repaint what changed among the lines on the screen, and nothing else.

        Out of sight it has no size, but Textual keeps its strips and shows them again: what they
        hold must not be forgotten here.
        """
        size = Size(0, self.line_count() + self.header_rows)
        if size.height != self.virtual_size.height:
            # set without its watchers: they lay the whole screen out anew and repaint it
            self.set_reactive(LineView.virtual_size, size)
            self.show_from(self.scroll_offset.y)
        if not self.size.height:
            return
        for y in list(self._painted):
            if y >= self.size.height:
                del self._painted[y]
            else:
                self._sync_row(y)

    def _sync_row(self, y: int) -> None:
        before = self._painted[y]
        index = self._index_at(y)
        parts, lit = self._content(index)
        if (parts, lit) == (before.parts, before.lit):
            return
        after = self._paint(parts, lit)
        self._painted[y] = after
        if before.strip.cell_length != after.strip.cell_length:
            start, end = 0, self.size.width
        else:
            start, end = changed_cells(before.strip, after.strip)
        if end > start:
            self.repainted += 1
            self.refresh(Region(start, y, end - start, 1))

    def render_line(self, y: int) -> Strip:
        """The strip of one screen row; Textual asks for those that were marked."""
        painted = self._painted.get(y)
        if painted is None or painted.strip.cell_length != self.size.width:
            painted = self._painted[y] = self._paint(*self._content(self._index_at(y)))
        return painted.strip

    def _index_at(self, y: int) -> int:
        if y < self.header_rows:
            return y - self.header_rows
        return y - self.header_rows + self.scroll_offset.y

    def _content(self, index: int) -> tuple[Line, bool]:
        if index >= self.line_count():
            return (), False
        parts = attempt(lambda: self.line_at(index))
        if isinstance(parts, Undrawable):
            parts = (Span(parts.text, Role.UNKNOWN),)
        return parts, index >= 0 and self.is_lit(index)

    def _paint(self, parts: Line, lit: bool) -> _Painted:
        palette = self.look()
        styles = palette.on_cursor if lit else palette.on_surface if self.raised else palette.styles
        return _Painted(parts, lit, paint(parts, self.size.width, palette, styles))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """After scrolling every row shows another line."""
        if round(old_value) != round(new_value):
            self._painted.clear()
        super().watch_scroll_y(old_value, new_value)

    # -- moving ---------------------------------------------------------------------------------

    @property
    def page_rows(self) -> int:
        """How many lines fit on the screen at once."""
        return max(1, self.size.height - self.header_rows)

    def action_move(self, rows: int) -> None:
        """Scroll by so many lines."""
        self.show_from(self.scroll_offset.y + rows)

    def action_move_page(self, pages: float) -> None:
        """Move by pages; a part of one is rounded down, but at least one line."""
        rows = max(1, int(abs(pages) * self.page_rows))
        self.action_move(rows if pages > 0 else -rows)

    def action_first(self) -> None:
        """To the first line."""
        self.action_move(-self.line_count())

    def action_last(self) -> None:
        """To the last line."""
        self.action_move(self.line_count())

    def show_from(self, index: int) -> None:
        """Scroll so that the line at `index` is the first, as far as there are lines below it."""
        last = max(0, self.line_count() - self.page_rows)
        self.scroll_to(y=min(max(0, index), last), animate=False, force=True)


class TextLines(LineView):
    """Lines that are handed in: paragraphs, bars, whole pages."""

    def __init__(self, look: Callable[[], Palette], dom_id: str | None = None) -> None:
        super().__init__(look, dom_id)
        self.lines: Sequence[Line] = ()

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines; those that did not change are not painted again."""
        self.lines = lines
        self.sync()

    def line_count(self) -> int:
        """As many as were handed in."""
        return len(self.lines)

    def line_at(self, index: int) -> Line:
        """The line as it was handed in."""
        return self.lines[index]


class Bar(TextLines, can_focus=False):
    """A few lines that never take the focus: notices, details."""

    DEFAULT_CSS = """
    Bar {
        height: 1;
        overflow-y: hidden;
    }
    """


class EdgeBar(Bar):
    """A bar at an edge of the screen: summary, keys."""

    raised = True
