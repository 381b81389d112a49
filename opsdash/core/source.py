"""Where screens get the fleet from: they pull, nobody pushes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from opsdash.core.audit import AuditEntry, Done
from opsdash.core.event import Event
from opsdash.core.examination import Examination, Say
from opsdash.core.finding import Episode
from opsdash.core.forward import Forwarder
from opsdash.core.history import Holdings, Stretch
from opsdash.core.jobs import Jobs
from opsdash.core.logs import Logs
from opsdash.core.offer import Importer
from opsdash.core.reading import SampleKey
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.core.silence import Silence
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.walks import Walks


class Silencer(Protocol):
    """What keeps findings out of the way; what is changed here is in force at once."""

    def in_force(self) -> tuple[Silence, ...]:
        """Those that are not over, the first to end first."""
        ...

    def add(self, silences: Iterable[Silence]) -> None:
        """Put these in force; the disk follows within a second."""
        ...

    def end(self, ids: Iterable[str]) -> None:
        """Take these back."""
        ...


class FleetSource(Protocol):
    """A running fleet as a screen sees it. Nothing here waits for a host."""

    @property
    def rev(self) -> int:
        """Grows with every change; a reader remembers the one that it saw."""
        ...

    def snapshot(self) -> Snapshot:
        """The whole fleet as it is known now."""
        ...

    def changed_since(self, rev: int) -> list[HostState]:
        """The hosts that changed after `rev`."""
        ...

    def refresh(self, names: tuple[str, ...] = ()) -> None:
        """Ask these hosts again at once (none given: all), the ones that gave up included."""
        ...

    def want(self, name: str, *collectors: str) -> None:
        """Somebody looks at what these collectors, which are asked on demand, know of a host: they
        are for some seconds, in which it should be said again.
        """
        ...

    async def examine(self, name: str, say: Say, *, ask: bool = False) -> Examination:
        """Examine the way to a host; `say` hears of each stage as it ends.

        With `ask` the person may be asked for what the login takes, a host key included. It works
        on connections of its own and may be cancelled.
        """
        ...

    async def past(self, host: str, key: SampleKey, since: float, until: float) -> Stretch:
        """What a metric of a host was between two times (seconds since 1970), as finely as it is
        remembered that far back.
        """
        ...

    async def holdings(self, host: str) -> Holdings:
        """What is remembered of a host's past."""
        ...

    async def events(self, since: float) -> list[Event]:
        """What happened since (seconds since 1970), as far as it is remembered, oldest first."""
        ...

    async def audited(self, since: float) -> list[AuditEntry]:
        """What the audit log has of what was done from here since then, oldest first."""
        ...

    @property
    def silences(self) -> Silencer:
        """The acks, mutes and maintenance windows of the fleet."""
        ...

    @property
    def jobs(self) -> Jobs:
        """What is run on hosts, and was."""
        ...

    @property
    def logs(self) -> Logs:
        """The logs of its hosts."""
        ...

    @property
    def walks(self) -> Walks:
        """The runbooks, and those that are worked through."""
        ...

    async def episodes(self, host: str) -> list[Episode]:
        """What was wrong with a host, now and before, the latest that began first."""
        ...

    async def last_done(self, host: str, since: float) -> list[Done]:
        """What plans from here did on a host since then (seconds since 1970), the latest first."""
        ...

    async def at(self, moment: float) -> Snapshot:
        """The fleet as it was at a moment (seconds since 1970), as far as it is remembered."""
        ...

    async def stop_next_to(self, moment: float, way: int) -> float | None:
        """The moment of the stored poll before another (`way` is -1) or after it (1); None: there
        is none.
        """
        ...

    @property
    def forwards(self) -> Forwarder:
        """The ports of this machine that lead to hosts."""
        ...

    async def shell(self, name: str) -> ShellCommand:
        """What gives a person a shell on a host; HostError says why there is none: what is done in
        there can't be known, and a fleet that is read-only has none.
        """
        ...

    async def shell_ended(self, command: ShellCommand, ended: ShellEnd) -> None:
        """Such a shell has ended; HostError: it could not be written down."""
        ...

    def touch(self) -> None:
        """Somebody is at the keyboard: what is forgotten after idle minutes stays known."""
        ...

    def become_root(self, tell: Callable[[str], None]) -> int:
        """Ask for the sudo password, once; gives how many hosts wait for it.

        `tell` hears in a sentence what came of it: refused, taken, or not given.
        """
        ...


class Declared(Importer, Protocol):
    """The files that declare a fleet which is being watched: it follows them."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with them, as ``file:line:column: text``; empty: they are in force."""
        ...

    async def stirred(self) -> bool:
        """Whether any has changed since the fleet could not be started because of them."""
        ...

    async def heed(self) -> str:
        """As read_again(), but only if any has changed and is at rest; empty: none has."""
        ...

    async def read_again(self) -> str:
        """Put them in force, unless something is wrong with them; says what came of it."""
        ...
