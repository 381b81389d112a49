"""Timeline: what happened on a host or on several, beside how they fared, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.monitor.host_keys import HostKeys
from opsdash.activities.monitor.keymap import TIMELINE
from opsdash.activities.monitor.story import SHOWN_S, lacking, story, waiting, wanted
from opsdash.activities.monitor.timeline_rows import (
    FILTER_HELP,
    columns,
    counted,
    day_line,
    rows,
    whole,
)
from opsdash.activities.monitor.told_events import ToldEvents
from opsdash.core.clock_offset import clock_ahead_s
from opsdash.core.happening import Happening
from opsdash.core.log_span import log_words
from opsdash.core.program_keys import MOVING, ROWS
from opsdash.core.snapshot import HostState, LinkState, Snapshot, triage
from opsdash.core.text import count, duration
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import binding_of, bindings_of
from opsdash.widgets.detail_strip import title_of
from opsdash.widgets.filtered_page import FilteredPage
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.line_view import Bar
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import TopLine

CLOCK_OFF_S = 2.0
"""From so many seconds on it is said that a host's clock was corrected."""


class TimelineGrid(Grid[Happening], inherit_bindings=False):
    """A list whose rows are looked at, and not marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(MOVING),
        *(binding_of(key) for key in ROWS.keys if key.id == "nav.in"),
    ]


class TimelinePanel(HostKeys, FilteredPage):
    """What happened on some hosts."""

    slug: ClassVar[str] = "timeline"
    title: ClassVar[str] = "Timeline"
    takes: ClassVar[str] = "[TEXT]"
    filter_id: ClassVar[str] = "timeline-filter"
    filter_help: ClassVar[str] = FILTER_HELP

    DEFAULT_CSS = """
    TimelinePanel > #timeline-note { display: none; }
    TimelinePanel.-noted > #timeline-note { display: block; }
    TimelinePanel > #timeline-grid { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(TIMELINE)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.hosts: tuple[str, ...] = ()
        self._several: bool | None = None
        self._led = False
        self._shown: dict[str, Happening | None] = {}
        self._events = ToldEvents(self, SHOWN_S)

    def compose(self) -> ComposeResult:
        """The hosts, what must be known of the list, and the list."""
        look = self.desk.look
        yield TopLine(look, "timeline-title")
        yield Bar(look, "timeline-note")
        yield TimelineGrid(self._of_key, look, "timeline-grid", banner=self._banner)
        yield AskLine(look, "timeline-filter", "/")

    @property
    def grid(self) -> TimelineGrid:
        """The list."""
        return self.query_one("#timeline-grid", TimelineGrid)

    def _of_key(self, key: str) -> Happening:
        found = self._shown[key]
        assert found is not None, "a day has no cells"  # noqa: S101 - day_line() speaks for it
        return found

    def _banner(self, key: str, _width: int) -> Line | None:
        return day_line(key, self.desk.now())

    # -- which hosts ----------------------------------------------------------------------------

    def gather(self, hosts: Sequence[str]) -> bool:
        """Be about these hosts from now on; a filter that another page led here with is dropped."""
        if self._led:
            self._led, self.filter_text = False, ""
        self._turn_to(tuple(hosts))
        return True

    def heed(self, words: str) -> None:
        """Only what fits these words."""
        self.filter_by(words)
        self._led = True

    def aim(self, host: str) -> None:
        """Be about this host from now on, unless it is among those that the page is about."""
        if host not in self.hosts:
            self._turn_to((host,))

    def _turn_to(self, hosts: tuple[str, ...]) -> None:
        if hosts != self.hosts:
            self.hosts = hosts
            self.grid.steered = False

    def pointed(self) -> str:
        """The host of the row under the cursor, else the first."""
        one = self._under_cursor()
        return one.host if one is not None else next(iter(self.hosts), "")

    def chosen(self) -> tuple[str, ...]:
        """The next page is about the same hosts."""
        return self.hosts

    def go_to(self, host: str) -> None:
        """The other pages follow."""
        self._turn_to((host,))
        self.draw()
        self.post_message(self.HostPointed(host))

    def words_for(self, slug: str) -> str:
        """The logs of the time of the row under the cursor."""
        one = self._under_cursor()
        if slug != "logs" or one is None:
            return ""
        return log_words(one.at, self.desk.now(), until=one.at)

    def targets(self) -> tuple[str, ...]:
        """A refresh here is about these hosts."""
        return self.hosts

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw what is known by now."""
        if not self.hosts and snapshot.hosts:
            self.hosts = (min(snapshot.hosts.values(), key=triage).name,)
        states = [snapshot.hosts[name] for name in self.hosts if name in snapshot.hosts]
        for state in states:
            self.desk.source.want(state.name, *wanted(state))
        events = self._events.look(self.desk.now())
        shown = rows(story(states, snapshot.changes, events), self.filter_text)
        self._shown.clear()
        self._shown |= shown
        several = len(self.hosts) > 1
        if several is not self._several:
            self.grid.columns = columns(several=several)
            self._several = several
        self._show_heading(states)
        self.grid.nothing = self.own_keys(self._nothing(states))
        self.grid.set_keys(list(shown))

    def _show_heading(self, states: Sequence[HostState]) -> None:
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        name = line(Span(count(len(states), "host"), Role.STRONG))
        if len(states) == 1:
            name = title_of(states[0], self.desk.look())
        said = Span(f"  timeline: {counted(self._shown.values())}")
        self.query_one("#timeline-title", TopLine).show((trail, *name, said), (), self.desk.wall())
        notes = self._notes(states)
        if self.filter_text and not self.asking.is_open:
            drop = f"  {key}: all" if (key := self.key("timeline.reset")) else ""
            notes = (Span(f"/{self.filter_text}{drop}", Role.ACCENT), Span("  "), *notes)
        self.set_class(bool(notes), "-noted")
        self.query_one("#timeline-note", Bar).set_lines(self.own_keys([notes]))

    def _notes(self, states: Sequence[HostState]) -> Line:
        """What is missing, and whose clock was corrected."""
        said = [text] if (text := waiting(states)) else []
        for state in states:
            ahead_s = clock_ahead_s(state) or 0.0
            prefix = f"{state.name}: " if len(states) > 1 else ""
            if abs(ahead_s) >= CLOCK_OFF_S:
                where = "ahead" if ahead_s > 0 else "behind"
                said.append(f"{prefix}its clock is {duration(abs(ahead_s))} {where}: corrected")
            said += [f"{prefix}{text}" for text in lacking(state)]
        return line(Span(" · ".join(said), Role.MUTED)) if said else ()

    def _nothing(self, states: Sequence[HostState]) -> list[Line]:
        if self.filter_text:
            return [line(Span(f"nothing fits {self.filter_text}", Role.MUTED))]
        if not states:
            return [line(Span("there is no host to tell of", Role.MUTED))]
        if all(state.link.state is not LinkState.UP for state in states):
            return [
                line(Span("not reachable: what happened there is told when it is", Role.UNKNOWN))
            ]
        return [line(Span("nothing is known to have happened in the last 48 hours", Role.MUTED))]

    def _under_cursor(self) -> Happening | None:
        return self._shown.get(self.grid.cursor_key or "")

    # -- keys -----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """escape drops the filter while there is one; else it is the program's."""
        if action == "all_happenings":
            return bool(self.filter_text)
        if action == "filter_happenings":
            return not isinstance(self.app.focused, Input)  # then the letter is text
        return super().check_action(action, parameters)

    def action_filter_happenings(self) -> None:
        """Type a filter; it holds while it is typed."""
        self.open_filter()

    def action_all_happenings(self) -> None:
        """All of them again."""
        self.filter_by("")

    def action_copy(self) -> None:
        """The row under the cursor, in one line."""
        one = self._under_cursor()
        if one is None:
            self.post_message(self.Said("nothing to copy: go to a row"))
            return
        at = self.grid_time(one)
        self.post_message(self.CopyWanted(f"{at}\t{one.host}\t{one.kind}\t{one.words}", "the row"))

    @staticmethod
    def grid_time(one: Happening) -> str:
        """When it happened, for a ticket: with its date."""
        return whole(one, one.at, 200)[1][1].text.partition(" on the clock")[0]

    # -- what the parts tell --------------------------------------------------------------------

    @on(Grid.RowChosen)
    def open_row(self, event: Grid.RowChosen) -> None:
        """All of what happened."""
        event.stop()
        one = self._shown.get(event.key)
        if one is not None:
            lines = whole(one, self.desk.now(), self.size.width - 4)
            self.post_message(self.PageWanted(f"what happened on {one.host}", lines))
