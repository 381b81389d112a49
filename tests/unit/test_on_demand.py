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
        questions.wanted.want("web1", 10.0)
        await wait_for(lambda: len(taken) == 1, what="the first answer")
        questions.wanted.want("web1", 10.0)
        clock.now += 7.0
        questions.on_demand.wake("web1")
        await wait_for(lambda: len(taken) == 2, what="the next, when it is due")
        clock.now += 60.0
        questions.on_demand.wake("web1")
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(taken) == 2
        questions.wanted.want("web1", 10.0)
        await wait_for(lambda: len(taken) == 3, what="an answer for who came back")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await connection.close()


def test_a_wish_ends_by_itself_and_with_its_host() -> None:
    clock, woken = Watch(), list[str]()
    wanted = Questions(
        {}, _no_root, lambda *_: None, lambda *_: None, Rhythm(clock, lambda: 0.0)
    ).wanted
    wanted._wake = woken.append
    wanted.want("web1", 10.0)
    wanted.want("web1", 3.0)
    assert woken == ["web1"]
    clock.now += 9.0
    assert wanted.is_wanted("web1")
    clock.now += 2.0
    assert not wanted.is_wanted("web1")
    wanted.want("web1", 10.0)
    assert woken == ["web1", "web1"]
    wanted.forget("web1")
    assert not wanted.is_wanted("web1")
