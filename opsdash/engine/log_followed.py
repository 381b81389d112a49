"""One source of logs with its lanes: what it tells is put where it can be merged by time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opsdash.collectors.log_lines import LogSource
from opsdash.core.log_record import LogEntry
from opsdash.engine.log_merger import Lane, Merger
from opsdash.engine.log_wanted import Wanted


@dataclass
class Followed:
    """One source with its lane; both outlive the connections. One of several files, which are told
    one behind the other, has a lane for each; the first lane is the one that others wait for.

    `begun` says that what was older than the beginning has been read. `kept` is what came of that
    so far, where it can't be given out before all of it is known; `last` is how many of these are
    wanted, the latest (None: all).
    """

    source: LogSource
    lane: Lane
    wanted: Wanted
    files: dict[str, Lane] = field(default_factory=dict)
    begun: bool = False
    ended: bool = False
    kept: list[LogEntry] | None = None
    last: int | None = None

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All of them."""
        return (self.lane, *self.files.values())

    def begin(self, lines: int | None, *, leaves_out: bool) -> None:
        """What is older than now comes. After a break what had come before it is kept."""
        for lane in self.lanes:
            lane.drops = False
        if self.kept is None and (self.files or (leaves_out and not self.begun)):
            self.kept = []
            self.last = lines if leaves_out and not self.begun else None

    def put(self, entries: Sequence[LogEntry], now: float) -> None:
        """These have come."""
        self.lane.heard = now
        if self.kept is None:
            self._give(entries, now)
            return
        self.kept.extend(entries)
        if self.last is not None and len(self.kept) > 2 * self.last + 1_000:
            self.kept = self._latest(self.kept, self.last)

    def settle(self, now: float) -> None:
        """All that is older than now has come."""
        kept, self.kept = self.kept or [], None
        self._give(kept if self.last is None else self._latest(kept, self.last), now)
        self.last = None
        for lane in self.lanes:
            lane.settle(now)
        self.lane.older, self.begun = False, True

    def live(self) -> None:
        """What comes from now on is new: of a flood the oldest lines are dropped."""
        for lane in self.lanes:
            lane.drops = True

    def end(self) -> None:
        """All of it has been read."""
        self.ended = True
        for lane in self.lanes:
            lane.over = True

    def go_on(self, now: float) -> None:
        """What was written since it was read last is waited for, as if it were older."""
        for lane in self.lanes:
            lane.over, lane.heard = False, now
        self.lane.older = True

    def set_ahead(self, ahead_s: float) -> None:
        """The host's clock is so far ahead of ours."""
        self.wanted.ahead_s = ahead_s
        for lane in self.lanes:
            lane.ahead_s = ahead_s

    def _give(self, entries: Iterable[LogEntry], now: float) -> None:
        if not self.files:
            self.lane.put(entries, now)
            return
        of_lane: dict[str, list[LogEntry]] = {}
        for entry in entries:
            of_lane.setdefault(entry.source, []).append(entry)
        for path, found in of_lane.items():
            self.files.get(path, self.lane).put(found, now)

    def _latest(self, entries: list[LogEntry], most: int) -> list[LogEntry]:
        """The last of them in the order of time; a line without one is as old as that before it."""
        if not self.files:
            return entries[-most:]
        at_s: dict[str, float] = {}
        keyed: list[tuple[float, int, LogEntry]] = []
        for number, entry in enumerate(entries):
            if entry.at_s is not None:
                at_s[entry.source] = entry.at_s
            keyed.append((at_s.get(entry.source, 0.0), number, entry))
        chosen = sorted(keyed, key=lambda one: one[:2])[-most:]
        return [entry for _, _, entry in sorted(chosen, key=lambda one: one[1])]


def followed(host: str, source: LogSource, wanted: Wanted, merger: Merger) -> Followed:
    """A source of a host with lanes of their own."""
    made = Followed(source, merger.lane(host, source.name, wanted.ahead_s), wanted)
    made.files = {path: merger.lane(host, path, wanted.ahead_s) for path in source.parts}
    for lane in made.files.values():
        lane.older = False
    return made
