"""Fleet: what is wrong, on how many hosts, on which, why, since when, and is it new?"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from opsdash.activities.monitor.fleet_columns import Shown, fleet_columns
from opsdash.core.snapshot import HostState, Snapshot, triage
from opsdash.core.text import clean_line
from opsdash.widgets.detail_strip import details, rule, title_of
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Line, Role, Span, line, width_of
from opsdash.widgets.line_view import Bar
from opsdash.widgets.panel import Desk, Panel
from opsdash.widgets.summary_bar import summary
from opsdash.widgets.top_line import TopLine


class FleetPanel(Panel):
    """All hosts, the worst first, with the reason of each in words."""

    slug: ClassVar[str] = "fleet"
    title: ClassVar[str] = "Fleet"
    view_key: ClassVar[str] = "1"

    DEFAULT_CSS = """
    FleetPanel > #notices { display: none; }
    FleetPanel.-noticed > #notices { display: block; }
    FleetPanel > #fleet-grid { height: 1fr; }
    FleetPanel > #details { height: 5; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._hosts: dict[str, HostState] = {}
        self._order: tuple[int, list[str]] = (-1, [])
        self._layout = (-1, -1)

    def compose(self) -> ComposeResult:
        """Summary, notices, the grid, and the details of the host under the cursor."""
        look = self.desk.look
        yield TopLine(look, "summary")
        yield Bar(look, "notices")
        yield Grid[Shown]([], self._shown, look, "fleet-grid")
        yield Bar(look, "details")

    @property
    def grid(self) -> Grid[Shown]:
        """The table of hosts."""
        return self.query_one("#fleet-grid", Grid)

    def show(self, snapshot: Snapshot) -> None:
        """Draw the fleet: sorted anew when it changed, otherwise only ages and the clock."""
        self._hosts = dict(snapshot.hosts)
        if snapshot.rev != self._order[0]:
            ranked = sorted(self._hosts.values(), key=triage)
            self._order = (snapshot.rev, [state.name for state in ranked])
        self._lay_out()
        self._show_summary(snapshot)
        self.grid.set_keys(self._order[1])
        self._show_details()

    def _shown(self, host: str) -> Shown:
        return Shown(self._hosts[host], self.desk.now(), self.desk.look())

    def _lay_out(self) -> None:
        """Columns follow the terminal's width and the longest host name."""
        names = max((width_of((Span(host),)) for host in self._hosts), default=0)
        if self._layout != (names, self.size.width):
            self._layout = (names, self.size.width)
            self.grid.columns = fleet_columns(names, self.size.width)
        details_fit = self.size.height >= 16
        self.query_one("#details").display = details_fit

    def _show_summary(self, snapshot: Snapshot) -> None:
        words = summary(snapshot, self.desk.title, self.desk.look())
        self.query_one("#summary", TopLine).show(words, (), self.desk.now())
        notices = " · ".join(clean_line(notice) for notice in snapshot.notices)
        self.set_class(bool(notices), "-noticed")
        self.query_one("#notices", Bar).set_lines([(Span(notices, Role.WARN),)])

    def _show_details(self) -> None:
        look, width = self.desk.look(), self.size.width
        state = self._hosts.get(self.grid.cursor_key or "")
        if state is None:
            self.query_one("#details", Bar).set_lines(_nothing(width))
            return
        place = Span(f"{self.grid.cursor + 1}/{len(self._hosts)}", Role.MUTED)
        head = rule(title_of(state, look), (place,), width)
        lines = details(state, self.desk.now(), look, width)
        self.query_one("#details", Bar).set_lines([head, *lines])

    @on(Grid.RowPointed)
    def point_out(self, event: Grid.RowPointed) -> None:
        """The details follow the cursor; so do the other panels."""
        event.stop()
        self._show_details()
        self.post_message(self.HostPointed(event.key))

    @on(Grid.RowChosen)
    def open_host(self, event: Grid.RowChosen) -> None:
        """Enter opens the host in full."""
        event.stop()
        self.post_message(self.HostChosen(event.key))


def _nothing(width: int) -> list[Line]:
    return [rule(line("no hosts"), (), width), line("the hosts file names no host")]
