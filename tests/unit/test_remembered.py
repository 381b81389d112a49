"""What one run of opsdash found, the next one remembers: since when, and whether it is new."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from opsdash.core.errors import HostError
from opsdash.core.examination import Examination
from opsdash.core.finding import Finding
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host, Way
from opsdash.core.problem import Problem, ProblemKind
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.transport.base import Connection
from tests.fleet_states import Clock
from tests.waiting import wait_for

FLEET = Fleet(MappingProxyType({"db1": Host("db1")}))


class Refusing:
    """A way on which no host can be reached."""

    async def connect(self, host: Host) -> Connection:
        raise HostError(Problem(ProblemKind.REFUSED, f"connection refused by {host.name}:22"))

    async def log_in(self, host: Host) -> float:
        """Nobody can log in, and nobody tries."""
        return 0.0

    async def change_fleet(self, hosts: Mapping[str, Host], gone: Collection[str]) -> None:
        """They can't be reached either."""

    @asynccontextmanager
    async def examine(
        self, host: Host, exam: Examination, *, ask: bool
    ) -> AsyncGenerator[Connection, None]:
        """No way here either."""
        yield await self.connect(host)

    def ask_again(self) -> None:
        """Nothing was asked."""

    async def close(self) -> None:
        """Nothing is open."""


async def found_down(state_dir: Path, at: float) -> Finding:
    """One run at this time: what it says of the host."""
    surroundings = Surroundings(state_dir, clock=Clock(at), transports={Way.SSH: Refusing()})
    async with Session(FLEET, surroundings) as session:

        def known() -> bool:
            return session.snapshot().hosts["db1"].health is Health.DOWN

        await wait_for(known, what="DOWN")
        (finding,) = session.snapshot().hosts["db1"].findings
    return finding


async def test_a_host_that_stays_down_is_down_since_the_first_run_and_not_new(
    tmp_path: Path,
) -> None:
    first = await found_down(tmp_path, 10_000.0)
    second = await found_down(tmp_path, 10_600.0)
    assert [(said.since, said.new) for said in (first, second)] == [(10_000, False)] * 2
