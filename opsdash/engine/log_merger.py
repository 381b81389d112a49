"""Lines of many hosts in the order of their times: each source is a lane, and keeps its own order.

Times are of the hosts' clocks, made comparable by how far each is ahead of ours. A line is given
out when it is as old as a line can be that is still on its way; while a source tells what is older
it is waited for. Nobody waits for one that is silent, and no lane holds more than its share: of one
that is followed and floods, the oldest lines are dropped, and a gap tells how many.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from opsdash.core.log_record import LogEntry, LogGap

HOLD_S = 1.5
"""Files are looked at once a second, and an answer takes its time: a line is that old at most when
it comes, as a rule.
"""

MOST_WAITING = 20_000
"""Lines of one source that wait to be given out."""

ROOM = 2_000
"""A source that tells what is older has to wait while so many of its lines do."""

SILENT_S = 10.0
"""Who tells nothing for so long, while others wait for what it has of old, is not waited for."""

_Waiting = tuple[float, LogEntry]


@dataclass(slots=True, eq=False)
class Lane:
    """One source of one host. `older` says that it still tells what was before the beginning;
    `_timed` that some line has told its time.
    """

    host: str
    source: str
    ahead_s: float = 0.0
    older: bool = True
    over: bool = False
    drops: bool = False
    heard: float = 0.0
    lines: int = 0
    dropped: int = 0
    _queue: deque[_Waiting] = field(default_factory=deque)
    _untimed: list[LogEntry] = field(default_factory=list)
    _key: float | None = None
    _timed: bool = False
    _lost: int = 0
    _lost_from: float | None = None

    @property
    def waiting(self) -> int:
        """How many of its lines wait."""
        return len(self._queue)

    @property
    def head(self) -> float:
        """The time of the next one; there is one."""
        return self._queue[0][0]

    def put(self, entries: Iterable[LogEntry], now: float) -> None:
        """These have come, in this order."""
        self.heard = now
        for entry in entries:
            self.lines += 1
            at_s = entry.at_s
            if at_s is not None:
                self._timed = self._timed or not isinstance(entry, LogGap)
                # what is from the future came now
                self._key = min(at_s - self.ahead_s, now)
                self._flush()
            elif not self.older and not self._timed:
                self._key = now  # of a log without times nothing better is known
            elif self._key is None:
                self._untimed.append(entry)  # it belongs to what follows
                continue
            self._append(self._key or 0.0, entry)

    def settle(self, now: float) -> None:
        """No time will be told for the lines that have none: they are from now."""
        if self._untimed:
            self._key = now
            self._flush()

    def _flush(self) -> None:
        untimed, self._untimed = self._untimed, []
        for entry in untimed:
            self._append(self._key or 0.0, entry)

    def _append(self, key: float, entry: LogEntry) -> None:
        self._queue.append((key, entry))
        if self.drops and len(self._queue) > MOST_WAITING:
            gone = self._queue.popleft()[1]
            self.dropped += 1
            self._lost += 1
            if self._lost_from is None:
                self._lost_from = gone.at_s

    def take(self) -> list[LogEntry]:
        """The next one, and before it the gap of those that were dropped."""
        _, entry = self._queue.popleft()
        if not self._lost:
            return [entry]
        lost, self._lost = self._lost, 0
        begin, self._lost_from = self._lost_from, None
        why = "more came than could be shown"
        gap = LogGap(self.host, self.source, why, begin, entry.at_s, dropped=lost)
        return [gap, entry]


class Merger:
    """The lanes of all sources, and what of them may be given out."""

    def __init__(self, clock: Callable[[], float], hold_s: float = HOLD_S) -> None:
        self._clock = clock
        self._hold_s = hold_s
        self._lanes: list[Lane] = []
        self._of_host: dict[str, list[Lane]] = {}

    def lane(self, host: str, source: str, ahead_s: float) -> Lane:
        """A new source."""
        made = Lane(host, source, ahead_s, heard=self._clock())
        self._lanes.append(made)
        self._of_host.setdefault(host, []).append(made)
        return made

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not any(lane.waiting for lane in self._lanes)

    def lanes(self, host: str) -> list[Lane]:
        """The sources of one host."""
        return self._of_host.get(host, [])

    def take(self, most: int = 5_000) -> list[LogEntry]:
        """What may be given out now, in its order: not more than about `most`."""
        now = self._clock()
        if any(self._is_awaited(lane, now) for lane in self._lanes):
            return []
        ripe = now - self._hold_s if any(not lane.over for lane in self._lanes) else float("inf")
        heads = [(lane.head, n, lane) for n, lane in enumerate(self._lanes) if lane.waiting]
        heapq.heapify(heads)
        found: list[LogEntry] = []
        while heads and heads[0][0] <= ripe and len(found) < most:
            _, number, lane = heads[0]
            found += lane.take()
            if lane.waiting:
                heapq.heapreplace(heads, (lane.head, number, lane))
                continue
            heapq.heappop(heads)
            if self._is_awaited(lane, now):
                break
        return found

    def _is_awaited(self, lane: Lane, now: float) -> bool:
        """Whether what it has of old may belong before what others have."""
        if lane.over or not lane.older or lane.waiting:
            return False
        return now - lane.heard < SILENT_S
