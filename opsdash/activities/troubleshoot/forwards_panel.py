"""Forwards: the ports of this machine that lead to hosts, and what goes through each."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsdash.activities.troubleshoot.forward_columns import COLUMNS, nothing
from opsdash.activities.troubleshoot.keymap import FORWARDS
from opsdash.core.forward import Forward
from opsdash.core.program_keys import MOVING, ROWS
from opsdash.core.snapshot import Snapshot
from opsdash.core.text import count
from opsdash.widgets.bindings import binding_of, bindings_of
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Role, Span, line
from opsdash.widgets.line_view import Bar
from opsdash.widgets.panel import Desk, Panel
from opsdash.widgets.top_line import TopLine


class ForwardGrid(Grid[tuple[Forward, float]], inherit_bindings=False):
    """A list whose rows are looked at, and not marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(MOVING),
        *(binding_of(key) for key in ROWS.keys if key.id == "nav.in"),
    ]


class ForwardsPanel(Panel):
    """All forwarded ports of this run."""

    slug: ClassVar[str] = "forwards"
    title: ClassVar[str] = "Forwards"

    DEFAULT_CSS = """
    ForwardsPanel > #forwards-grid { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(FORWARDS)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shown: dict[str, Forward] = {}
        self._host = ""

    def compose(self) -> ComposeResult:
        """The heading, the list, and what the last failure was."""
        look = self.desk.look
        yield TopLine(look, "forwards-title")
        yield ForwardGrid(self._of_key, look, "forwards-grid")
        yield Bar(look, "forwards-note")

    @property
    def grid(self) -> ForwardGrid:
        """The list."""
        return self.query_one("#forwards-grid", ForwardGrid)

    def _of_key(self, key: str) -> tuple[Forward, float]:
        return self._shown[key], self.desk.wall()

    def aim(self, host: str) -> None:
        """The next forward is of this host, as long as the list is empty."""
        self._host = host

    def pointed(self) -> str:
        """The host of the row under the cursor, else the one that was looked at before."""
        one = self._under_cursor()
        return one.host if one is not None else self._host

    def _under_cursor(self) -> Forward | None:
        return self._shown.get(self.grid.cursor_key or "")

    def show(self, snapshot: Snapshot) -> None:
        """Draw what is open now."""
        found = self.desk.source.forwards.all()
        self._shown = {str(one.id): one for one in found}
        grid = self.grid
        grid.columns = COLUMNS
        grid.nothing = nothing(self._host, self.key("cmd.open"))
        grid.set_keys(list(self._shown))
        said = count(len(found), "forwarded port") if found else "no forwarded ports"
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        title = (trail, Span("forwards", Role.STRONG), Span(f"  {said}"))
        self.query_one("#forwards-title", TopLine).show(title, (), self.desk.wall())
        self._show_note()

    def _show_note(self) -> None:
        one = self._under_cursor()
        said = ""
        if one is not None and not one.up:
            said = f"{one.host} is not connected: this forward waits, and works again when it is"
        elif one is not None and one.said:
            said = f"{one.said}; on the host, ss -ltn tells what listens"
        self.query_one("#forwards-note", Bar).set_lines([line(Span(said, Role.WARN))])

    @on(Grid.RowPointed)
    def follow(self, event: Grid.RowPointed) -> None:
        """What is told below is about the row under the cursor."""
        event.stop()
        self._show_note()

    @on(Grid.RowChosen)
    def open_host(self, event: Grid.RowChosen) -> None:
        """Enter shows the host."""
        event.stop()
        one = self._shown.get(event.key)
        if one is not None:
            self.post_message(self.HostChosen(one.host))

    def action_close_forward(self) -> None:
        """End the one under the cursor."""
        one = self._under_cursor()
        if one is None:
            self.post_message(self.Said("nothing to close: no port is forwarded"))
        else:
            self.run_worker(self._close(one), name="close forward")

    async def _close(self, one: Forward) -> None:
        await self.desk.source.forwards.close(one.id)
        cut = f", {count(one.open, 'connection')} cut" if one.open else ""
        self.post_message(self.Said(f"{one.at} to {one.host} is closed{cut}"))
        self.draw()

    def action_copy_forward(self) -> None:
        """The address of the row, to be pasted into a browser or a client."""
        one = self._under_cursor()
        if one is None:
            self.post_message(self.Said("nothing to copy: no port is forwarded"))
        else:
            self.post_message(self.CopyWanted(one.at, one.at))
