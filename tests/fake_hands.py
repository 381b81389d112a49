"""Hosts made up for the Runner's tests: each step of each host ends as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from opsdash.core.audit import AuditEntry
from opsdash.core.errors import AuditError, HostError
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.tcp import Tcp

Ends = Mapping[str, str]
"""How each script ends: ok, fail, hang, lost, timeout; ``unreachable`` of a host."""


@dataclass
class FakeHands:
    """Scripts end as `ends` says by ``HOST SCRIPT`` or ``SCRIPT``; `ran` has what was begun, in
    order. `most` is how many hosts were held at once.
    """

    ends: Ends = field(default_factory=dict)
    ran: list[tuple[str, str]] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    most: int = 0
    deaf: bool = False
    release: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[FakeHand, None]:
        """Reach a host."""
        await asyncio.sleep(0)
        if self.ends.get(name) == "unreachable":
            raise HostError(Problem(ProblemKind.NO_ROUTE, f"no route to {name}"))
        if self.ends.get(name) == "never":
            await asyncio.Event().wait()
        self.held.add(name)
        self.most = max(self.most, len(self.held))
        try:
            yield FakeHand(Host(name), self)
        finally:
            self.held.discard(name)

    def address(self, name: str) -> str:
        """As any other."""
        return f"{name}.example"

    async def run_here(self, order: Order, heard: Heard | None = None) -> Completed:
        """Run it "here"."""
        return await FakeHand(Host("here"), self).run(order, heard)


@dataclass
class FakeHand:
    """A made-up host that is held."""

    host: Host
    hands: FakeHands

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """End as told."""
        if order.around is None:
            return await self._end(order, heard)
        around = self._locked(order.around.functions)
        if b" taken " not in around:
            return Completed(1, b"", around=around)
        return replace(await self._end(order, heard), around=around)

    async def _end(self, order: Order, heard: Heard | None) -> Completed:
        script = order.script.decode()
        self.hands.ran.append((self.host.name, script))
        ends = self.hands.ends
        end = ends.get(f"{self.host.name} {script}") or ends.get(script, "ok")
        if heard is not None:
            heard(f"{self.host.name} says {end}\n".encode(), False)
        await asyncio.sleep(0)
        match end:
            case "fail":
                return Completed(3, b"", b"it is broken\n")
            case "hang":
                await self._hang()
            case "lost":
                raise HostError(Problem(ProblemKind.LOST, "the connection broke in mid-command"))
            case "timeout":
                raise HostError(Problem(ProblemKind.TIMEOUT, "no answer within 60s"))
            case "bug":
                raise ZeroDivisionError("a bug")
        return Completed(0, f"{self.host.name} says {end}\n".encode())

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Take the lock, or release it."""
        await asyncio.sleep(0)
        return Completed(0, self._locked(script))

    def _locked(self, script: bytes) -> bytes:
        """What the host says of its lock."""
        held = self.hands.ends.get(f"{self.host.name} lock")
        releases = b"echo released" in script and b"before()" not in script
        if held and not releases:
            said = f"held o1 b 9 {held} ann%40desk 1800000000"
        else:
            said = "taken /run/lock/opsdash.lock.0"
        mark = script.decode().partition("m=")[2].partition(";")[0]
        return f"{mark} {said}\n".encode()

    async def _hang(self) -> None:
        try:
            await self.hands.release.wait()
        except asyncio.CancelledError:
            if not self.hands.deaf:
                raise
            await asyncio.Event().wait()

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """It makes none."""
        raise AssertionError

    async def renew(self) -> None:
        """It is there at once."""


@dataclass
class KeptAudit:
    """An audit log in memory; with `full` it can't be written."""

    entries: list[AuditEntry] = field(default_factory=list)
    full: bool = False

    async def write(self, entry: AuditEntry) -> None:
        """Keep it."""
        await asyncio.sleep(0)
        if self.full:
            raise AuditError("the disk is full")
        self.entries.append(entry)
