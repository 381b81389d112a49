"""Fleet: what is wrong, on how many hosts, on which, why, since when, and is it new?"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from opsdash.activities.monitor.fleet_columns import Shown, fleet_columns
from opsdash.activities.monitor.fleet_filter import understand_filter
from opsdash.activities.monitor.fleet_keys import DETAILS_FROM, FILTER_HELP, FleetKeys
from opsdash.activities.monitor.fleet_rows import view_line
from opsdash.activities.monitor.fleet_side import WIDTH as SIDE_WIDTH
from opsdash.activities.monitor.fleet_side import SideStrip
from opsdash.core.filter_words import FilterError
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.text import clean_line
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.detail_strip import details, rule, title_of
from opsdash.widgets.fleet_map import FleetMap
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Line, Role, Span, line, width_of, wrap
from opsdash.widgets.line_view import Bar
from opsdash.widgets.panel import Desk
from opsdash.widgets.summary_bar import summary
from opsdash.widgets.top_line import TopLine

SIDE_FROM = 150
"""Cells from which there is room for a strip beside the table."""


class FleetPanel(FleetKeys):
    """All hosts, the worst first, with the reason of each in words."""

    slug: ClassVar[str] = "fleet"
    title: ClassVar[str] = "Fleet"

    DEFAULT_CSS = """
    FleetPanel > #notices { display: none; }
    FleetPanel.-noticed > #notices { display: block; }
    FleetPanel > #view { display: none; }
    FleetPanel.-viewed > #view { display: block; }
    FleetPanel > #table { height: 1fr; }
    FleetPanel #fleet-grid { width: 1fr; height: 1fr; }
    FleetPanel #side { display: none; width: 48; height: 1fr; padding: 0 0 0 2; }
    FleetPanel.-sided #side { display: block; }
    FleetPanel > #details { height: 5; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._hosts: dict[str, HostState] = {}
        self._layout: tuple[object, ...] = ()
        self._longest_name = 0
        self._side = SideStrip()

    def compose(self) -> ComposeResult:
        """Summary, notices, map, the table with its side strip, details, and the filter."""
        look = self.desk.look
        yield TopLine(look, "summary")
        yield Bar(look, "notices")
        yield FleetMap(look, "map")
        yield Bar(look, "view")
        with Horizontal(id="table"):
            yield Grid[Shown](
                self._shown, look, "fleet-grid", banner=self._banner, members=self.rows.members
            )
            yield Bar(look, "side")
        yield Bar(look, "details")
        yield AskLine(look, "filter", "/")
        yield self.silencing

    def pointed(self) -> str:
        """The host under the cursor; empty on the line of several."""
        key = self.grid.cursor_key or ""
        return key if key in self._hosts else ""

    def chosen(self) -> tuple[str, ...]:
        """The marked hosts, else the one under the cursor, else those that its line stands for."""
        if marked := self.grid.marks.keys:
            return marked
        return self.rows.members(self.grid.cursor_key) if self.grid.cursor_key else ()

    def targets(self) -> tuple[str, ...]:
        """A refresh is about the marked hosts; without marks about all."""
        return self.grid.marks.keys

    def aim(self, host: str) -> None:
        """Bring the cursor to a host, also out of a fold."""
        if host == self.grid.cursor_key or host not in self._hosts:
            return
        if host not in self.rows.arranged.keys:
            self.rows.open_for(host)
            self._arrange()
        if host in self.rows.arranged.keys:
            self.grid.point_to(host)
        else:
            shows = f": {key} shows all hosts" if (key := self.key("filter.reset")) else ""
            self.post_message(self.Said(f"{host} does not fit the filter{shows}"))

    def stay(self) -> None:
        """The cursor does not go with the worst host any more."""
        self.grid.steered = True

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the fleet: sorted anew when it changed, otherwise only ages and the clock."""
        if self._hosts.keys() != snapshot.hosts.keys():
            self.grid.marks.forget_all_but(tuple(snapshot.hosts))
            names = (width_of((Span(host),)) for host in snapshot.hosts)
            self._longest_name = max(names, default=0)
        self._hosts = dict(snapshot.hosts)
        self._lay_out()
        self._show_summary(snapshot)
        self._arrange()
        marked = len(self.grid.marks)
        words = view_line(self.rows, len(self._hosts), marked)
        self.set_class(bool(words), "-viewed")
        self.query_one("#view", Bar).set_lines([words])
        by_kind = self.rows.by_kind(snapshot)
        self.query_one("#map", FleetMap).show(by_kind, self._map_rows(), self.size.width)
        self._show_side(snapshot)
        self._show_details()

    def _arrange(self) -> None:
        snapshot = self.desk.source.snapshot()
        self._hosts = dict(snapshot.hosts)
        room = self.grid.page_rows if self.grid.size.height else 0
        pinned = (self.grid.cursor_key or "") if self.grid.steered else ""
        arranged = self.rows.arrange(snapshot, room, self.desk.now(), pinned)
        self.grid.sorted_by = self.rows.view.sort
        self.grid.nothing = () if arranged.keys else self._why_empty()
        self.grid.set_keys(arranged.keys)

    def _why_empty(self) -> list[Line]:
        """Why no host is shown, and what would show some."""
        view = self.rows.view
        if not self._hosts:
            return [
                line(Span("no hosts: the hosts file names none", Role.STRONG)),
                line(Span("write some into it, then ", Role.MUTED), self.key("refresh")),
            ]
        why = [f"no host fits the filter {view.filter}"] if view.filter else []
        if view.problems:
            why.append("no host has a problem as far as is known")
        ways = [f"{key} shows all hosts again"] if (key := self.key("filter.reset")) else []
        if view.problems and (key := self.key("filter.problems")):
            ways.append(f"{key} those without problems too")
        said = line(Span(" and ".join(why) or "no host is shown", Role.STRONG))
        return [said, line(Span(", ".join(ways), Role.MUTED))]

    def _shown(self, host: str) -> Shown:
        marked = host in self.grid.marks
        return Shown(self._hosts[host], self.desk.now(), self.desk.look(), marked)

    def _banner(self, key: str, width: int) -> Line | None:
        marks = self.grid.marks
        marked = sum(host in marks for host in self.rows.members(key)) if len(marks) else 0
        return self.rows.banner(key, self.desk.look(), self.desk.now(), marked)

    def _map_rows(self) -> int:
        """Rows of the map: none where the table needs them, few where it does not."""
        height = self.size.height
        return 0 if height < 18 or len(self._hosts) < 2 else 1 if height < 28 else 4

    def _lay_out(self) -> None:
        """Columns follow the width that the table has and the longest host name."""
        view, height = self.rows.view, self.size.height
        sided = self.size.width >= SIDE_FROM and height >= 20 and not view.wide
        width = self.size.width - (SIDE_WIDTH + 2 if sided else 0)
        names = self._longest_name
        if self._layout != (names, width, view.wide):
            self._layout = (names, width, view.wide)
            self.grid.columns = fleet_columns(names, width, wide=view.wide)
        self.set_class(sided, "-sided")
        self.query_one("#details").display = height >= DETAILS_FROM and view.detail

    def _show_summary(self, snapshot: Snapshot) -> None:
        words = summary(snapshot, self.desk.title, self.desk.look())
        self.query_one("#summary", TopLine).show(words, (), self.desk.wall())
        notices = " · ".join(clean_line(notice) for notice in snapshot.notices)
        self.set_class(bool(notices), "-noticed")
        lines = wrap(notices, self.size.width)[: 2 if self.size.height >= 20 else 1]
        bar = self.query_one("#notices", Bar)
        bar.styles.height = len(lines)
        bar.set_lines([(Span(text, Role.WARN),) for text in lines])

    def _show_side(self, snapshot: Snapshot) -> None:
        side = self.query_one("#side", Bar)
        if self.has_class("-sided"):
            rows = self.grid.size.height or 20
            side.set_lines(self._side.lines(snapshot, self.desk.look(), self.desk.now(), rows))

    def _show_details(self) -> None:
        look, width = self.desk.look(), self.size.width
        key = self.grid.cursor_key or ""
        strip = self.query_one("#details", Bar)
        if key in self.rows.arranged.bundles:
            strip.set_lines(self._bundle_details(key))
            return
        state = self._hosts.get(key)
        if state is None:
            strip.set_lines([])
            return
        place = Span(f"{self.grid.cursor + 1}/{self.grid.line_count()}", Role.MUTED)
        head = rule(title_of(state, look), (place,), width)
        strip.set_lines([head, *self.own_keys(details(state, self.desk.now(), look, width))])

    def _bundle_details(self, key: str) -> list[Line]:
        bundle = self.rows.arranged.bundles[key]
        head = rule(line(Span(bundle.title, Role.STRONG)), (), self.size.width)
        names = " ".join(state.name for state in bundle.hosts)
        does = "shows them" if bundle.folded else "folds those that are well"
        words = {"nav.in": does, "fold": "does it everywhere", "mark.toggle": "marks them all"}
        keys = ", ".join(f"{key} {said}" for name, said in words.items() if (key := self.key(name)))
        return [head, line(names), line(Span(keys, Role.MUTED))]

    # -- what the parts tell --------------------------------------------------------------------

    @on(Grid.RowPointed)
    def point_out(self, event: Grid.RowPointed) -> None:
        """The details follow the cursor; so do the other panels."""
        event.stop()
        self._show_details()
        if event.key in self._hosts:
            self.post_message(self.HostPointed(event.key))

    @on(Grid.RowChosen)
    def open_host(self, event: Grid.RowChosen) -> None:
        """Enter opens the host in full, or what a line stands for."""
        event.stop()
        if event.key in self._hosts:
            self.post_message(self.HostChosen(event.key))
        elif event.key in self.rows.arranged.bundles:
            self.rows.turn(event.key)
            self.draw()

    @on(Grid.MarksChanged)
    @on(Grid.HeadingChosen)
    def heed_grid(self, event: Grid.MarksChanged | Grid.HeadingChosen) -> None:
        """Marks are counted, a heading sorts."""
        event.stop()
        if isinstance(event, Grid.HeadingChosen):
            self.sort_by(event.sort)
        self.draw()

    @on(FleetMap.CellChosen)
    def heed_map(self, event: FleetMap.CellChosen) -> None:
        """A cell of the map brings the cursor to its host."""
        event.stop()
        self.aim(event.host)
        self.stay()

    @on(AskLine.Typed)
    @on(AskLine.Dropped)
    def follow_filter(self, event: AskLine.Typed | AskLine.Dropped) -> None:
        """The rows follow what is typed; while it means nothing, what held before holds."""
        event.stop()
        text = event.text if isinstance(event, AskLine.Typed) else event.before
        try:
            understand_filter(text)
        except FilterError as error:
            self.asking.complain(str(error), error.start, error.end)
            return
        self.want(replace(self.rows.view, filter=text))
        self.asking.say(line(Span(FILTER_HELP, Role.MUTED)))
        if isinstance(event, AskLine.Dropped):
            self.take_focus()

    @on(AskLine.Entered)
    def take_filter(self, event: AskLine.Entered) -> None:
        """The filter is done; a wrong one stays open where it can be mended."""
        event.stop()
        try:
            understand_filter(event.text)
        except FilterError as error:
            self.asking.complain(str(error), error.start, error.end)
            return
        self.asking.close()
        self.remember_filter(event.text.strip())
        self.take_focus()
        self.draw()
        self.asking.hand_on()
