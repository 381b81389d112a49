"""The logs of a fleet as a screen sees them: it opens them for some hosts, and pulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsdash.core.log_book import LogBook
from opsdash.core.log_counts import LogCounts
from opsdash.core.log_kinds import Kinds
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery


class LogFeed(Protocol):
    """The logs of some hosts, merged by time, as they come."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Whose they are."""
        ...

    @property
    def query(self) -> LogQuery:
        """Which lines were asked for."""
        ...

    @property
    def rev(self) -> int:
        """Grows with everything that comes."""
        ...

    @property
    def book(self) -> LogBook[LogEntry]:
        """The lines, and the gaps between them."""
        ...

    @property
    def kinds(self) -> Kinds:
        """What they say, by its kind."""
        ...

    @property
    def counts(self) -> LogCounts:
        """How many there are, by host and minute."""
        ...

    def notices(self) -> Sequence[LogNotice]:
        """What has to be known of them: what may not be read, and what would allow it."""
        ...

    def missing(self) -> Mapping[str, str]:
        """The hosts whose lines do not come now, and why, in half a sentence."""
        ...

    def dropped(self) -> Mapping[str, int]:
        """How many lines of which hosts were dropped because they came too fast."""
        ...

    def skew(self) -> Mapping[str, float]:
        """By how many seconds the clocks of hosts are ahead of ours, as far as it is known."""
        ...

    @property
    def paused(self) -> bool:
        """Whether nothing is read from the hosts now; they wait."""
        ...

    def pause(self, *, paused: bool) -> None:
        """Read nothing more from the hosts, or go on where it was left."""
        ...

    @property
    def rested_since_s(self) -> float | None:
        """Since when the hosts are let go of (seconds since 1970), because nobody looks; None: they
        are read.
        """
        ...

    def rest(self, *, resting: bool) -> None:
        """Let go of the hosts, or go on where it was left: what came meanwhile is read then."""
        ...


@dataclass(frozen=True, slots=True)
class LogsRead:
    """Lines that were read to their end, and what is not among them, in sentences."""

    lines: tuple[LogEntry, ...]
    lacking: tuple[str, ...] = ()


class Logs(Protocol):
    """Opens the logs of hosts; one feed at a time is open."""

    async def read(self, hosts: Sequence[str], query: LogQuery, within_s: float) -> LogsRead:
        """Read these lines once, beside what is open; what takes longer than that is left out."""
        ...

    def open(self, hosts: Sequence[str], query: LogQuery) -> LogFeed:
        """Begin to read the logs of these hosts; what was open is closed."""
        ...

    def close(self) -> None:
        """Nobody looks at them any more."""
        ...
