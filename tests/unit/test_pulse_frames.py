"""Frames put together from what arrives, however it was cut on the way."""

from __future__ import annotations

import asyncio

import pytest

from opsdash.core.errors import HostError
from opsdash.core.problem import ProblemKind
from opsdash.transport.frames import end_mark
from opsdash.transport.pulse import (
    MAX_FRAME_BYTES,
    TOGETHER_S,
    Frames,
    until_next_grant_s,
)

END = end_mark("abcd")


async def test_two_frames_in_one_packet_are_two() -> None:
    frames = Frames("abcd")
    frames.feed(b"one" + END + b"two" + END)
    assert frames.received == 2
    assert await frames.next(1.0) == b"two"


@pytest.mark.parametrize("cut", range(1, len(END) + 3))
async def test_a_mark_that_comes_in_two_parts_is_found(cut: int) -> None:
    whole = b"one" + END + b"tw"
    frames = Frames("abcd")
    frames.feed(whole[:cut])
    frames.feed(whole[cut:])
    assert frames.received == 1
    assert await frames.next(1.0) == b"one"
    frames.feed(b"o" + END)
    assert await frames.next(1.0) == b"two"


async def test_a_flood_without_a_mark_ends_the_stream() -> None:
    frames = Frames("abcd")
    for _ in range(MAX_FRAME_BYTES // 65_536 + 1):
        frames.feed(b"y" * 65_536)
    assert frames.ended
    with pytest.raises(HostError, match="more than 1M"):
        await frames.next(1.0)


async def test_patience_counts_from_each_frame_though_one_timer_serves_them_all() -> None:
    frames = Frames("abcd")
    loop = asyncio.get_running_loop()
    loop.call_later(0.1, frames.feed, b"one\x1eabcd .\n")
    loop.call_later(0.3, frames.feed, b"two\x1eabcd .\n")
    assert await frames.next(0.25) == b"one"
    assert await frames.next(0.25) == b"two"
    began = loop.time()
    with pytest.raises(HostError, match="no answer") as raised:
        await frames.next(0.25)
    assert 0.2 < loop.time() - began < 2.0
    assert raised.value.problem.kind is ProblemKind.SILENT


async def test_patience_may_grow_shorter() -> None:
    frames = Frames("abcd")
    loop = asyncio.get_running_loop()
    loop.call_later(0.05, frames.feed, b"one\x1eabcd .\n")
    assert await frames.next(30.0) == b"one"
    began = loop.time()
    with pytest.raises(HostError, match="no answer"):
        await frames.next(0.2)
    assert loop.time() - began < 5.0


@pytest.mark.parametrize("at_s", [100.0, 100.04, 100.06, 100.999])
def test_grants_of_many_hosts_meet_and_keep_their_interval(at_s: float) -> None:
    wait_s = until_next_grant_s(2.0, at_s)
    assert abs(wait_s - 2.0) <= TOGETHER_S / 2 + 1e-9
    slot = (at_s + wait_s) / TOGETHER_S
    assert abs(slot - round(slot)) < 1e-6
