"""Which lines a query wants, asked of each line here: what a source could not leave out there."""

from __future__ import annotations

import re

from opsdash.core.log_record import LogEntry, LogGap, LogQuery, LogRecord


class Wanted:
    """The lines of one source that a query wants; `ahead_s` is how far the host's clock is."""

    def __init__(self, query: LogQuery, ahead_s: float) -> None:
        self._query = query
        self.ahead_s = ahead_s
        self._text = re.compile(query.grep) if query.grep else None
        self._units = frozenset(unit.removesuffix(".service").lower() for unit in query.units)
        self.without_priority = 0

    def of(self, entries: list[LogEntry]) -> list[LogEntry]:
        """Those of them that are wanted; a gap always is."""
        return [one for one in entries if isinstance(one, LogGap) or self._wants(one)]

    def _wants(self, record: LogRecord) -> bool:
        query = self._query
        if not self._in_time(record.at_s):
            return False
        if query.priority is not None:
            if record.priority is None:
                self.without_priority += 1
                return False
            if record.priority > query.priority:
                return False
        if self._units and not self._of_unit(record):
            return False
        return self._text is None or self._text.search(record.text) is not None

    def _in_time(self, at_s: float | None) -> bool:
        query = self._query
        if at_s is None:
            return True
        since_s, until_s = query.since_s, query.until_s
        at_s -= self.ahead_s
        return (since_s is None or at_s >= since_s) and (until_s is None or at_s <= until_s)

    def _of_unit(self, record: LogRecord) -> bool:
        """The journal has told units apart itself; a syslog knows programs alone."""
        if record.source == "journal" or record.source.startswith("/"):
            names = {record.program.lower(), record.unit.removesuffix(".service").lower()}
            return record.source == "journal" or bool(names & self._units)
        return True
