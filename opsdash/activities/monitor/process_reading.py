"""What is known of a host's processes at a moment, and what must be said of it."""

from __future__ import annotations

from opsdash.core.blame import Resource
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState, LinkState
from opsdash.core.text import count, duration
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.wording import as_at

OLD_S = 20.0
"""From this age on a list is not what there is now: it is renewed every six seconds."""

MOVED_OLD_S = 150.0
"""The same of what root saw, which is asked for every minute."""

NOT_KEPT = (
    "no list of processes was kept by then",
    "one is when the health of a host changes, and every few hours",
)


class ProcessReading:
    """The last two readings about processes, of a host at `now`: the login's and root's."""

    def __init__(self, state: HostState | None = None, now: float = 0.0) -> None:
        readings = state.readings if state is not None else {}
        self._state, self._now = state, now
        self._seen: Reading | None = readings.get("ps")
        self._moved: Reading | None = readings.get("procio")

    @property
    def rows(self) -> tuple[Row, ...]:
        """A row per process that was told."""
        return self._seen.rows if self._seen is not None else ()

    @property
    def is_whole(self) -> bool:
        """Whether a process that is not listed does not run."""
        if self._seen is None or self._seen.get("ps.hidden"):
            return False
        return len(self.rows) >= (self._seen.get("ps.seen") or 0)

    @property
    def moved(self) -> tuple[Row, ...] | None:
        """Those that root saw read and write; None where it did not look, or long ago."""
        if self._moved is None or self._moved.problem is not None:
            return None
        if self._now - self._moved.at > MOVED_OLD_S:
            return None
        return self._moved.rows

    @property
    def at(self) -> float:
        """When the list was made, by the wall clock here."""
        return self._seen.at if self._seen is not None else self._now

    def counted(self, shown: int, *, filtered: bool) -> str:
        """How many processes are listed, and of how many."""
        if self._seen is None or self._seen.problem is not None:
            return "processes"
        every = int(self._seen.get("ps.seen") or 0)
        if filtered or shown < every:
            return f"{shown} of {count(every, 'process', 'processes')}"
        return count(every, "process", "processes")

    def age(self) -> Line:
        """How old the list is."""
        if self._seen is None:
            return ()
        old_s = max(0.0, self._now - self._seen.at)
        if self._state is not None and self._state.past:
            return line(Span(as_at(self._seen.at, self._now), Role.MUTED))
        if old_s > OLD_S:
            return line(Span(f"{duration(old_s)} old", Role.UNKNOWN))
        return line(Span("age <10s" if old_s < 10 else "age <20s", Role.MUTED))

    def notes(self, order: Resource) -> Line:
        """What makes the list less than it seems: what was left out, what may not be seen."""
        if self._seen is None or self._seen.problem is not None:
            return ()
        parts = []
        if self._seen.get("ps.hidden"):
            parts.append(Span("those of other users are hidden here (hidepid)", Role.WARN))
        if len(self.rows) < (self._seen.get("ps.seen") or 0):
            told = f"the {len(self.rows)} that take most, or wait, with those above them"
            parts.append(Span(told, Role.MUTED))
        if order is Resource.IO and any(row["io_bytes_s"] is None for row in self.rows):
            parts.append(Span(self._who_moved(), Role.MUTED))
        joined = [part for one in parts for part in (one, Span("  "))]
        return tuple(joined[:-1])

    def _who_moved(self) -> str:
        if self._moved is None:
            return "what others read and write only root may see"
        if self._moved.problem is not None:
            return f"of others: {self._moved.problem.text}; {self._moved.problem.hint}"
        return f"of others as root saw it {duration(max(0.0, self._now - self._moved.at))} ago"

    def instead(self) -> list[Line]:
        """What stands in place of a list."""
        if self._seen is not None and self._seen.problem is not None:
            problem = self._seen.problem
            return [line(Span(problem.text, Role.UNKNOWN)), line(Span(problem.hint, Role.MUTED))]
        if self._seen is not None:
            return [line(Span("there is no process that may be seen", Role.UNKNOWN))]
        if self._state is not None and self._state.past:
            return [line(Span(text, Role.UNKNOWN)) for text in NOT_KEPT]
        if self._state is not None and self._state.link.state is not LinkState.UP:
            said = f"{self._state.name} can't be reached: its processes come when it can"
            return [line(Span(said, Role.UNKNOWN))]
        return [line(Span("asking for them: it takes two looks, a second apart", Role.MUTED))]
