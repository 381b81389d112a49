"""The logs that a page looks at: whose, which lines of them, and those that pass its filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from opsdash.activities.troubleshoot.log_rows import Layout, layout
from opsdash.activities.troubleshoot.log_wish import FORMS, LogWish, parse_wish
from opsdash.core.filter_words import FilterError
from opsdash.core.log_filter import LogFilter, parse_log_filter
from opsdash.core.log_record import LogEntry, LogQuery, LogRecord
from opsdash.core.log_sieve import Sieve
from opsdash.core.log_span import log_words
from opsdash.core.logs import LogFeed
from opsdash.core.moment import clock_words
from opsdash.core.named_log import nobody_has
from opsdash.core.snapshot import Snapshot, triage
from opsdash.core.text import count
from opsdash.widgets.filtered_page import FilteredPage
from opsdash.widgets.line import Role, Span, line
from opsdash.widgets.log_view import LogView
from opsdash.widgets.news import NewsPage
from opsdash.widgets.panel import Desk

HELP = "text  a|b  !text  /re/  host:web*  unit:nginx  prio>=err  since:-1h"

REACH_S = 0.4
"""How long the line under the cursor is looked for among older ones when the filter is another."""


AWAY_S = 600.0
"""So long lines go on coming while another page is looked at; then the hosts are let go of."""


class LogPage(FilteredPage, NewsPage):
    """The feed that is looked at, and the lines of it that pass the filter."""

    filter_id: ClassVar[str] = "log-filter"
    filter_help: ClassVar[str] = HELP

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.feed: LogFeed | None = None
        self.wrapped = self.kinds_shown = False
        self.column = self.around = 0
        self.layout_now: Layout = layout(80, ())
        self.hues: dict[str, Role] = {}
        self._hosts: tuple[str, ...] = ()
        self._wish: LogWish | None = None
        self._led = self._seeks = False
        self._moment: float | None = None
        self._looked_at = desk.wall()
        self._sieve: Sieve[LogEntry] | None = None
        self._last_filter = LogFilter()

    @property
    def view(self) -> LogView:
        """The lines."""
        return self.query_one("#log-view", LogView)

    # -- whether anybody looks ------------------------------------------------------------------

    def look_for_news(self) -> None:
        """Besides, let go of the hosts when nobody has looked for long, and go on on return."""
        self._mind_the_feed()
        super().look_for_news()

    def _mind_the_feed(self) -> None:
        feed, now = self.feed, self.desk.wall()
        if feed is None or not feed.query.follow:
            return
        since_s = feed.rested_since_s
        if not self.display:
            if since_s is None and now - self._looked_at >= AWAY_S:
                feed.rest(resting=True)
            return
        self._looked_at = now
        if since_s is not None:
            feed.rest(resting=False)
            until = clock_words(since_s, now)
            self.post_message(self.Said(f"read until {until}: what came since then comes now"))

    # -- whose and which ------------------------------------------------------------------------

    def aim(self, host: str) -> None:
        """Be about this host from now on, unless it is one of several."""
        if host not in self._hosts:
            self._be_about((host,))

    def gather(self, hosts: Sequence[str]) -> bool:
        """Be about these hosts from now on."""
        if set(hosts) != set(self._hosts) or self._led:
            self._be_about(tuple(hosts))
        return True

    def heed(self, words: str) -> None:
        """Other lines: ``unit:nginx since:-1h``, and a filter."""
        try:
            wish = parse_wish(words, len(self._hosts), self.desk.now())
        except ValueError as error:
            self.post_message(self.Said(f"{error}: {FORMS}"))
            return
        known = self.desk.source.snapshot().hosts
        whose = [known[name].host for name in self._hosts if name in known]
        if whose and (said := nobody_has(wish.query.named, whose)):
            self.post_message(self.Said(said))
            return
        self._wish, self._led = wish, True
        self.feed = None
        self.filter_by(wish.filter_text)

    def _be_about(self, hosts: tuple[str, ...]) -> None:
        if self._led:  # what was wanted of other hosts, or from another page, was for once
            self._wish, self._led = None, False
            self.filter_text = ""
        self._hosts, self.feed = hosts, None

    def feed_of(self, snapshot: Snapshot) -> LogFeed | None:
        """The feed, opened when it is looked at first."""
        known = tuple(name for name in self._hosts if name in snapshot.hosts)
        if not known and snapshot.hosts:
            known = (min(snapshot.hosts.values(), key=triage).name,)
        self._hosts = known
        self._heed_moment(snapshot)
        if self.feed is None and known:
            self.feed = self.desk.source.logs.open(known, self._wanted(len(known)).query)
            self._new_sieve()
            self.view.follow = True
        return self.feed

    def _wanted(self, hosts: int) -> LogWish:
        """Which lines: those that were asked for, else those around the moment of the past that is
        shown, else the last ones.
        """
        if self._wish is not None and (self._led or self._moment is None):
            return self._wish
        words = ""
        if self._moment is not None:
            words = log_words(self._moment, self.desk.wall(), until=self._moment)
        return parse_wish(words, hosts, self.desk.wall())

    def _heed_moment(self, snapshot: Snapshot) -> None:
        """Another moment is shown: its lines, unless others were asked for; they stay if they hold
        that moment too.
        """
        past = any(state.past for state in snapshot.hosts.values())
        before, self._moment = self._moment, snapshot.at if past else None
        if self._moment == before or self._led:
            return
        self._seeks = self._moment is not None
        if self.feed is not None and not self._holds(self.feed.query):
            self.feed = None

    def _holds(self, query: LogQuery) -> bool:
        """Whether the lines of a query are around the moment that is shown."""
        if self._moment is None or query.since_s is None:
            return False
        return query.since_s <= self._moment <= (query.until_s or self._moment)

    def seek(self) -> bool:
        """Be at the last line of the moment that is shown, until the user goes elsewhere; gives
        whether it is there.
        """
        if not self._seeks or self._moment is None or self._sieve is None or not self.found():
            return False
        self.view.follow = False
        self.view.cursor = max(0, self._sieve.place_at(self._moment + 0.001) - 1)
        return True

    def pointed(self) -> str:
        """The host of the line under the cursor, or whose logs these are."""
        entry = self.under_cursor()
        return entry.host if entry is not None else (self._hosts or ("",))[0]

    def chosen(self) -> tuple[str, ...]:
        """The other pages are about the same hosts."""
        return self._hosts

    def targets(self) -> tuple[str, ...]:
        """A refresh here is about these hosts."""
        return self._hosts

    # -- the filter -----------------------------------------------------------------------------

    def filter_by(self, text: str) -> None:
        """Show what fits this from now on; what means nothing is said, and the last one holds."""
        try:
            wanted = self._understood(text)
        except FilterError as error:
            if self.asking.is_open:
                self.asking.say(line(Span(str(error), Role.CRIT)))
            else:
                self.post_message(self.Said(str(error)))
            return
        self.filter_text = text.strip()
        if wanted.tests:
            self._last_filter = wanted
        self.sift_anew()

    def sift_anew(self) -> None:
        """Show other lines of those that there are; the cursor stays on its line."""
        number = self._number_under_cursor()
        self._new_sieve()
        follows = self.view.follow
        self.sift(0.05)
        if self._sieve is not None and not follows:
            self._sieve.reach(number, REACH_S)
            self.view.cursor = self._sieve.place(number)
        self.draw()
        self.refresh_bindings()

    def _understood(self, text: str) -> LogFilter:
        from opsdash.config.expression import linear_expression  # not before the first frame

        return parse_log_filter(text, linear_expression, self.desk.now())

    def _new_sieve(self) -> None:
        if self.feed is not None:
            wanted = self._understood(self.filter_text)
            self._sieve = Sieve(self.feed.book, wanted, around=self.around)

    def sift(self, for_s: float) -> int:
        """Look at lines for so long; gives by how many places the known ones have moved."""
        if self._sieve is None:
            return 0
        place, number, found = self.view.cursor, self._number_under_cursor(), self.found()
        self._sieve.work(for_s)
        return self._sieve.place(number) - min(place, found - 1) if found else self.found()

    def sieve_done(self) -> bool:
        """Whether the filter has looked at all lines."""
        return self._sieve is None or self._sieve.complete

    def sifted(self) -> int:
        """How many lines the filter has looked at; each time that the page is drawn some more."""
        return self._sieve.looked_at if self._sieve is not None else 0

    def found(self) -> int:
        """How many lines are shown: they pass the filter, as far as they were looked at, or stand
        around one that does.
        """
        return len(self._sieve) if self._sieve is not None else 0

    def counted(self) -> str:
        """How many lines are shown, of how many."""
        if self.feed is None:
            return ""
        total = len(self.feed.book)
        if not self.filter_text:
            return count(total, "line")
        seen = "" if self.sieve_done() else ", looking on"
        hits = self._sieve.hits if self._sieve is not None else 0
        return f"{hits:,} of {count(total, 'line')}{seen}"

    def entry(self, place: int) -> LogEntry | None:
        """The entry at a place; None: it is not there any more."""
        try:
            return self._sieve[place] if self._sieve is not None else None
        except IndexError:
            return None

    def passes(self, place: int) -> bool:
        """Whether the line at a place passes the filter itself."""
        return self._sieve is None or self._sieve.passes(place)

    def is_parted(self, place: int) -> bool:
        """Whether the line at a place has nothing to do with the one above it."""
        return self._sieve is not None and self._sieve.is_parted(place)

    def repeats(self, place: int) -> int:
        """How often the line at a place came, one after the other."""
        if self._sieve is None or self.feed is None:
            return 1
        found = self.feed.book.repeat(self._sieve.number(place))
        return found.count if found is not None else 1

    def under_cursor(self) -> LogEntry | None:
        """The entry under the cursor."""
        return self.entry(self.view.cursor) if self.found() else None

    def _number_under_cursor(self) -> int:
        if self._sieve is None or not len(self._sieve):
            return 0
        return self._sieve.number(min(self.view.cursor, len(self._sieve) - 1))

    def is_new(self, entry: LogRecord) -> bool:
        """Whether what it says was never said before."""
        return self.feed is not None and self.feed.kinds.is_new(entry)
