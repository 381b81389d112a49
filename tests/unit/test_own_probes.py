"""Own probes on their way: when they are asked, when a failure counts, and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from opsdash.core.errors import HostError
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Collector
from opsdash.core.probe import Command, Process, Tcp
from opsdash.core.probe import Probe as Own
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.engine.own_probes import CONFIRM_S, OwnProbes
from opsdash.engine.rhythm import Rhythm
from opsdash.transport.base import Connection

SSH = Own("ssh", Tcp("127.0.0.1", 22))
CRON = Own("cron", Process("cron"))
SLOW = Own("slow", Command(("/bin/slow",)), every_s=300)

UP: Row = {"outcome": "answered", "time_s": 0.1}
DOWN: Row = {"outcome": "failed", "text": "connection refused"}
OWN_DEADLINE = Problem(ProblemKind.TIMEOUT, "Probe ssh: no answer within 11s")
STUCK = Problem(ProblemKind.TIMEOUT, "Probe ssh: no answer in 20 s")


class Talk:
    """A host whose answers a test gives, beside a clock that the test moves."""

    def __init__(self, *probes: Own) -> None:
        self.now = 1000.0
        self.host = Host("web1", probes=probes)
        self.says: dict[str, Row | Problem] = {}
        self.asked: list[tuple[str, ...]] = []
        self.told: list[Reading] = []
        self.probes = OwnProbes(self._take, Rhythm(lambda: self.now, lambda: 0.0))
        self.broken: asyncio.Future[Problem] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    def _take(self, host: Host, reading: Reading, by_host: bool) -> None:
        self.told.append(reading)

    async def collect(self, collectors: Sequence[Collector]) -> list[Reading]:
        """What the transport would answer."""
        names = tuple(one.name.removeprefix("probe ") for one in collectors)
        self.asked.append(names)
        return [self._reading(name) for name in names]

    def _reading(self, name: str) -> Reading:
        said = self.says.get(name, UP)
        if isinstance(said, Problem):
            if said.kind is ProblemKind.LOST:
                raise HostError(said)
            return Reading("web1", "probes", self.now, problem=said)
        return Reading("web1", "probes", self.now, rows=({**said, "probe": name, "at": self.now},))

    async def begin(self) -> None:
        """Keep asking, as a host's task does."""
        connection = cast(Connection, SimpleNamespace(collect=self.collect))
        self._task = asyncio.create_task(self.probes.keep(self.host, connection, self.broken))
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def pass_s(self, seconds: float) -> None:
        """So much time goes by, and everybody looks at the clock."""
        self.now += seconds
        for event in self.probes._asked.get("web1", []):
            event.set()
        await self.settle()

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def outcomes(self) -> dict[str, str]:
        """What is known of each probe by now."""
        return {str(row["probe"]): str(row["outcome"]) for row in self.told[-1].rows}


async def test_each_probe_is_asked_at_its_own_time() -> None:
    talk = Talk(SSH, SLOW)
    await talk.begin()
    for _ in range(60):
        await talk.pass_s(10.0)
    await talk.end()
    assert talk.asked[0] == ("ssh", "slow")
    assert sum("ssh" in names for names in talk.asked) == 11
    assert sum("slow" in names for names in talk.asked) == 3
    assert talk.outcomes() == {"ssh": "answered", "slow": "answered"}


async def test_what_worked_and_fails_once_over_the_network_is_asked_again_before_it_counts() -> (
    None
):
    talk = Talk(SSH)
    await talk.begin()
    talk.says["ssh"] = DOWN
    await talk.pass_s(60.0)
    assert talk.outcomes() == {"ssh": "answered"}
    talk.says["ssh"] = UP
    await talk.pass_s(CONFIRM_S)
    assert talk.outcomes() == {"ssh": "answered"}
    talk.says["ssh"] = DOWN
    await talk.pass_s(60.0)
    await talk.pass_s(CONFIRM_S)
    assert talk.outcomes() == {"ssh": "failed"}
    assert talk.told[-1].get("probes.answered", "ssh") == 0.0
    talk.says["ssh"] = UP
    await talk.pass_s(60.0)
    assert talk.outcomes() == {"ssh": "answered"}
    await talk.end()


async def test_what_never_worked_and_what_needs_no_network_counts_at_once() -> None:
    talk = Talk(SSH, replace(CRON, severity=Health.WARN))
    talk.says["ssh"] = DOWN
    await talk.begin()
    assert talk.outcomes() == {"ssh": "failed", "cron": "answered"}
    talk.says["cron"] = DOWN
    await talk.pass_s(60.0)
    await talk.end()
    assert talk.outcomes() == {"ssh": "failed", "cron": "failed"}


async def test_a_deadline_of_its_own_says_that_what_is_on_the_network_does_not_answer() -> None:
    talk = Talk(SSH, SLOW)
    talk.says = {"ssh": OWN_DEADLINE, "slow": OWN_DEADLINE}
    await talk.begin()
    await talk.end()
    assert talk.outcomes() == {"ssh": "failed", "slow": "unknown"}


async def test_one_that_keeps_the_script_from_ending_costs_no_other() -> None:
    talk = Talk(SLOW, SSH, CRON)
    talk.says = {"slow": STUCK, "ssh": STUCK, "cron": STUCK}

    async def only_the_first(collectors: Sequence[Collector]) -> list[Reading]:
        readings = await Talk.collect(talk, collectors)
        talk.says.pop("ssh", None)
        talk.says.pop("cron", None)
        return readings

    talk.collect = only_the_first  # type: ignore[method-assign]
    await talk.begin()
    assert talk.asked == [("slow", "ssh", "cron"), ("ssh", "cron")]
    assert talk.outcomes() == {"slow": "unknown", "ssh": "answered", "cron": "answered"}
    await talk.pass_s(300.0)
    await talk.end()
    assert talk.asked[-1] == ("ssh", "cron", "slow")


async def test_a_connection_that_breaks_is_told_and_no_probe_fails_by_it() -> None:
    talk = Talk(SSH)
    await talk.begin()
    talk.says["ssh"] = Problem(ProblemKind.LOST, "the connection was lost")
    await talk.pass_s(60.0)
    await talk.end()
    assert talk.broken.result().kind is ProblemKind.LOST
    assert talk.outcomes() == {"ssh": "answered"}


async def test_asking_again_makes_all_due_and_forgetting_ends_it() -> None:
    talk = Talk(SSH, CRON)
    await talk.begin()
    talk.probes.ask(["web1", "db1"])
    await talk.settle()
    assert len(talk.asked) == 2
    await talk.end()
    talk.probes.forget("web1")
    talk.probes.ask(["web1"])
    assert len(talk.asked) == 2


async def test_what_is_no_longer_declared_is_no_longer_known() -> None:
    talk = Talk(SSH, CRON)
    await talk.begin()
    await talk.end()
    talk.host = Host("web1", probes=(SSH,))
    await talk.begin()
    await talk.pass_s(60.0)
    assert talk.outcomes() == {"ssh": "answered"}
    await talk.end()
    talk.host = Host("web1")
    await talk.begin()
    assert talk.told[-1].rows == ()
