"""Logs made up for the page that shows them: a test says which lines come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from opsdash.core.log_book import LogBook
from opsdash.core.log_counts import LogCounts
from opsdash.core.log_kinds import Key, Kinds
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery, LogRecord
from opsdash.core.logs import LogsRead


class KeptFeed:
    """A feed that holds what a test puts in."""

    def __init__(
        self, hosts: Sequence[str], query: LogQuery, known: Iterable[Key] = (), since_s: float = 0.0
    ) -> None:
        self.hosts, self.query = tuple(hosts), query
        self.book: LogBook[LogEntry] = LogBook()
        self.kinds = Kinds(known, since_s)
        self.counts = LogCounts()
        self.rev = 0
        self.paused = False
        self.rested_since_s: float | None = None
        self.at_s = 0.0
        self.said: list[LogNotice] = []
        self.lacking: dict[str, str] = {}
        self.lost: dict[str, int] = {}
        self.clocks: dict[str, float] = {}

    def come(self, *entries: LogEntry) -> None:
        """These lines come."""
        self.book.add(entries)
        for entry in entries:
            if isinstance(entry, LogRecord):
                self.kinds.add(entry)
                self.counts.add(entry)
        self.rev += 1

    def notices(self) -> Sequence[LogNotice]:
        """As the test says."""
        return self.said

    def missing(self) -> Mapping[str, str]:
        """As the test says."""
        return self.lacking

    def dropped(self) -> Mapping[str, int]:
        """As the test says."""
        return self.lost

    def skew(self) -> Mapping[str, float]:
        """As the test says."""
        return self.clocks

    def pause(self, *, paused: bool) -> None:
        """Nothing comes that the test does not say."""
        self.paused = paused
        self.rev += 1

    def rest(self, *, resting: bool) -> None:
        """As the test has its clock."""
        self.rested_since_s = self.at_s if resting else None


class KeptLogs:
    """Opens feeds; `coming` are the lines that each begins with, as far as its hosts have any."""

    def __init__(self) -> None:
        self.coming: list[LogEntry] = []
        self.known: set[Key] = set()
        self.feeds: list[KeptFeed] = []
        self.queries: list[LogQuery] = []
        self.lacking: tuple[str, ...] = ()

    def open(self, hosts: Sequence[str], query: LogQuery) -> KeptFeed:
        """One more."""
        feed = KeptFeed(hosts, query, self.known)
        feed.come(*(entry for entry in self.coming if entry.host in hosts))
        self.feeds.append(feed)
        return feed

    async def read(self, hosts: Sequence[str], query: LogQuery, within_s: float) -> LogsRead:
        """The lines that a feed begins with."""
        self.queries.append(query)
        return LogsRead(tuple(one for one in self.coming if one.host in hosts), self.lacking)

    def close(self) -> None:
        """Nothing has to be ended."""
