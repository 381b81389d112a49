"""What a screen is told of the logs that it looks at: who is away, and what ended them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.log_kinds import Seen
from opsdash.core.log_record import LogQuery
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker, Nobody
from opsdash.engine import log_desk, log_reader
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.log_desk import Feed, LogGround
from opsdash.engine.poller import Reach
from opsdash.engine.privilege import Privilege
from opsdash.store.log_kinds import Remembered
from tests.fleet_states import Clock
from tests.unit.test_fleet_logs import AT_S, FakeHost, FakeTransport, entry
from tests.waiting import wait_for


class NothingKept:
    """A table that remembers nothing."""

    async def all(self) -> Remembered:
        return Remembered()

    async def add(self, seen: Sequence[Seen], now: float) -> None:
        pass


@asynccontextmanager
async def looking_at(fake: FakeHost) -> AsyncGenerator[Feed, None]:
    """The logs of one fake on a screen."""
    clock, fleet = Clock(AT_S + 5), Fleet({"a": Host("a")})
    reach = Reach({Host("a").way: FakeTransport({"a": fake})}, Privilege(Asker(Nobody()), clock))  # type: ignore[dict-item]
    hands = FleetHands(lambda: fleet, reach)
    ground = LogGround(lambda: fleet, hands, NothingKept(), clock)  # type: ignore[arg-type]
    feed = Feed(["a"], LogQuery(follow=True), ground)
    try:
        yield feed
    finally:
        await feed.close()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reader, "rest_s", lambda failures: 0.01)
    monkeypatch.setattr(log_desk, "KEEP_S", 0.01)


async def test_that_a_connection_broke_is_not_said_any_more_when_the_host_is_heard_again() -> None:
    fake = FakeHost(entry(1))
    async with looking_at(fake) as feed:
        await wait_for(lambda: len(feed.book) == 1)
        fake.problem = Problem(ProblemKind.REFUSED, "connection refused")
        fake.coming.put_nowait(HostError(fake.problem))
        await wait_for(lambda: "a" in feed.missing())
        fake.problem = None
        await wait_for(lambda: not feed.missing())
        assert list(feed.notices()) == []


async def test_a_fault_of_its_own_does_not_look_like_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fault(self: Feed, batch: object) -> None:
        raise ValueError

    monkeypatch.setattr(Feed, "_take", fault)
    async with looking_at(FakeHost(entry(1))) as feed:
        await wait_for(lambda: bool(feed.notices()))
        assert "a fault of its own" in feed.notices()[0].text
