"""Chart: what a metric of one host, or of several, was: up to thirty days back, and on with now."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from opsdash.activities.monitor.chart_keys import ChartKeys
from opsdash.activities.monitor.chart_limits import limits_on, telling
from opsdash.activities.monitor.chart_page import ChartPage, Lane, page_lines
from opsdash.activities.monitor.chart_past import Wanted, is_kept, meant, remembered
from opsdash.activities.monitor.chart_window import span_for, span_words
from opsdash.activities.monitor.chart_words import about_line, why_nothing
from opsdash.core.axes import moment
from opsdash.core.metric_words import key_of, name_of
from opsdash.core.reading import SampleKey
from opsdash.core.snapshot import HostState, Snapshot, triage
from opsdash.core.text import count
from opsdash.core.tracks import TimeGrid, Track
from opsdash.widgets.chart_view import ChartView
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.panel import Desk
from opsdash.widgets.plot import GUTTER
from opsdash.widgets.top_line import TopLine
from opsdash.widgets.wording import is_old

MOST_HOSTS = 12
"""Hosts on one chart: more could not be told apart."""

USUAL: SampleKey = ("cpu.busy_ratio", "")


class ChartPanel(ChartKeys):
    """The past of a metric."""

    slug: ClassVar[str] = "chart"
    title: ClassVar[str] = "Chart"
    takes: ClassVar[str] = "[METRIC]"

    DEFAULT_CSS = """
    ChartPanel > #chart-view { height: 1fr; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._grid: TimeGrid | None = None

    def compose(self) -> ComposeResult:
        """What is shown, and the chart."""
        yield TopLine(self.desk.look, "chart-title")
        yield ChartView(self.desk.look, "chart-view")

    # -- what it is about -----------------------------------------------------------------------

    def gather(self, hosts: Sequence[str]) -> bool:
        """Be about these hosts, and about what is wrong with the first of them."""
        if len(hosts) > MOST_HOSTS:
            self.post_message(self.Said(f"the first {MOST_HOSTS} of {count(len(hosts), 'host')}"))
        self._take(tuple(hosts[:MOST_HOSTS]))
        return True

    def heed(self, words: str) -> None:
        """Show the metric of this name; of several file systems, disks and so on the fullest."""
        state = self.desk.source.snapshot().hosts.get(self.pointed())
        self.metric = meant(key_of(words.strip()), self.past.keys(self.states()), state)

    def aim(self, host: str) -> None:
        """Be about this host: the picked one, if it is on the chart already."""
        if host in self.hosts:
            self.picked = self.hosts.index(host)
        else:
            self._take((host,))

    def go_to(self, host: str) -> None:
        """The next problem: that host alone, and what is wrong with it."""
        self._take((host,))
        self.draw()
        self.post_message(self.HostPointed(host))

    def _take(self, hosts: tuple[str, ...]) -> None:
        self.hosts, self.picked = hosts, 0
        states = self.states()
        told = telling(states[0].findings, self.past.keys(states)) if states else None
        self.metric = told or self.metric

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw what has been read, and have read what has not."""
        if not self.hosts and snapshot.hosts:
            self._take((min(snapshot.hosts.values(), key=triage).name,))
        key = self.metric = self.metric or USUAL
        view = self.query_one("#chart-view", ChartView)
        self._grid = grid = self.columns()
        self.past.note(self.states(), key)
        self._read_if_due(grid, key)
        left, right = self._heading(key)
        self.query_one("#chart-title", TopLine).show(left, right, self.desk.wall())
        if self.hosts and view.size.height:
            page = self._page(snapshot, grid, key)
            view.set_lines(page_lines(page, view.size.width, view.size.height))
        else:
            view.set_lines([line(Span("there is no host to show", Role.STRONG))])

    def _read_if_due(self, grid: TimeGrid, key: SampleKey) -> None:
        now = self.desk.now()
        wanted = Wanted(self.hosts, key, grid.since - grid.column_s, min(grid.until, now))
        if self.hosts and self.past.is_due(wanted, now):
            intervals = {state.name: float(state.host.interval_s) for state in self.states()}

            async def read() -> None:
                await self.past.read(wanted, now, intervals)
                self._begin_with_what_is_known(now)
                self.draw()

            # no coroutine, which would be lost where another reading is wanted before it begins
            self.run_worker(read, group="past", exclusive=True)  # type: ignore[arg-type]

    def _begin_with_what_is_known(self, now: float) -> None:
        """A chart of six hours of which five are empty tells little: begin with less."""
        if self.touched:
            return
        self.touched = True
        begins = (self.past.holdings[host].since for host in self.hosts)
        known_s = max((now - since for since in begins if since is not None), default=0.0)
        span_s = min(self.window.span_s, span_for(known_s))
        self.window = self.window.spanning(span_s, self.desk.now())

    def _page(self, snapshot: Snapshot, grid: TimeGrid, key: SampleKey) -> ChartPage:
        known = remembered().get(key[0])
        unit = known.unit if known else ""
        lanes = [self._lane(snapshot, host, grid, unit) for host in self.hosts]
        picked, window = lanes[self.picked], self.window
        held = self.past.holdings.get(picked.host)
        return ChartPage(
            lanes,
            unit,
            grid,
            self.desk.now(),
            self.picked,
            window.cursor,
            window.live and not self.in_past,
            window.beside,
            window.whole,
            self.stroke(),
            about_line(known.help if known else "", picked.marks, held, grid),
            self.desk.look().theme.is_ansi,
            self.in_past,
        )

    def _lane(self, snapshot: Snapshot, host: str, grid: TimeGrid, unit: str) -> Lane:
        key, now, state = self.metric or USUAL, self.desk.now(), snapshot.hosts.get(host)
        track = self.past.track(host, key) or Track((), 10.0)
        columns = track.columns(grid, now)
        summary = track.summary(grid, columns)
        marks = limits_on(state.host, key[0], unit) if state else []
        note = "" if summary else self._why_nothing(host, state, grid)
        return Lane(host, columns, summary, _newest(state, key, now), marks, note)

    def _why_nothing(self, host: str, state: HostState | None, grid: TimeGrid) -> str:
        held = self.past.holdings.get(host)
        if held is None or self.past.busy:
            return "reading the history…"
        known = self.past.keys([state]) if state else list(held.keys)
        key = self.metric or USUAL
        return why_nothing(host, key, held, known=known, grid=grid)

    def _heading(self, key: SampleKey) -> tuple[Line, Line]:
        now, window = self.desk.now(), self.window
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        more = len(self.hosts) - 1
        name = Span(self.pointed() or "no host", Role.STRONG)
        others = Span(f" and {count(more, 'other')}" if more > 0 else "", Role.MUTED)
        left = line(trail, name, others, Span("  "), Span(name_of(key), Role.HEADING))
        if window.live and not self.in_past:
            words = f"the last {span_words(window.span_s)}"
        else:
            end = window.end(now)
            since, until = moment(end - window.span_s, now), moment(end, now)
            words = f"{since} to {until}"
        return left, line(Span(f"  {words}", Role.TEXT))

    # -- what the view tells --------------------------------------------------------------------

    @on(ChartView.Stepped)
    def pick_host(self, event: ChartView.Stepped) -> None:
        """Another host is the picked one."""
        event.stop()
        if len(self.hosts) < 2:
            return
        self.picked = min(max(0, self.picked + event.hosts), len(self.hosts) - 1)
        self.post_message(self.HostPointed(self.pointed()))
        self.draw()

    @on(ChartView.Pointed)
    def read_there(self, event: ChartView.Pointed) -> None:
        """A click puts the cursor there."""
        event.stop()
        grid, across = self._grid, self.stroke().dots[0]
        if grid is None:
            return
        cells = grid.count // across
        x = event.x
        if x >= GUTTER + cells:  # the chart at the right of two
            x -= GUTTER + cells + 3
        if 0 <= x - GUTTER < cells:
            at = grid.since + (x - GUTTER + 0.5) * grid.column_s * across
            self.look_at(self.window.pointing(min(at, self.desk.now())))


def _newest(state: HostState | None, key: SampleKey, now: float) -> float | None:
    """What a host says now; None: nothing, or nothing that is new."""
    if state is None or is_old(state, now) or not is_kept(state, key[0]):
        return None
    value = state.value(*key)
    return value if value is not None and isfinite(value) else None
