"""Frames put together from what arrives, however it was cut on the way."""

from __future__ import annotations

import pytest

from opsdash.core.errors import HostError
from opsdash.transport.frames import end_mark
from opsdash.transport.pulse import MAX_FRAME_BYTES, Frames

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
