"""Host: what hurts on this machine, since when, and everything else that is known of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsdash.activities.monitor.alert_keys import AlertKeys
from opsdash.activities.monitor.host_areas import areas_section, odd_lines
from opsdash.activities.monitor.host_brief import brief_figures
from opsdash.activities.monitor.host_containers import containers_section
from opsdash.activities.monitor.host_figures import (
    cpu_section,
    disk_io_section,
    file_systems_section,
    memory_section,
    network_section,
    pressure_section,
)
from opsdash.activities.monitor.host_guests import gpu_section, guests_section
from opsdash.activities.monitor.host_hardware import hardware_section
from opsdash.activities.monitor.host_inventory import inventory_section
from opsdash.activities.monitor.host_ports import ports_section
from opsdash.activities.monitor.host_probes import probes_section
from opsdash.activities.monitor.host_sections import (
    Page,
    label,
    sources_section,
    system_section,
    traits,
    units_section,
    why_section,
)
from opsdash.activities.monitor.host_storage import storage_section
from opsdash.activities.monitor.host_top import ORDERS, top_section
from opsdash.activities.monitor.host_users import users_section
from opsdash.activities.monitor.keymap import PROCESSES
from opsdash.core.snapshot import HostState, LinkState, Snapshot, triage
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.detail_strip import title_of
from opsdash.widgets.keyed import keymap_of
from opsdash.widgets.line import Line, Role, Span, beside, line, width_of
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import CLOCK, TopLine
from opsdash.widgets.wording import age, reason

TWO_COLUMNS_FROM = 120
"""Cells from which the figures and the words stand side by side."""


class HostPanel(AlertKeys):
    """One host in full; it scrolls."""

    slug: ClassVar[str] = "host"
    title: ClassVar[str] = "Host"

    DEFAULT_CSS = """
    HostPanel > #host-page { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(PROCESSES)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.host = ""
        self._order = ORDERS[0]

    def compose(self) -> ComposeResult:
        """The host's name and state, and the page about it."""
        yield TopLine(self.desk.look, "host-title")
        yield TextLines(self.desk.look, "host-page")
        yield self.silencing

    def aim(self, host: str) -> None:
        """Be about this host from now on, from the top of its page."""
        if host != self.host:
            self.host = host
            self.query_one("#host-page", TextLines).action_first()

    def pointed(self) -> str:
        """The host that the page is about."""
        return self.host

    def go_to(self, host: str) -> None:
        """The other pages follow."""
        super().go_to(host)
        self.post_message(self.HostPointed(host))

    def action_top_order(self) -> None:
        """Sort the processes by the next resource."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self.draw()
        self.post_message(self.Said(f"processes by {self._order}"))

    def targets(self) -> tuple[str, ...]:
        """A refresh here is about this host."""
        return (self.host,) if self.host else ()

    def show(self, snapshot: Snapshot) -> None:
        """Draw all that is known of the host; without one, of the worst of the fleet."""
        if not self.host and snapshot.hosts:
            self.host = min(snapshot.hosts.values(), key=triage).name
        state = snapshot.hosts.get(self.host)
        if state is not None:
            self.desk.source.want(state.name, *WANTED)
        left, right = self._heading(state)
        self.query_one("#host-title", TopLine).show(left, right, self.desk.wall())
        lines = self._no_host() if state is None else self._page(state)
        self.query_one("#host-page", TextLines).set_lines(self.own_keys(lines))

    def _no_host(self) -> list[Line]:
        """Why there is nothing to see, and where there is something."""
        what = f"{self.host} is not in the fleet" if self.host else "there is no host to show"
        ways = {"host.jump": "jumps to a host", "view.fleet": "shows the fleet"}
        keys = [f"{key} {does}" for name, does in ways.items() if (key := self.key(name))]
        return [line(Span(what, Role.STRONG)), line(Span(", ".join(keys), Role.MUTED))]

    def _heading(self, state: HostState | None) -> tuple[Line, Line]:
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        if state is None:
            return line(trail, self.host or "no host"), ()
        now = self.desk.now()
        why = reason(state, now)
        said = Span(f"  {why.text}", why.role)
        left = line(trail, *title_of(state, self.desk.look()), said)
        old = f"  age {age(state, now)}"
        room = self.size.width - CLOCK - width_of(left) - len(old) - 2
        known = traits(state)
        while known and len("  ".join(known)) > room:
            known.pop()
        return left, line(Span("  ".join(known) + old, Role.MUTED))

    def _page(self, state: HostState) -> list[Line]:
        """The same blocks in the same order at every size: what is wrong always comes first."""
        width = self.size.width
        page = Page(state, self.desk.now(), self.desk.look(), width)
        top = [*why_section(page), *self._doctor(state), *areas_section(page), *odd_lines(page), ()]
        if width < TWO_COLUMNS_FROM:
            return [*top, *_stacked(page, brief_figures, self._top, *RUNNING, *FIGURES, *ABOUT)]
        half = Page(state, page.now, page.palette, (width - 3) // 2)
        right = _stacked(half, self._top, *RUNNING, *ABOUT)
        return [*top, *beside(_stacked(half, *FIGURES), right, width)]

    def _top(self, page: Page) -> list[Line]:
        ways = {"top.order": "next", "view.processes": "all"}
        keys = [f"{key}: {does}" for name, does in ways.items() if (key := self.key(name))]
        return top_section(page, self._order, ", ".join(keys))

    def _doctor(self, state: HostState) -> list[Line]:
        """How to find out more of a host that can't be reached."""
        key = keymap_of(self.app).of("doctor")
        if state.link.state is not LinkState.DOWN or not key:
            return []
        words = "doctor: examines the way there, and says what mends it"
        return [line(label(""), Span(f"  {key} ", Role.ACCENT), Span(words, Role.TEXT))]


WANTED = (
    "top",
    "procio",
    "ports",
    "listeners",
    "sessions",
    "containers",
    "engines",
    "gpu",
    "guests",
    "inventory",
    "nameplate",
)
"""What is asked on demand while this page is open."""

FIGURES = (
    cpu_section,
    memory_section,
    pressure_section,
    file_systems_section,
    disk_io_section,
    network_section,
    gpu_section,
    hardware_section,
    storage_section,
)
"""The resources, each in full."""

RUNNING = (
    probes_section,
    units_section,
    ports_section,
    users_section,
    containers_section,
    guests_section,
)
"""What runs on it."""

ABOUT = (system_section, inventory_section, sources_section)
"""What it is, and where all this comes from."""


def _stacked(page: Page, *sections: Callable[[Page], list[Line]]) -> list[Line]:
    lines: list[Line] = []
    for section in sections:
        drawn = section(page)
        lines += [*drawn, ()] if drawn else ()
    return lines
