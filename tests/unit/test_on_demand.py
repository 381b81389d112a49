"""What is asked on demand: of nobody by itself, at once of who is wanted, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from opsdash.core.host import Host
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Output, Reading
from opsdash.engine.questions import Questions
from opsdash.engine.rhythm import Rhythm
from opsdash.transport.base import Connection
from opsdash.transport.local import LocalTransport
from tests.waiting import wait_for

HOST = Host("web1")


class Watch:
    """A clock that a test turns."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _parse(output: Output, host: str, at: float) -> Reading:
    return Reading(host, "top", at)


async def _no_root(host: Host, connection: Connection, due: Sequence[Collector]) -> list[Reading]:
    raise AssertionError("nothing here needs root")


async def test_a_host_is_asked_while_it_is_wanted_and_no_longer() -> None:
    clock, taken = Watch(), list[float]()
    top = Collector("top", "Top", Tier.DEMAND, _parse, command="true", every_s=6.0)
    questions = Questions(
        {"top": top},
        _no_root,
        lambda host, readings: taken.append(clock.now),
        lambda *_: None,
        Rhythm(clock, lambda: 0.0),
    )
    connection = await LocalTransport().connect(HOST)
    broken = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(questions.on_demand.keep(HOST, connection, broken))
    try:
        await asyncio.sleep(0)
        assert not taken
        questions.wanted.want("web1", ["top"], 10.0)
        await wait_for(lambda: len(taken) == 1, what="the first answer")
        questions.wanted.want("web1", ["top"], 10.0)
        clock.now += 7.0
        questions.on_demand.wake("web1")
        await wait_for(lambda: len(taken) == 2, what="the next, when it is due")
        clock.now += 60.0
        questions.on_demand.wake("web1")
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(taken) == 2
        questions.wanted.want("web1", ["top"], 10.0)
        await wait_for(lambda: len(taken) == 3, what="an answer for who came back")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await connection.close()


async def test_of_what_is_on_demand_only_what_is_wanted_is_asked_for() -> None:
    asked, taken = list[str](), list[str]()

    async def as_root(
        host: Host, connection: Connection, due: Sequence[Collector]
    ) -> list[Reading]:
        asked.extend(one.name for one in due)
        return [Reading(host.name, one.name, 1000.0) for one in due]

    names = ("top", "ports", "io", "guests")
    collectors = {
        name: Collector(
            name, name, Tier.DEMAND, _parse, command="true", needs_root=name in ("io", "guests")
        )
        for name in names
    }
    clock = Watch()
    questions = Questions(
        collectors,
        as_root,
        lambda host, readings: taken.extend(one.collector for one in readings),
        lambda *_: None,
        Rhythm(clock, lambda: 0.0),
    )
    connection = await LocalTransport().connect(HOST)
    broken = asyncio.get_running_loop().create_future()
    tasks = [
        asyncio.create_task(facts.keep(HOST, connection, broken))
        for facts in (questions.on_demand, questions.on_demand_as_root)
    ]
    try:
        await asyncio.sleep(0)
        questions.wanted.want("web1", ["io", "top"], 10.0)
        await wait_for(lambda: len(taken) == 2, what="what is wanted")
        assert asked == ["io"]
        assert sorted(taken) == ["io", "top"]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await connection.close()


def test_a_wish_ends_by_itself_and_with_its_host() -> None:
    clock, woken = Watch(), list[str]()
    wanted = Questions(
        {}, _no_root, lambda *_: None, lambda *_: None, Rhythm(clock, lambda: 0.0)
    ).wanted
    wanted._wake = woken.append
    wanted.want("web1", ["top"], 10.0)
    wanted.want("web1", ["top"], 3.0)
    assert woken == ["web1"]
    clock.now += 9.0
    assert wanted.is_wanted("web1", "top")
    clock.now += 2.0
    assert not wanted.is_wanted("web1", "top")
    wanted.want("web1", ["top"], 10.0)
    assert woken == ["web1", "web1"]
    wanted.want("web1", ["top", "ports"], 10.0)
    assert woken == ["web1"] * 3
    assert not wanted.is_wanted("web1", "guests")
    wanted.forget("web1")
    assert not wanted.is_wanted("web1", "top")
