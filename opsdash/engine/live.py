"""The connections that the poller has open, for others who have something to do on a host."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem
from opsdash.transport.base import Connection


@dataclass
class LiveConnections:
    """By host. Who wants one waits until there is news of the host: a connection, or a failure."""

    _open: dict[str, Connection] = field(default_factory=dict)
    _failed: dict[str, Problem] = field(default_factory=dict)
    _news: dict[str, asyncio.Event] = field(default_factory=dict)

    def came(self, name: str, connection: Connection) -> None:
        """This is the host's connection from now on."""
        self._open[name] = connection
        self._failed.pop(name, None)
        self._tell(name)

    def went(self, name: str) -> None:
        """It is about to be closed."""
        self._open.pop(name, None)

    def failed(self, name: str, problem: Problem) -> None:
        """The host could not be reached."""
        self._failed[name] = problem
        self._tell(name)

    def get(self, name: str) -> Connection | None:
        """The host's open connection; None: there is none now."""
        return self._open.get(name)

    async def other_than(self, name: str, known: Connection | None) -> Connection:
        """The host's connection, once it has one that is not `known`; HostError when the next try
        to reach it fails.
        """
        self._failed.pop(name, None)
        while (found := self._open.get(name)) is None or found is known:
            problem = self._failed.get(name)
            if problem is not None:
                raise HostError(problem)
            news = self._news.setdefault(name, asyncio.Event())
            await news.wait()
        return found

    def _tell(self, name: str) -> None:
        news = self._news.pop(name, None)
        if news is not None:
            news.set()
