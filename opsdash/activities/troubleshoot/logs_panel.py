"""Logs: those of one host or of many, merged by time, live; what is new, and where errors rise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from opsdash.activities.troubleshoot import log_head
from opsdash.activities.troubleshoot.keymap import LOGS
from opsdash.activities.troubleshoot.log_keys import LogKeys
from opsdash.activities.troubleshoot.log_kinds_rows import kind_columns
from opsdash.activities.troubleshoot.log_rows import (
    Known,
    entry_lines,
    hues_of,
    layout,
    parting,
    plain,
)
from opsdash.activities.troubleshoot.log_wish import words_of
from opsdash.core.log_kinds import Kind
from opsdash.core.log_record import LogRecord
from opsdash.core.snapshot import Snapshot
from opsdash.core.text import count
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.detail_strip import rule
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Line, Role, Span, line, wrap
from opsdash.widgets.line_view import Bar
from opsdash.widgets.log_view import LogView
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import TopLine

SIEVE_PAUSE_S = 0.03
SIEVE_S = 0.02
"""How long the filter may look at lines in one go: keys are answered in between."""

TALL_FROM = 30
"""Rows from which there is room for the line under the cursor."""

LOW = 16
"""Rows of a screen on which lines are worth more than notes."""

TINY = 12
"""Rows of a screen on which lines are worth more than rates, and all notes stand in one line."""

GUTTER_FROM = 40
"""Rows from which there is room for a histogram with a row for each host."""

BESIDE_FROM = 140
"""Cells from which the patterns stand beside the lines, and not below them."""


class LogsPanel(LogKeys):
    """The logs of the hosts that were chosen last."""

    slug: ClassVar[str] = "logs"
    title: ClassVar[str] = "Logs"
    moves_by_itself: ClassVar[bool] = True
    takes: ClassVar[str] = "[unit:NAME] [since:-1h] [TEXT]"

    DEFAULT_CSS = """
    LogsPanel > #log-parts { height: 1fr; layout: vertical; }
    LogsPanel #log-view { height: 2fr; width: 1fr; min-height: 4; }
    LogsPanel #log-kinds { height: 1fr; display: none; }
    LogsPanel.-kinds #log-kinds { display: block; }
    LogsPanel.-beside > #log-parts { layout: horizontal; }
    LogsPanel.-beside #log-view { height: 1fr; width: 2fr; }
    LogsPanel.-beside #log-kinds { height: 1fr; width: 1fr; margin: 0 0 0 1; }
    LogsPanel > #log-detail { height: 3; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(LOGS)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows: dict[str, Kind] = {}
        self._sifts = False

    def compose(self) -> ComposeResult:
        """Whose they are, rates, hosts, the lines, their patterns, the line under the cursor."""
        look = self.desk.look
        yield TopLine(look, "log-title")
        yield Bar(look, "log-rates")
        yield Bar(look, "log-notes")
        with Container(id="log-parts"):
            view = LogView(self._count, self._drawn, look, "log-view")
            view.parted = self._parted
            yield view
            yield Grid[Kind](self._rows.__getitem__, look, "log-kinds")
        yield Bar(look, "log-detail")
        yield AskLine(look, "log-filter", "/")

    @property
    def grid(self) -> Grid[Kind]:
        """The patterns."""
        return self.query_one("#log-kinds", Grid)

    # -- drawing --------------------------------------------------------------------------------

    def news(self) -> object:
        """How many lines have come, and how far the filter is."""
        return (self.feed.rev if self.feed is not None else -1, self.sifted())

    def show(self, snapshot: Snapshot) -> None:
        """Draw what there is by now."""
        feed = self.feed_of(snapshot)
        moved = self.sift(SIEVE_S)
        kinds = self.kinds_shown and feed is not None
        beside = self.size.width >= BESIDE_FROM
        self.set_class(kinds, "-kinds")
        self.set_class(beside, "-beside")
        width = self.size.width * 2 // 3 if kinds and beside else self.size.width
        self.layout_now = layout(
            width, feed.hosts if feed else (), self.column, wrapped=self.wrapped
        )
        self.hues = hues_of(feed.hosts if feed is not None else ())
        there = self.seek()
        self._show_head()
        self.view.nothing = self._nothing()
        self.view.show_entries(0 if there else moved)
        if kinds:
            self._show_kinds()
        self._show_detail()
        if not self.sieve_done() and not self._sifts:
            self._sifts = True
            self.set_timer(SIEVE_PAUSE_S, self._sift_on)

    def _sift_on(self) -> None:
        """The filter goes on at once, between keys; not only when there is news."""
        self._sifts = False
        self.look_for_news()

    def _show_head(self) -> None:
        feed = self.feed
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        words: Line = (trail, Span("Logs", Role.STRONG))
        if feed is not None:
            whose = feed.hosts[0] if len(feed.hosts) == 1 else count(len(feed.hosts), "host")
            words = (
                *words,
                Span(f"  {whose}", Role.ACCENT),
                Span(f"  {words_of(feed.query)}", Role.TEXT),
                Span(f"  {self.counted()}", Role.MUTED),
            )
        self.query_one("#log-title", TopLine).show(words, self._badges(), self.desk.wall())
        self._fill("#log-rates", self._bars())
        self._fill("#log-notes", self.own_keys(self._notes()))

    def _fill(self, bar_id: str, lines: Sequence[Line]) -> None:
        """As many rows as there are lines."""
        bar = self.query_one(bar_id, Bar)
        bar.display = bool(lines)
        bar.styles.height = max(1, len(lines))
        bar.set_lines(lines)

    def _bars(self) -> list[Line]:
        """Errors over time, and who talks most."""
        feed, (width, height) = self.feed, self.size
        if feed is None or height < TINY:
            return []
        now, look = self.desk.wall(), self.desk.look()
        bars: list[Line] = []
        if width >= BESIDE_FROM and height >= GUTTER_FROM:
            bars = log_head.gutter(feed, self.hues, look, now, width)
        bars = bars or [log_head.rates(feed, self.hues, look, now, width)]
        return [*bars, log_head.talkers(feed, self.hues, width)]

    def _notes(self) -> list[Line]:
        """What the lines are filtered by, and what is not there."""
        height = self.size.height
        sieved: list[Line] = []
        if self.filter_text and not self.asking.is_open:
            drop = f"  {key}: all" if (key := self.key("logs.reset")) else ""
            near = f"  {count(self.around, 'line')} around each" if self.around else ""
            sieved = [line(Span(f"/{self.filter_text}{near}{drop}", Role.ACCENT))]
        if self.feed is None:
            return sieved
        if sieved and height < TINY:
            return [(*sieved[0], *log_head.worth_knowing(self.feed))]
        return [*sieved, *log_head.notes(self.feed)[: 1 if height < LOW else None]]

    def _badges(self) -> Line:
        if self.feed is None:
            return ()
        if self.feed.paused:
            return (Span(" PAUSED ", Role.PAST),)
        if not self.feed.query.follow:
            return (Span(" NOT LIVE ", Role.MUTED),)
        following = Span(" FOLLOW ", Role.OK) if self.view.follow else Span(" HELD ", Role.WARN)
        of_now = self._moment is not None
        past = (Span(" THESE LINES ARE OF NOW ", Role.WARN),) if of_now else ()
        return (*past, following)

    def _nothing(self) -> Sequence[Line]:
        feed = self.feed
        if feed is None:
            return [line(Span("no host is chosen: go to one, and open its logs", Role.MUTED))]
        if self.filter_text:
            words = "no line fits" if self.sieve_done() else "looking for lines that fit"
            return [line(Span(f"{words} {self.filter_text}", Role.MUTED))]
        if len(feed.missing()) == len(feed.hosts):
            return [line(Span("none of these hosts is heard", Role.UNKNOWN))]
        return [line(Span("no lines have come so far", Role.MUTED))]

    def _count(self) -> int:
        return self.found()

    def _drawn(self, place: int) -> Sequence[Line]:
        entry = self.entry(place)
        if entry is None:
            return [()]
        new = isinstance(entry, LogRecord) and self.is_new(entry)
        known = Known(self.repeats(place), new, self.passes(place))
        return entry_lines(entry, self.layout_now, self.hues, known)

    def _parted(self, place: int) -> Line | None:
        return parting(self.layout_now) if self.is_parted(place) else None

    def _show_kinds(self) -> None:
        feed = self.feed
        if feed is None:
            return
        self.grid.columns = kind_columns()
        ranked = feed.kinds.ranked()
        self._rows.clear()
        self._rows |= {f"{kind.program}\0{kind.pattern}": kind for kind in ranked}
        self.grid.set_keys(list(self._rows))

    def _show_detail(self) -> None:
        strip = self.query_one("#log-detail", Bar)
        entry = self.under_cursor()
        strip.display = entry is not None and self.size.height >= TALL_FROM
        if entry is None or not strip.display:
            return
        width = self.size.width
        head, *rest = wrap(plain(entry), width - 1)
        place = Span(f"{self.view.cursor + 1:,}/{self.found():,}", Role.MUTED)
        lines: list[Line] = [rule((Span("line ", Role.MUTED), place), (), width), (Span(head),)]
        strip.set_lines([*lines, *((Span(one),) for one in rest[:1])])

    # -- what the parts tell --------------------------------------------------------------------

    @on(LogView.Pointed)
    @on(LogView.FollowChanged)
    def follow_cursor(self, event: LogView.Pointed | LogView.FollowChanged) -> None:
        """The line below, what is said of following, and the other pages go with the cursor."""
        event.stop()
        self._seeks = False
        self.draw()
        if isinstance(event, LogView.Pointed) and self.pointed():
            self.post_message(self.HostPointed(self.pointed()))

    @on(LogView.Chosen)
    def open_line(self, event: LogView.Chosen) -> None:
        """Enter shows all of a line."""
        event.stop()
        self.open_entry()

    @on(Grid.RowPointed)
    def keep_pattern(self, event: Grid.RowPointed) -> None:
        """A pattern is only pointed at."""
        event.stop()

    @on(Grid.RowChosen)
    def open_pattern(self, event: Grid.RowChosen) -> None:
        """Enter on a pattern goes to its last line."""
        event.stop()
        if kind := self._rows.get(event.key):
            self.go_to_kind(kind)
