"""Processes: who takes what on one host, whose children they are, and what each was told to do."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.monitor.host_keys import HostKeys
from opsdash.activities.monitor.host_top import ORDERS
from opsdash.activities.monitor.keymap import PROCESSES, PROCESSES_PAGE
from opsdash.activities.monitor.process_columns import (
    process_columns,
    process_lines,
    whole_process,
)
from opsdash.activities.monitor.process_list import FILTER_HELP, Process, arranged, processes
from opsdash.activities.monitor.process_reading import ProcessReading
from opsdash.activities.monitor.process_sought import Sought, found_among, parse_sought
from opsdash.core.program_keys import MOVING, ROWS
from opsdash.core.snapshot import HostState, Snapshot, triage
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import binding_of, bindings_of
from opsdash.widgets.detail_strip import title_of
from opsdash.widgets.filtered_page import FilteredPage
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.line_view import Bar
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import TopLine

DETAILS_FROM = 16
"""Rows from which there is room for the process under the cursor."""


class ProcessGrid(Grid[Process], inherit_bindings=False):
    """A list whose rows are looked at, and not marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(MOVING),
        *(binding_of(key) for key in ROWS.keys if key.id == "nav.in"),
    ]


class ProcessesPanel(HostKeys, FilteredPage):
    """The processes of one host. The cursor stays on its process wherever that goes."""

    slug: ClassVar[str] = "processes"
    title: ClassVar[str] = "Processes"
    takes: ClassVar[str] = "[PID]"
    filter_id: ClassVar[str] = "process-filter"
    filter_help: ClassVar[str] = FILTER_HELP

    DEFAULT_CSS = """
    ProcessesPanel > #process-note { display: none; }
    ProcessesPanel.-noted > #process-note { display: block; }
    ProcessesPanel > #process-grid { height: 1fr; }
    ProcessesPanel > #process-details { height: 5; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(PROCESSES, PROCESSES_PAGE)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.host = ""
        self._order = ORDERS[0]
        self._tree = False
        self._reading = ProcessReading()
        self._shown: dict[str, Process] = {}
        self._sought: Sought | None = None

    def compose(self) -> ComposeResult:
        """The host, what must be known of the list, the list, the process under the cursor."""
        look = self.desk.look
        yield TopLine(look, "process-title")
        yield Bar(look, "process-note")
        grid = ProcessGrid(self._shown.__getitem__, look, "process-grid")
        grid.columns = process_columns()
        yield grid
        yield Bar(look, "process-details")
        yield AskLine(look, "process-filter", "/")

    @property
    def grid(self) -> ProcessGrid:
        """The list."""
        return self.query_one("#process-grid", ProcessGrid)

    # -- which host -----------------------------------------------------------------------------

    def aim(self, host: str) -> None:
        """Be about this host from now on, from the top of its list."""
        if host != self.host:
            self.host, self._sought = host, None
            self.grid.steered = False

    def heed(self, words: str) -> None:
        """Go to the process of this id, once the host has told which there are."""
        try:
            self._sought = parse_sought(words, self.desk.wall())
        except ValueError as error:
            self.post_message(self.Said(str(error)))
            return
        self.filter_text = ""

    def pointed(self) -> str:
        """The host that the page is about."""
        return self.host

    def go_to(self, host: str) -> None:
        """The other pages follow."""
        super().go_to(host)
        self.post_message(self.HostPointed(host))

    def targets(self) -> tuple[str, ...]:
        """A refresh here is about this host."""
        return (self.host,) if self.host else ()

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the processes as they were at the last look."""
        if not self.host and snapshot.hosts:
            self.host = min(snapshot.hosts.values(), key=triage).name
        state = snapshot.hosts.get(self.host)
        if state is not None:
            self.desk.source.want(state.name, "ps", "procio")
        self._reading = ProcessReading(state, self.desk.now())
        found = processes(self._reading.rows, self._reading.moved)
        shown = arranged(found, self._order, tree=self._tree, filter_text=self.filter_text)
        self._shown.clear()
        self._shown |= {one.key: one for one in shown}
        self._show_heading(state, len(shown))
        self.grid.sorted_by = str(self._order)
        self.grid.nothing = self.own_keys(self._nothing(state))
        self.grid.set_keys([one.key for one in shown])
        self._seek(state, found)
        self._show_details()

    def _seek(self, state: HostState | None, there: list[Process]) -> None:
        """To the process that was asked for; whether it is gone a list of after that knows."""
        sought = self._sought
        if sought is None or not there:
            return
        one = found_among(sought, there, self._reading.at)
        if isinstance(one, Process) and not sought.shown:
            self._sought = replace(sought, shown=True)
            self.grid.point_to(one.key)
        if self._reading.at < sought.since_s and not (state is not None and state.past):
            return
        self._sought = None
        if isinstance(one, str):
            why = one if self._reading.is_whole else "is not among those that are listed"
            self.post_message(self.Said(f"process {sought.pid} {why}"))

    def _show_heading(self, state: HostState | None, shown: int) -> None:
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        name = title_of(state, self.desk.look()) if state is not None else line(self.host)
        how = f"{'tree, ' if self._tree else ''}by {self._order}"
        said = Span(f"  {self._reading.counted(shown, filtered=bool(self.filter_text))}, {how}")
        left = (trail, *name, said)
        self.query_one("#process-title", TopLine).show(left, self._reading.age(), self.desk.wall())
        notes = self._reading.notes(self._order)
        if self.filter_text and not self.asking.is_open:
            drop = f"  {key}: all" if (key := self.key("process.reset")) else ""
            notes = (Span(f"/{self.filter_text}{drop}", Role.ACCENT), Span("  "), *notes)
        self.set_class(bool(notes), "-noted")
        self.query_one("#process-note", Bar).set_lines(self.own_keys([notes]))

    def _nothing(self, state: HostState | None) -> list[Line]:
        if self.filter_text and self._reading.rows:
            return [line(Span(f"no process fits {self.filter_text}", Role.MUTED))]
        if state is None:
            return [line(Span(f"{self.host or 'no host'} is not in the fleet", Role.MUTED))]
        return self._reading.instead()

    def _show_details(self) -> None:
        bar = self.query_one("#process-details", Bar)
        bar.display = self.size.height >= DETAILS_FROM and bool(self._shown)
        one = self._under_cursor()
        if one is None or not bar.display:
            return
        place = f"{self.grid.cursor + 1}/{self.grid.line_count()}"
        bar.set_lines(process_lines(one, self._by_pid(), self._reading.at, place, self.size.width))

    def _under_cursor(self) -> Process | None:
        return self._shown.get(self.grid.cursor_key or "")

    def _by_pid(self) -> dict[int, Process]:
        return {one.pid: one for one in processes(self._reading.rows, self._reading.moved)}

    # -- keys -----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """escape drops the filter while there is one; else it is the program's."""
        if action == "all_processes":
            return bool(self.filter_text)
        if action == "filter_processes":
            return not isinstance(self.app.focused, Input)  # then the letter is text
        return super().check_action(action, parameters)

    def action_top_order(self) -> None:
        """Sort by the next resource."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self.draw()
        self.post_message(self.Said(f"processes by {self._order}"))

    def action_tree(self) -> None:
        """Children below their parents, or the greediest first."""
        self._tree = not self._tree
        self.draw()

    def action_filter_processes(self) -> None:
        """Type a filter; it holds while it is typed."""
        self.open_filter()

    def action_all_processes(self) -> None:
        """All of them again."""
        self.filter_by("")

    def action_copy(self) -> None:
        """The process under the cursor, in one line."""
        one = self._under_cursor()
        if one is None:
            self.post_message(self.Said("nothing to copy: no process is pointed at"))
            return
        text = f"{self.host}\t{one.pid}\t{one.user}\t{one.command}"
        self.post_message(self.CopyWanted(text, f"process {one.pid}"))

    # -- what the parts tell --------------------------------------------------------------------

    @on(Grid.RowPointed)
    def point_out(self, event: Grid.RowPointed) -> None:
        """The lines below follow the cursor."""
        event.stop()
        self._show_details()

    @on(Grid.RowChosen)
    def open_process(self, event: Grid.RowChosen) -> None:
        """All that is known of the process."""
        event.stop()
        one = self._shown.get(event.key)
        if one is not None:
            width = self.size.width - 4
            lines = whole_process(one, self._by_pid(), self._reading.at, width)
            title = f"{one.name} {one.pid} on {self.host}"
            self.post_message(self.PageWanted(title, lines))

    @on(Grid.HeadingChosen)
    def sort_by(self, event: Grid.HeadingChosen) -> None:
        """A heading sorts by what stands below it."""
        event.stop()
        self._order = next(order for order in ORDERS if str(order) == event.sort)
        self.draw()
