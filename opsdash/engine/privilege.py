"""Root on the hosts of a fleet: who may, whose password it takes, and for how long it is known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Sudo, Way
from opsdash.core.plugin import Collector
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker, Question
from opsdash.core.reading import Reading
from opsdash.core.secret import Secret
from opsdash.core.text import count
from opsdash.transport.base import Completed, Connection, Heard, Order
from opsdash.transport.bundle import collect_bundle
from opsdash.transport.elevate import Root, as_root, by_rule, elevation, find_root
from opsdash.transport.root_rule import RootRule

LOG = logging.getLogger(__name__)

IDLE_S = 900.0
"""A password is forgotten when nobody has touched the program for so long."""

HOW = "press # to type it: it is tried on one host first, and forgotten after 15 idle minutes"


NEEDS_ROOT = "needs root: "

T = TypeVar("T")

Use = Callable[[Root, Secret | None], Awaitable[T]]
"""What is done as root: it is told how that is become, and with which password."""

_NOTHING = Order(b":", root=True)


def _tool(root: Root) -> str:
    return "doas" if root is Root.TTY else "sudo"


def _wants_password(root: Root, hint: str) -> HostError:
    text = f"needs root: {_tool(root)} asks for a password"
    return HostError(Problem(ProblemKind.DENIED, text, hint))


@dataclass
class Privilege:
    """Does what needs root. One password serves all hosts that ask for one; a wrong one fails on
    a single host, because until it has worked somewhere no other host gets to see it. `rule` is
    what a host may allow without one where it allows nothing else.
    """

    asker: Asker
    clock: Callable[[], float]
    rule: RootRule | None = None
    _root: dict[str, Root] = field(default_factory=dict)
    _password: Secret | None = None
    _proved: set[str] = field(default_factory=set)
    _refused: set[str] = field(default_factory=set)
    _doubted: set[str] = field(default_factory=set)
    _finding: dict[str, asyncio.Lock] = field(default_factory=dict)
    _wanted: bool = False
    _tell: Callable[[str], None] = LOG.info
    _touched: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def touch(self) -> None:
        """Somebody is there."""
        self._touched = self.clock()

    def want(self, tell: Callable[[str], None] = LOG.info) -> list[str]:
        """The person is ready to type a password; gives the hosts that wait for one. `tell` hears
        in a sentence what comes of the password.
        """
        self.touch()
        self._tell = tell
        self._wanted = True
        if self._refused:
            self.forget()  # what a host has refused is not tried there again: another is meant
        return [name for name, root in self._root.items() if root.takes_password]

    def forget(self) -> None:
        """Wipe the password."""
        if self._password is not None:
            LOG.info("the sudo password is forgotten")
            self._password.wipe()
        self._password = None
        self._proved.clear()

    def forget_host(self, name: str) -> None:
        """Find out anew how root is become on this host, if it is ever asked again."""
        self._root.pop(name, None)
        self._proved.discard(name)
        self._refused.discard(name)
        self._doubted.discard(name)
        self._finding.pop(name, None)

    def doubt(self, names: Iterable[str]) -> None:
        """Find out anew how root is become on these hosts: somebody may have mended it."""
        self._doubted.update(names)

    async def collect(
        self, host: Host, connection: Connection, due: Sequence[Collector]
    ) -> list[Reading]:
        """The readings of collectors that need root; HostError (DENIED) says why there are none."""
        if host.way is Way.REPLAY:
            return await connection.collect(due)

        async def ask(root: Root, password: Secret | None) -> list[Reading]:
            if root is Root.RULE and self.rule is not None:
                return await self.rule.collect(by_rule(connection, self.rule), due, host.name)
            return await collect_bundle(as_root(connection, root, password), due, host.name)

        return await self._as_root(host, connection, ask)

    async def run(
        self, host: Host, connection: Connection, order: Order, heard: Heard | None = None
    ) -> Completed:
        """Run an order, as root if it says so; else this is the connection's own run().

        Where root takes a password, that is tried by an order which does nothing, so that others
        need not wait for this one to end. HostError as Connection.run().
        """
        if not order.root or host.way is Way.REPLAY:
            return await connection.run(order, heard)

        async def act(root: Root, password: Secret | None) -> Completed:
            return await connection.run(order, heard, by=elevation(root, password))

        async def prove(root: Root, password: Secret | None) -> None:
            await connection.run(_NOTHING, by=elevation(root, password))

        return await self._as_root(host, connection, act, prove)

    async def _as_root(
        self,
        host: Host,
        connection: Connection,
        use: Use[T],
        prove: Use[None] | None = None,
    ) -> T:
        """Do something as root, when it is known how; whoever shows first that the password is
        right does so by `prove`, if there is one.
        """
        root = await self._way_of(host, connection)
        if not root.takes_password:
            return await self._freely(root, host, use)
        if self.clock() - self._touched > IDLE_S:
            self.forget()
        if host.name not in self._proved or self._password is None:
            async with self._turn:
                if prove is None:
                    return await self._first_time(root, host, use)
                await self._first_time(root, host, prove)
        return await self._by_password(root, host, use)

    async def _freely(self, root: Root, host: Host, use: Use[T]) -> T:
        try:
            return await use(root, None)
        except HostError as error:
            if error.problem.kind is ProblemKind.DENIED:
                self._root.pop(host.name, None)  # it was allowed once: find out anew
            raise

    async def _way_of(self, host: Host, connection: Connection) -> Root:
        if host.sudo is Sudo.NONE:
            raise HostError(Problem(ProblemKind.DENIED, "needs root: hosts.yaml says sudo: none"))
        known = self._root.get(host.name)
        if known is None or self._is_open(host.name):
            # two may ask at once: the second must not go on with what the first is finding out anew
            async with self._finding.setdefault(host.name, asyncio.Lock()):
                known = self._root.get(host.name)
                if known is None or self._is_open(host.name):
                    known = await find_root(connection.execute, self.rule)
                    LOG.info("%s: root: %s", host.name, known)
                    self._root[host.name] = known
                    self._doubted.discard(host.name)
        if known is Root.SUDO and host.sudo is Sudo.ASK:
            return Root.PASSWORD
        if known.takes_password and host.sudo is Sudo.NOPASSWD:
            raise _wants_password(known, "hosts.yaml says sudo: nopasswd, and it is not so")
        return known

    def _is_open(self, name: str) -> bool:
        """Whether it has to be found out how root is become there."""
        known = self._root.get(name)
        return known is None or known is Root.NEVER or name in self._doubted

    async def _first_time(self, root: Root, host: Host, use: Use[T]) -> T:
        """One host at a time shows whether the password is right; the first is the canary."""
        if self._password is None and self._wanted:
            self._wanted = False  # asked for once, whatever comes of it
            self._password = await self._ask(host, _tool(root))
            if self._password is None:
                self._tell("no password was given: what needs root stays empty")
            self._refused.clear()
        if self._password is None or host.name in self._refused:
            raise _wants_password(root, HOW)
        return await self._by_password(root, host, use)

    async def _by_password(self, root: Root, host: Host, use: Use[T]) -> T:
        """A refusal counts for this host; where nothing has proved the password, or this very host
        had, it is wrong altogether: no other host is to see it.
        """
        try:
            outcome = await use(root, self._password)
        except HostError as error:
            if not self._proved or error.problem.kind is ProblemKind.DENIED:
                self._tell(f"{host.name}: {error.problem.text.removeprefix(NEEDS_ROOT)}")
            if error.problem.kind is ProblemKind.DENIED:
                self._refused.add(host.name)
                if not self._proved or host.name in self._proved:
                    self.forget()
            raise
        if not self._proved:
            others = sum(known.takes_password for known in self._root.values()) - 1
            more = f", {count(others, 'other host')} may have it now" if others > 0 else ""
            self._tell(f"{host.name}: {_tool(root)} took the password{more}")
        self._proved.add(host.name)
        return outcome

    async def _ask(self, host: Host, tool: str) -> Secret | None:
        user = host.user or "your user"
        text = (
            f"It is tried on {host.name} first, once; only when it is right there, on the other\n"
            f"hosts whose {tool} asks. It is kept in memory, and forgotten after 15 idle minutes."
        )
        question = Question(
            "sudo", host.name, f"{tool} password of {user}@{host.name}", text, field="password"
        )
        answer = await self.asker.ask_once(question)
        self.touch()
        return answer or None
