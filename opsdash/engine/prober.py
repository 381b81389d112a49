"""The login probe: an open connection is no proof that anybody could still log in."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.snapshot import Login
from opsdash.transport.base import Transport

LOG = logging.getLogger(__name__)

EVERY_S = 60.0
LOGINS_PER_S = 5.0
"""A login costs us as much as twenty pulses and the host a line in its log: where more than so many
were needed for the whole fleet, each host is probed less often. See docs/decisions/0008."""

CONFIRM_S = 5.0
"""A failure that may pass by itself (MaxStartups, a lost packet) counts when it happens twice."""

AT_A_TIME = 10

Report = Callable[[str, Login], None]


class Prober:
    """Logs in anew to each host that is up, now and then; `report` takes what came of it."""

    def __init__(
        self, transports: Mapping[Way, Transport], report: Report, clock: Callable[[], float]
    ) -> None:
        self._transports = transports
        self._report = report
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._asked: dict[str, asyncio.Event] = {}

    def ask(self, name: str) -> None:
        """Probe this host at once, the one that was given up included."""
        if name in self._asked:
            self._asked[name].set()

    def forget(self, name: str) -> None:
        """This host is not probed any more."""
        self._asked.pop(name, None)

    async def keep(self, host: Host) -> None:
        """Probe a host until cancelled; its connection has just been made, so not at once.

        A refusal that does not mend itself is not tried again unasked: it would lock the account.
        """
        asked = self._asked[host.name] = asyncio.Event()
        rest_s: float | None = self._period_s * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        while True:
            asked.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await asked.wait()
            login = await self._probe(host)
            if login.problem is not None and login.problem.mends_itself:
                await asyncio.sleep(CONFIRM_S)
                login = await self._probe(host)
            if login.problem is not None:
                LOG.info("%s: new logins fail: %s", host.name, login.problem.text)
            self._report(host.name, login)
            lasting = login.problem is not None and not login.problem.mends_itself
            jitter = random.uniform(0.9, 1.1)  # noqa: S311 - jitter
            rest_s = None if lasting else self._period_s * jitter

    @property
    def _period_s(self) -> float:
        """How often each host is probed: the more hosts there are, the rarer."""
        return max(EVERY_S, len(self._asked) / LOGINS_PER_S)

    async def _probe(self, host: Host) -> Login:
        problem: Problem | None = None
        async with self._slots:
            took_s = 0.0
            try:
                took_s = await self._transports[host.way].log_in(host)
            except HostError as error:
                problem = error.problem
        if problem is not None and problem.kind is ProblemKind.UNANSWERED:
            problem = None  # only a person could answer: that says nothing of the host
        return Login(self._clock(), took_s, problem)
