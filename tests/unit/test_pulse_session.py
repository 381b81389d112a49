"""Frames put together from what arrives, however it was cut on the way."""

from __future__ import annotations

import pytest

from opsdash.transport.frames import end_mark
from opsdash.transport.ssh.pulse import MAX_FRAME_BYTES, PulseSession

END = end_mark("abcd")


async def test_two_frames_in_one_packet_are_two() -> None:
    session = PulseSession("abcd")
    session.data_received(b"one" + END + b"two" + END, None)
    assert session.received == 2
    assert await session.frame() == b"two"


@pytest.mark.parametrize("cut", range(1, len(END) + 3))
async def test_a_mark_that_comes_in_two_parts_is_found(cut: int) -> None:
    whole = b"one" + END + b"tw"
    session = PulseSession("abcd")
    session.data_received(whole[:cut], None)
    session.data_received(whole[cut:], None)
    assert session.received == 1
    assert await session.frame() == b"one"
    session.data_received(b"o" + END, None)
    assert await session.frame() == b"two"


async def test_a_flood_without_a_mark_ends_the_session() -> None:
    session = PulseSession("abcd")
    for _ in range(MAX_FRAME_BYTES // 65_536 + 1):
        session.data_received(b"y" * 65_536, None)
    assert session.ended
    assert await session.frame() is None
