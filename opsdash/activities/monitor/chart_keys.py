"""The keys of the chart page: which metric, how much time, which moment, drawn how."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.monitor.chart_page import plot_width
from opsdash.activities.monitor.chart_past import ChartPast, remembered
from opsdash.activities.monitor.chart_window import SPANS_S, ChartWindow, span_words
from opsdash.activities.monitor.host_keys import HostKeys
from opsdash.activities.monitor.keymap import CHART
from opsdash.core.history import DAY_S
from opsdash.core.metric_words import name_of, short_name
from opsdash.core.reading import SampleKey
from opsdash.core.snapshot import HostState
from opsdash.core.tracks import TimeGrid
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.canvas import Stroke
from opsdash.widgets.entries import Entry
from opsdash.widgets.panel import Desk
from opsdash.widgets.plot import grid_over

STROKE, LAYOUT = "chart.stroke", "chart.layout"
"""What is remembered between runs, by name."""


class ChartKeys(HostKeys):
    """What the keys do; the page draws it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(CHART)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        kept = desk.keeper.kept.choices
        self.hosts: tuple[str, ...] = ()
        self.picked = 0
        self.metric: SampleKey | None = None
        self.window = ChartWindow(
            beside=kept.get(LAYOUT) != "over", blocks=kept.get(STROKE) == "blocks"
        )
        self.touched = False
        self.past = ChartPast(desk.source)

    # -- what is shown --------------------------------------------------------------------------

    def pointed(self) -> str:
        """The host that the keys are about."""
        return self.hosts[self.picked] if self.hosts else ""

    def chosen(self) -> tuple[str, ...]:
        """The hosts on the chart."""
        return self.hosts

    def targets(self) -> tuple[str, ...]:
        """A refresh is about the hosts on the chart."""
        return self.hosts

    def states(self) -> list[HostState]:
        """What is known of the hosts on the chart."""
        known = self.desk.source.snapshot().hosts
        return [known[host] for host in self.hosts if host in known]

    def stroke(self) -> Stroke:
        """What curves are drawn with."""
        return self.window.stroke(ascii_only=self.desk.look().ascii_only)

    def columns(self) -> TimeGrid:
        """The columns of each chart on the page, as it is now."""
        width = plot_width(*self.size, len(self.hosts), beside=self.window.beside)
        end = self.window.end(self.desk.now())
        return grid_over(end, self.window.span_s, width, self.stroke())

    # -- actions --------------------------------------------------------------------------------

    def look_at(self, window: ChartWindow) -> None:
        """Show the chart in this way from now on."""
        self.touched = True
        self.window = window
        self.draw()

    def show_metric(self, key: SampleKey) -> None:
        """Show another metric of the same hosts and the same time."""
        self.metric = key
        self.draw()

    def action_metric(self) -> None:
        """Pick a metric by a few letters."""
        keys = self.past.keys(self.states())
        if keys:
            self.post_message(self.PickWanted("metric", [self._metric(key) for key in keys]))
        else:
            self.post_message(self.Said("no metric of these hosts is known yet"))

    def _metric(self, key: SampleKey) -> Entry:
        known = remembered().get(key[0])
        short = short_name(key)
        about = " · ".join(filter(None, (short, known.help if known else "")))
        return Entry(name_of(key), lambda _: self.show_metric(key), about)

    def action_next_metric(self, step: int) -> None:
        """To the next metric, round and round."""
        keys = self.past.keys(self.states())
        if not keys:
            self.post_message(self.Said("no metric of these hosts is known yet"))
            return
        here = keys.index(self.metric) + step if self.metric in keys else 0
        self.show_metric(keys[here % len(keys)])

    @property
    def in_past(self) -> bool:
        """Whether the end of the window is a moment of the past: it is not now."""
        return any(state.past for state in self.states())

    def action_zoom(self, steps: int) -> None:
        """More time, or less."""
        found = self.window.zoomed(steps, self.desk.now())
        if found == self.window:
            ends = "the shortest" if steps < 0 else "the longest that is kept"
            self.post_message(self.Said(f"{span_words(found.span_s)} is {ends}"))
        self.look_at(found)

    def action_span(self) -> None:
        """Pick how much time is shown."""
        entries = [self._span(span_s) for span_s in SPANS_S]
        self.post_message(self.PickWanted("how much time", entries))

    def _span(self, span_s: float) -> Entry:
        def run(_: str) -> None:
            self.look_at(self.window.spanning(span_s, self.desk.now()))

        day = "by ten seconds" if span_s <= 3600 else "by the minute"
        about = day if span_s <= DAY_S else "by five minutes"
        return Entry(span_words(span_s), run, about)

    def action_pan(self, halves: int) -> None:
        """Back in time, or on."""
        found = self.window.panned(halves, self.desk.now())
        if found == self.window:
            ends = "this is now" if halves > 0 else "nothing older is kept"
            self.post_message(self.Said(ends))
        self.look_at(found)

    def action_now(self) -> None:
        """Back to now."""
        self.look_at(self.window.now())

    def action_read(self, cells: int) -> None:
        """Read the values at another moment."""
        across = self.stroke().dots[0]
        self.look_at(self.window.reading(cells, self.columns(), across, self.desk.now()))

    def action_drop(self) -> None:
        """Put the cursor away."""
        self.look_at(self.window.pointing(None))

    def action_layout(self) -> None:
        """Several hosts over each other, or side by side."""
        if len(self.hosts) < 2:
            key = self.key("mark.toggle")
            how = f": mark some on the fleet page ({key}) first" if key else ""
            self.post_message(self.Said(f"this is a single host{how}"))
            return
        self.window = replace(self.window, beside=not self.window.beside)
        self._remember(LAYOUT, "beside" if self.window.beside else "over")

    def action_scale(self) -> None:
        """The whole scale, or only what is used of it."""
        self.look_at(replace(self.window, whole=not self.window.whole))
        said = "the whole scale" if self.window.whole else "only what is used of the scale"
        self.post_message(self.Said(said))

    def action_stroke(self) -> None:
        """Dots, or blocks for fonts that have no dots."""
        if self.desk.look().ascii_only:
            self.post_message(self.Said("this terminal has plain letters only"))
            return
        self.window = replace(self.window, blocks=not self.window.blocks)
        self._remember(STROKE, "blocks" if self.window.blocks else "dots")

    def _remember(self, name: str, choice: str) -> None:
        kept = self.desk.keeper.kept
        self.desk.keeper.keep(replace(kept, choices={**kept.choices, name: choice}))
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types letters are text; escape is the cursor's while there is one."""
        if action in ("metric", "span"):
            return not isinstance(self.app.focused, Input)
        if action == "drop":
            return self.window.cursor is not None
        return super().check_action(action, parameters)
