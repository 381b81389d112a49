"""What comes and goes on hosts between two looks: ports that are listened at, file systems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from opsdash.core.event import EventKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState
from opsdash.core.text import count

MOST_TOLD = 8
"""Of one look, by name; more of them are told in one event, so that a port scanner's trap or a
machine full of containers does not fill the record."""

FLICKER = 3
"""What came so often is not told any more while opsdash runs: it comes and goes."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A collector whose rows come and go: what a row is called, and what its coming and its going
    are called. Rows without a name are left out.
    """

    kind: EventKind
    name: Callable[[Row], str]
    came: str
    went: str


def _port(row: Row) -> str:
    where = {"all": "", "self": " for itself"}.get(str(row.get("scope")), f" at {row['address']}")
    return f"{row['port']}/{row['proto']}{where}"


SIGHTS: Mapping[str, Sight] = {
    "openports": Sight(EventKind.PORT, _port, "is listened at", "is listened at no more"),
    "filesystem": Sight(
        EventKind.MOUNT, lambda row: str(row.get("mount") or ""), "is mounted", "is not mounted"
    ),
}


@dataclass
class Seen:
    """What was seen of one collector of one host, and how often each thing has come."""

    reading: Reading
    names: frozenset[str]
    came: dict[str, int] = field(default_factory=dict)


class Appearances:
    """Compares each answer with the one before, and notes what is new or gone.

    What was there at the first look is no news; nor is what a failed answer lacks.
    """

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self._seen: dict[tuple[str, str], Seen] = {}

    def look(self, state: HostState) -> None:
        """Compare, if there is anything new of these."""
        for collector, sight in SIGHTS.items():
            reading = state.readings.get(collector)
            if reading is None or reading.problem is not None:
                continue
            key = (state.name, collector)
            before = self._seen.get(key)
            if before is not None and before.reading is reading:
                continue
            names = frozenset(filter(None, map(sight.name, reading.rows)))
            if before is None:
                self._seen[key] = Seen(reading, names)
                continue
            self._compare(state.name, sight, before, names)
            before.reading, before.names = reading, names

    def forget(self, hosts: Iterable[str]) -> None:
        """These have left the fleet."""
        gone = frozenset(hosts)
        self._seen = {key: seen for key, seen in self._seen.items() if key[0] not in gone}

    def _compare(self, host: str, sight: Sight, before: Seen, names: frozenset[str]) -> None:
        for name in names - before.names:
            before.came[name] = before.came.get(name, 0) + 1
        flickers = {name for name, times in before.came.items() if times >= FLICKER}
        self._tell(host, sight, sorted(names - before.names - flickers), came=True)
        self._tell(host, sight, sorted(before.names - names - flickers), came=False)

    def _tell(self, host: str, sight: Sight, names: list[str], *, came: bool) -> None:
        words = sight.came if came else sight.went
        if len(names) > MOST_TOLD:
            shown = ", ".join(names[:MOST_TOLD])
            text = f"{count(len(names), sight.kind)}: {shown}, … ({words})"
            self._note(sight.kind, host=host, text=text)
            return
        for name in names:
            self._note(sight.kind, host=host, text=f"{name} {words}", subject=name)
