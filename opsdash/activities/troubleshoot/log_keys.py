"""What the keys of the page of logs do: search, follow, wrap, times, patterns, copies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from textual.widgets import Input

from opsdash.activities.troubleshoot.log_head import spike_at
from opsdash.activities.troubleshoot.log_page import LogPage
from opsdash.activities.troubleshoot.log_rows import plain, whole
from opsdash.activities.troubleshoot.log_wish import LogWish, parse_wish
from opsdash.activities.troubleshoot.logs_report import json_line
from opsdash.core.log_filter import Line as LogLine
from opsdash.core.log_kinds import Kind
from opsdash.core.log_record import LogEntry, LogRecord
from opsdash.core.log_span import typed
from opsdash.core.moment import moment_of, split_time
from opsdash.core.priority import ERR
from opsdash.core.text import count
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span, line

STEP = 16
"""Cells by which long lines are shifted."""

SEARCHED_AT_ONCE = 20_000
"""Lines that a search looks at before it says that nothing was found so far."""

MOST_EXPORTED = 100_000

AROUND = (0, 3, 10)
"""Lines of the same host that are shown before and behind each line that passes the filter."""

WINDOWS = (("from now on", ""), ("1 minute", "-1m"), ("5 minutes", "-5m"), ("15 minutes", "-15m"),
           ("1 hour", "-1h"), ("6 hours", "-6h"), ("24 hours", "-24h"))  # fmt: skip


class LogKeys(LogPage):
    """The page's keys."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, letters are text; escape drops the filter while there is one."""
        if action == "all_lines":
            return bool(self.filter_text)
        if action.startswith("log_"):
            return not isinstance(self.app.focused, Input)
        return super().check_action(action, parameters)

    def action_log_filter(self) -> None:
        """Type a filter; it holds while it is typed."""
        self.open_filter()

    def action_all_lines(self) -> None:
        """All lines again; the cursor stays on its line, among those around it."""
        self.view.hold(follow=False)
        self.filter_by("")

    def action_log_around(self) -> None:
        """More lines around each that passes the filter, or none again."""
        self.around = AROUND[(AROUND.index(self.around) + 1) % len(AROUND)]
        self.sift_anew()
        lines = count(self.around, "line") if self.around else "no lines"
        hits = "each that fits" if self.filter_text else "each that fits a filter: none holds now"
        self.post_message(self.Said(f"{lines} of its host around {hits}"))

    def action_log_unit(self) -> None:
        """Only what the unit of the line under the cursor said on its host, else its program."""
        entry = self.under_cursor()
        if not isinstance(entry, LogRecord) or not (entry.unit or entry.program):
            self.post_message(self.Said("no unit or program is told here"))
            return
        name, who = ("unit", entry.unit) if entry.unit else ("prog", entry.program)
        self.view.hold(follow=False)
        self.filter_by(f'host:{entry.host} {name}:"{who}"')

    def words_for(self, slug: str) -> str:
        """The process of the line under the cursor, and what happened to its unit."""
        entry = self.under_cursor()
        if not isinstance(entry, LogRecord):
            return ""
        if slug == "processes" and entry.pid is not None:
            return f"{entry.pid}{self._spoken_at(entry)}"
        if slug == "timeline" and entry.unit.endswith(".service"):
            return f"host:{entry.host} {entry.unit}"
        return ""

    def _spoken_at(self, entry: LogRecord) -> str:
        """When a line was written, by our clock, as the page of processes understands it."""
        if split_time(entry.at_s) is None or entry.at_s is None or self.feed is None:
            return ""
        return f" at:{typed(entry.at_s - self.feed.skew().get(entry.host, 0.0))}"

    def action_log_follow(self) -> None:
        """Follow, or stay here."""
        self.view.hold(follow=not self.view.follow)
        self.draw()

    def action_log_pause(self) -> None:
        """Let the hosts wait with what they have to say, or go on."""
        if self.feed is None:
            return
        self.feed.pause(paused=not self.feed.paused)
        said = "nothing is read now: the hosts wait" if self.feed.paused else "going on"
        self.post_message(self.Said(said))
        self.draw()

    def action_log_wrap(self) -> None:
        """Long lines in several rows, or cut."""
        self.wrapped = not self.wrapped
        self.column = 0
        self.draw()

    def action_log_shift(self, way: int) -> None:
        """Show more of the right, or of the left, of long lines; that stays."""
        self.column = max(0, self.column + way * STEP)
        self.wrapped = False
        self.draw()

    def action_log_kinds(self) -> None:
        """The kinds of messages beside the lines, or not."""
        self.kinds_shown = not self.kinds_shown
        self.draw()

    def action_log_error(self, way: int) -> None:
        """To the next error, or the one before."""
        self._go(lambda entry: entry.priority is not None and entry.priority <= ERR, way, "error")

    def action_log_hit(self, way: int) -> None:
        """To the next line that fits what was searched for last, or the one before."""
        if not self._last_filter.tests:
            self.post_message(self.Said("nothing was searched for so far: / does"))
            return
        self._go(self._last_filter.matches, way, f"line that fits {self._last_filter.text}")

    def _go(self, fits: Callable[[LogEntry], bool], way: int, what: str) -> None:
        place = self.view.cursor
        for _ in range(SEARCHED_AT_ONCE):
            place += way
            entry = self.entry(place) if place >= 0 else None
            if entry is None:
                where = "below" if way > 0 else "above"
                self.post_message(self.Said(f"no {what} {where}"))
                return
            if fits(entry):
                self.view.point(place)
                if way > 0:
                    self.view.hold(follow=False)
                return
        self.view.point(place)
        text = f"no {what} among {SEARCHED_AT_ONCE:,} lines: here it goes on from"
        self.post_message(self.Said(text))

    def entries(self) -> list[Entry]:
        """A time to go to."""
        goto = "to the first line of that time, among those that are shown"
        as_json = "the lines that are shown to a file, as JSON lines"
        return [
            *super().entries(),
            Entry("goto", self._go_to, goto, takes="13:51"),
            Entry("jsonl", lambda _: self._export(json_line, "jsonl"), as_json),
        ]

    def _go_to(self, text: str) -> None:
        try:
            moment = moment_of(text, self.desk.now())
        except ValueError as error:
            self.post_message(self.Said(str(error)))
            return
        self._go_to_time(moment)

    def _go_to_time(self, moment: float) -> None:
        if self._sieve is None or not len(self._sieve):
            self.post_message(self.Said("no line is there"))
            return
        place = self._sieve.place_at(moment)
        self.view.point(min(place, len(self._sieve) - 1))
        self.view.hold(follow=False)
        if place >= len(self._sieve):
            self.post_message(self.Said("no line is as late as that"))

    def action_log_spike(self) -> None:
        """To the first line of the minute that had far more errors than usual."""
        found = spike_at(self.feed, self.desk.wall()) if self.feed is not None else None
        if found is None:
            self.post_message(self.Said("no minute had far more errors than usual"))
            return
        self._go_to_time(found)

    def action_log_window(self) -> None:
        """Pick since when lines are wanted."""
        entries = [Entry(name, self._window_of(since)) for name, since in WINDOWS]
        self.post_message(self.PickWanted("lines of the last", entries))

    def _window_of(self, since: str) -> Callable[[str], None]:
        def pick(_: str) -> None:
            before = self._wish or parse_wish("", len(self._hosts), self.desk.now())
            wish = parse_wish(f"since:{since}" if since else "", len(self._hosts), self.desk.now())
            lines = wish.query.lines if since else 0
            query = replace(before.query, since_s=wish.query.since_s, lines=lines)
            self._wish = LogWish(query, self.filter_text)
            self.feed = None
            self.draw()

        return pick

    def go_to_kind(self, kind: Kind) -> None:
        """To the last line of a kind; without the filter, if that hides it."""
        if self._sieve is None or self.feed is None:
            return
        for way in range(len(self._sieve) - 1, max(-1, len(self._sieve) - SEARCHED_AT_ONCE), -1):
            if _is_said_by(kind.line, self._sieve[way]):
                self.view.point(way)
                self.view.hold(follow=False)
                self.view.focus()
                return
        self.post_message(self.Said("its last line is hidden by the filter, or not kept any more"))

    def open_entry(self) -> None:
        """All of the line under the cursor."""
        entry = self.under_cursor()
        if entry is not None:
            title = f"a line of {entry.host}"
            lines = [*whole(entry, self.size.width - 4), (), *self._ways(entry)]
            self.post_message(self.PageWanted(title, lines))

    def _ways(self, entry: LogEntry) -> list[Line]:
        """Where the keys lead from a line."""
        ways = {"view.host": f"its host {entry.host}", "view.why": "why that is ill"}
        if isinstance(entry, LogRecord):
            if entry.pid is not None:
                ways["view.processes"] = f"its process {entry.pid}, if it still runs"
            if who := entry.unit or entry.program:
                ways["logs.unit"] = f"only lines of {who} there"
        ways["view.timeline"] = "what happened there"
        if isinstance(entry, LogRecord) and entry.unit.endswith(".service"):
            ways["view.timeline"] = f"what happened to {entry.unit} there"
        keys = [(key, does) for name, does in ways.items() if (key := self.key(name))]
        return [line(Span(f"{key:<9}", Role.ACCENT), does) for key, does in keys]

    def action_log_copy(self) -> None:
        """The line under the cursor, in one line."""
        entry = self.under_cursor()
        if entry is None:
            self.post_message(self.Said("nothing to copy: no line is there"))
            return
        self.post_message(self.CopyWanted(plain(entry), "the line"))

    def action_log_export(self) -> None:
        """The lines that are shown, in a file."""
        self._export(plain, "text")

    def _export(self, form: Callable[[LogEntry], str], kind: str) -> None:
        total = self.found()
        if not total:
            self.post_message(self.Said("nothing to export: no line is there"))
            return
        first = max(0, total - MOST_EXPORTED)
        entries = [self.entry(place) for place in range(first, total)]
        text = "".join(f"{form(entry)}\n" for entry in entries if entry is not None)
        self.post_message(self.ExportWanted(text, f"logs-{time.strftime('%H%M%S')}-{kind}"))
        if first:
            self.post_message(self.Said(f"only the last {MOST_EXPORTED:,} lines are written"))


def _is_said_by(line: LogLine, entry: LogEntry) -> bool:
    """Whether an entry is this line, or the one that stands for it: what comes again is counted."""
    return (entry.host, entry.program, entry.text) == (line.host, line.program, line.text)
