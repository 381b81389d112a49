"""The login probe: an open connection is no proof that anybody could still log in."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from statistics import median

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

REMEMBERED, FEWEST = 15, 5
"""Of so many logins the middle one is usual; of fewer nothing is."""

SLOW_TIMES = 3.0
"""A login so many times as long as usual does not change what is usual,"""

NEW_NORMAL = 60
"""unless so many in a row were: then it is so from now on."""

Report = Callable[[str, Login], None]


@dataclass
class Durations:
    """How long logins to one host took: `slow` in a row were far longer than the others."""

    taken_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    slow: int = 0

    def usual_s(self) -> float | None:
        """How long most take; None while too few are known."""
        return median(self.taken_s) if len(self.taken_s) >= FEWEST else None

    def add(self, took_s: float) -> None:
        """One more has succeeded."""
        usual_s = self.usual_s()
        self.slow = self.slow + 1 if usual_s and took_s > SLOW_TIMES * usual_s else 0
        if self.slow >= NEW_NORMAL:
            self.taken_s.clear()
            self.slow = 0
        if not self.slow:
            self.taken_s.append(took_s)


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
        self._took: dict[str, Durations] = {}

    def ask(self, name: str) -> None:
        """Probe this host at once, the one that was given up included."""
        if name in self._asked:
            self._asked[name].set()

    def forget(self, name: str) -> None:
        """This host is not probed any more."""
        self._asked.pop(name, None)
        self._took.pop(name, None)

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
            self._report(host.name, self._compared(host.name, login))
            lasting = login.problem is not None and not login.problem.mends_itself
            jitter = random.uniform(0.9, 1.1)  # noqa: S311 - jitter
            rest_s = None if lasting else self._period_s * jitter

    def _compared(self, name: str, login: Login) -> Login:
        """With how long it usually takes; a new connection to the host begins with what was."""
        took = self._took.setdefault(name, Durations())
        found = replace(login, usual_s=took.usual_s())
        if login.problem is None and login.took_s > 0:
            took.add(login.took_s)
        return found

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
