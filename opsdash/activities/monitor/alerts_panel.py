"""Alerts: what is open, who has what in hand, what is muted and until when, what has ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.monitor.alert_keys import AlertKeys
from opsdash.activities.monitor.alert_list import RECENT_S, Alert, Alerts, alerts
from opsdash.activities.monitor.alert_rows import FILTER_HELP, HEADING, Row, columns, heading, rows
from opsdash.activities.monitor.keymap import ALERTS
from opsdash.activities.monitor.told_events import ToldEvents
from opsdash.core.finding import Finding
from opsdash.core.silence import Silence, end_words
from opsdash.core.snapshot import Snapshot
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.detail_strip import finding_parts, labelled, rule
from opsdash.widgets.filtered_page import FilteredPage
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import ROLES, Line, Role, Span, line, width_of
from opsdash.widgets.line_view import Bar
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import CLOCK, TopLine
from opsdash.widgets.wording import wall_clock

DETAILS_FROM, DETAILS = 16, 4
"""Rows from which there is room for the details of a row; and how many lines they have."""


class AlertsPanel(AlertKeys, FilteredPage):
    """Every finding in one list, and what has become of it."""

    slug: ClassVar[str] = "alerts"
    title: ClassVar[str] = "Alerts"
    filter_id: ClassVar[str] = "alerts-filter"
    filter_help: ClassVar[str] = FILTER_HELP

    DEFAULT_CSS = """
    AlertsPanel > #alerts-note { display: none; }
    AlertsPanel.-noted > #alerts-note { display: block; }
    AlertsPanel > #alerts-grid { height: 1fr; }
    AlertsPanel > #alerts-details { height: 5; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ALERTS)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._events = ToldEvents(self, RECENT_S)
        self._found = Alerts()
        self._rows: dict[str, tuple[str, Alert | None, Silence | None]] = {}

    def compose(self) -> ComposeResult:
        """How many there are, the filter, the list, details of a row."""
        look = self.desk.look
        yield TopLine(look, "alerts-title")
        yield Bar(look, "alerts-note")
        yield Grid[Row](self._row, look, "alerts-grid", banner=self._banner, members=self._members)
        yield Bar(look, "alerts-details")
        yield AskLine(look, "alerts-filter", "/")
        yield self.silencing

    @property
    def grid(self) -> Grid[Row]:
        """The list."""
        return self.query_one("#alerts-grid", Grid)

    def _row(self, key: str) -> Row:
        part, alert, silence = self._rows[key]
        marked = key in self.grid.marks
        return Row(part, alert, silence, self.desk.now(), self.desk.look(), marked)

    def _banner(self, key: str, _width: int) -> Line | None:
        return heading(key)

    def _members(self, key: str) -> Sequence[str]:
        """The heading of a part stands for its rows."""
        if not key.startswith(HEADING):
            return (key,)
        part = self._rows[key][0]
        return [name for name, row in self._rows.items() if row[0] == part and name != key]

    # -- what the keys are about ----------------------------------------------------------------

    def _under_cursor(self) -> Sequence[str]:
        return self.grid.marks.keys or ([self.grid.cursor_key] if self.grid.cursor_key else ())

    def pointed(self) -> str:
        """The host of the row under the cursor."""
        _, alert, _ = self._rows.get(self.grid.cursor_key or "", ("", None, None))
        return alert.host if alert is not None else ""

    def chosen(self) -> tuple[str, ...]:
        """The hosts of the marked rows, else that under the cursor."""
        found = [self._rows[key][1] for key in self._under_cursor() if key in self._rows]
        return tuple(dict.fromkeys(one.host for one in found if one is not None))

    def meant(self) -> list[Finding]:
        """The findings of the marked rows, else the one under the cursor, that are there now."""
        keys = [self._rows[key][1] for key in self._under_cursor() if key in self._rows]
        wanted = {one.key for one in keys if one is not None and not one.ended}
        hosts = self.desk.source.snapshot().hosts.values()
        return [one for state in hosts for one in state.findings if one.key in wanted]

    def lifted(self) -> list[Silence]:
        """Also one that silences nothing now can be taken back."""
        found = [self._rows[key] for key in self._under_cursor() if key in self._rows]
        idle = [silence for _, alert, silence in found if alert is None and silence is not None]
        return [*super().lifted(), *idle]

    def aim(self, host: str) -> None:
        """Bring the cursor to the first row of a host."""
        if host != self.pointed():
            keys = (key for key, row in self._rows.items() if row[1] and row[1].host == host)
            self.grid.point_to(next(keys, ""))

    def stay(self) -> None:
        """The cursor does not go with the first row any more."""
        self.grid.steered = True

    def action_problem(self, step: int) -> None:
        """To the next open row, round and round."""
        keys = list(self._rows)
        found = [key for key in keys if self._rows[key][0] == "open" and self._rows[key][1]]
        if not found:
            self.post_message(self.Said("nothing is open"))
            return
        here = self.grid.cursor_key or ""
        place = found.index(here) + step if here in found else 0
        self.grid.point_to(found[place % len(found)])

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw what there is now."""
        now = self.desk.now()
        force = self.desk.source.silences.in_force()
        self._found = alerts(snapshot.hosts.values(), self._events.look(now), force, now)
        self._rows.clear()
        self._rows |= rows(self._found, self.filter_text)
        self.grid.columns = columns(self.size.width)
        self.grid.marks.forget_all_but(tuple(self._rows))
        self.grid.nothing = self._nothing()
        self.grid.set_keys(list(self._rows))
        if not self.grid.steered and len(self._rows) > 1:
            self.grid.point_to(list(self._rows)[1])
            self.grid.steered = False
        self._show_heading()
        self._show_details()

    def _nothing(self) -> list[Line]:
        if self.filter_text:
            return [line(Span(f"nothing fits {self.filter_text}", Role.MUTED))]
        return [line(Span("nothing is open, and nothing has ended in the last 6 hours", Role.OK))]

    def _show_heading(self) -> None:
        found = self._found
        counts = {
            "open": len(found.open),
            "acknowledged": len(found.acked),
            "muted": len(found.muted),
            "ended": len(found.recent),
        }
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        said = "  ".join(f"{number} {word}" for word, number in counts.items() if number)
        title = (trail, Span("Alerts", Role.STRONG), Span(f"  {said or 'none'}"))
        ways = {"alert.ack": "ack", "alert.note": "note", "alert.mute": "mute"}
        keys = [f"{key} {does}" for name, does in ways.items() if (key := self.key(name))]
        words = "  ".join(["", *keys]) if self._rows else ""
        room = self.size.width - CLOCK - width_of(title)
        own = line(Span(words, Role.MUTED)) if len(words) <= room else ()
        self.query_one("#alerts-title", TopLine).show(title, own, self.desk.wall())
        noted = bool(self.filter_text) and not self.asking.is_open
        self.set_class(noted, "-noted")
        drop = f"  {key}: all" if (key := self.key("alerts.reset")) else ""
        note = line(Span(f"/{self.filter_text}{drop}", Role.ACCENT))
        self.query_one("#alerts-note", Bar).set_lines([note])

    def _show_details(self) -> None:
        strip = self.query_one("#alerts-details", Bar)
        strip.display = self.size.height >= DETAILS_FROM
        _, alert, silence = self._rows.get(self.grid.cursor_key or "", ("", None, None))
        strip.set_lines(self.own_keys(self._details(alert, silence)[: DETAILS + 1]))

    def _details(self, alert: Alert | None, silence: Silence | None) -> list[Line]:
        width, now = self.size.width, self.desk.now()
        lines: list[Line] = []
        if alert is not None:
            sign = self.desk.look().glyph(alert.health)
            name = line(Span(alert.host, Role.STRONG), Span(f" {alert.check}", Role.MUTED))
            lines = [rule(name, (), width)]
            lines.append(labelled("what", Span(f"{sign} {alert.words}", ROLES[alert.health])))
        elif silence is not None:
            lines = [rule(line(Span(silence.hosts, Role.STRONG)), (), width)]
        if silence is not None:
            until = f"{silence.kind} until {wall_clock(silence.until, now)}, "
            lines.append(labelled("by", Span(until + end_words(silence, now))))
        if alert is not None and alert.ended:
            lines.append(labelled("ended", Span(wall_clock(alert.ended, now), Role.MUTED)))
        state = self.desk.source.snapshot().hosts.get(alert.host) if alert else None
        for one in state.findings if state and alert else ():
            if one.key == alert.key:  # type: ignore[union-attr]
                lines += [part for parts in finding_parts(one, width) for part in parts[:1]]
        return lines

    # -- keys -----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """escape drops the filter while there is one; else it is the program's."""
        if action == "all_alerts":
            return bool(self.filter_text)
        if action == "filter_alerts":
            return not isinstance(self.app.focused, Input)
        return super().check_action(action, parameters)

    def action_filter_alerts(self) -> None:
        """Type a filter; it holds while it is typed."""
        self.open_filter()

    def action_all_alerts(self) -> None:
        """All of them again."""
        self.filter_by("")

    # -- what the parts tell --------------------------------------------------------------------

    @on(Grid.RowPointed)
    def point_out(self, event: Grid.RowPointed) -> None:
        """The details follow the cursor; so do the other pages."""
        event.stop()
        self._show_details()
        if self.pointed():
            self.post_message(self.HostPointed(self.pointed()))

    @on(Grid.RowChosen)
    def open_row(self, event: Grid.RowChosen) -> None:
        """Enter opens the host."""
        event.stop()
        if self.pointed():
            self.post_message(self.HostChosen(self.pointed()))

    @on(Grid.MarksChanged)
    def heed_marks(self, event: Grid.MarksChanged) -> None:
        """Marks are drawn by the list itself."""
        event.stop()
