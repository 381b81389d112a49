"""Two fleets compared: who is new, who is gone, and whose connection has to be made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opsdash.core.fleet import Fleet
from opsdash.core.host import Host

_REACHED_BY = (
    *("address", "port", "user", "keys", "jump"),
    *("host_key", "known_hosts", "way", "ssh_config"),
)
_ASKED_BY = ("interval_s", "sudo", "probes", "watch")
"""What a running pulse and its facts go by: they begin anew, on the connection that there is."""


AT_A_TIME = 50
"""Judging so many hosts takes a fiftieth of a second."""


@dataclass(frozen=True, slots=True)
class FleetChange:
    """Names of hosts: `moved` are reached in another way, `renewed` asked in another way on the
    same connection, and of `relabelled` only what is thought of them has changed.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    relabelled: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.changed)

    @property
    def changed(self) -> tuple[str, ...]:
        """The hosts that were there before and are declared otherwise now."""
        return (*self.moved, *self.renewed, *self.relabelled)

    def __str__(self) -> str:
        """In words: ``2 added, 1 removed, 3 changed``."""
        parts = (
            (self.added, "added"),
            (self.removed, "removed"),
            (self.changed, "changed"),
        )
        said = [f"{len(names)} {words}" for names, words in parts if names]
        return ", ".join(said) or "nothing changed"


def compare(before: Fleet, after: Fleet) -> FleetChange:
    """What it takes to go from one fleet to the other."""
    moved, renewed, relabelled = [], [], []
    for name, host in after.hosts.items():
        old = before.hosts.get(name)
        if old is None:
            continue
        if _way_to(old, before) != _way_to(host, after):
            moved.append(name)
        elif _fields(old, _ASKED_BY) != _fields(host, _ASKED_BY):
            renewed.append(name)
        elif old != host:
            relabelled.append(name)
    return FleetChange(
        added=tuple(name for name in after.hosts if name not in before.hosts),
        removed=tuple(name for name in before.hosts if name not in after.hosts),
        moved=tuple(moved),
        renewed=tuple(renewed),
        relabelled=tuple(relabelled),
    )


def batched(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many names at a time as can be dealt with before somebody notices."""
    return (names[start : start + AT_A_TIME] for start in range(0, len(names), AT_A_TIME))


def _way_to(host: Host, fleet: Fleet) -> list[tuple[object, ...]]:
    """All that decides how a host is reached: its own fields and those of its jump hosts."""
    return [_fields(one, _REACHED_BY) for one in _chain(host, fleet)]


def _chain(host: Host, fleet: Fleet) -> Iterator[Host]:
    seen: set[str] = set()
    one: Host | None = host
    while one is not None and one.name not in seen:
        yield one
        seen.add(one.name)
        jump = one.jump or ""
        one = fleet.hosts.get(jump) or fleet.passed_through.get(jump)


def _fields(host: Host, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(getattr(host, name) for name in names)
