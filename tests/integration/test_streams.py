"""One contract for what is followed on a host by every way: its beats, its pace, and its end."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import aclosing
from pathlib import Path

import pytest

from opsdash.core.errors import HostError
from opsdash.core.problem import ProblemKind
from opsdash.transport.base import STREAMS_PER_HOST, Connection, Piece
from opsdash.transport.streaming import HIGH_BYTES, WINDOW_BYTES
from tests.integration.test_orders import runs
from tests.ssh_server import Behaviour
from tests.waiting import wait_for
from tests.ways import RUNS, WAYS, reached

OWN = os.getpid()
LEFT = (f"{OWN}.11", f"{OWN}.22")
"""By these arguments what a stream left behind is known; other tests run beside these."""

FOLLOWS = (
    f"echo begun; sleep {LEFT[0]} & job=$!; while read -r beat; do :; done; kill $job; echo over"
).encode()
"""Ends with its beats, as every script of a stream has to."""

HANGS = f"echo begun; sleep 4712 & sleep {LEFT[1]}".encode()
"""Does not heed its beats."""


async def all_of(connection: Connection, script: bytes) -> tuple[bytes, bytes, int | None]:
    """Both outputs of a stream that ends, and its status."""
    out, err, status = b"", b"", None
    async with aclosing(connection.stream(script, beat_s=0.2)) as pieces:
        async for piece in pieces:
            out, err = out + piece.data * (not piece.is_error), err + piece.data * piece.is_error
            status = piece.status
    return out, err, status


@RUNS
async def test_a_stream_has_its_output_its_errors_and_its_status(way: str, tmp_path: Path) -> None:
    script = b"printf 'a\\377b'; echo oops >&2; printf '\\036half'; exit 7"
    async with reached(way, tmp_path) as connection:
        assert await all_of(connection, script) == (b"a\xffb\x1ehalf", b"oops\n", 7)


@RUNS
async def test_what_a_login_shell_says_is_none_of_it(way: str, tmp_path: Path) -> None:
    if way == "local":
        pytest.skip("nobody logs in here")
    async with reached(way, tmp_path, Behaviour(before=b"Welcome!\n")) as connection:
        assert await all_of(connection, b"echo mine") == (b"mine\n", b"", 0)


@RUNS
async def test_a_stream_hears_a_beat_now_and_then(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        got = await all_of(connection, b"read -r a; read -r b; echo two")
    assert got == (b"two\n", b"", 0)


@RUNS
@pytest.mark.parametrize(
    ("script", "left"), [(FOLLOWS, LEFT[0]), (HANGS, LEFT[1])], ids=["heeds", "hangs"]
)
async def test_nothing_is_left_of_a_stream_that_nobody_listens_to_any_more(
    way: str, script: bytes, left: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path) as connection:
        async with aclosing(connection.stream(script, beat_s=0.5, endless=True)) as pieces:
            assert await anext(pieces) == Piece(b"begun\n")
            await wait_for(lambda: runs(left))
        await wait_for(lambda: not runs(left), within_s=5, what="the end of what was followed")
        assert await all_of(connection, b"echo still here") == (b"still here\n", b"", 0)


@RUNS
async def test_nothing_is_left_of_a_stream_whose_task_is_cancelled(
    way: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path) as connection:
        task = asyncio.create_task(all_of(connection, FOLLOWS))
        await wait_for(lambda: runs(LEFT[0]))
        task.cancel()
        await asyncio.wait([task])
        await wait_for(lambda: not runs(LEFT[0]), within_s=5)
    assert task.cancelled()


@RUNS
async def test_a_stream_that_hears_no_beat_ends_by_itself(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(talk: object, beat_s: float) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("opsdash.transport.streaming._beat", silent)
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError) as caught:
            await all_of(connection, HANGS)
        assert caught.value.problem.kind is ProblemKind.LOST
        await wait_for(lambda: not runs(LEFT[1]), within_s=5)


@RUNS
async def test_who_is_not_heard_has_to_wait_and_loses_nothing(way: str, tmp_path: Path) -> None:
    count, seen = tmp_path / "count", 0
    script = f"yes 0123456 | head -n 2000000 | tee {count}; exit 0".encode()
    async with reached(way, tmp_path) as connection:
        async with aclosing(connection.stream(script, beat_s=0.2)) as pieces:
            first = await anext(pieces)
            stands = [0]

            def at_rest() -> bool:
                stands.append(count.stat().st_size)
                return stands[-1] > 0 and len(stands) > 25 and stands[-25] == stands[-1]

            await wait_for(at_rest, what="that the host waits")
            # the ssh program has a window of its own, of 2 MiB
            on_the_way = 2_097_152 if way == "openssh" else WINDOW_BYTES
            assert stands[-1] < 2 * (HIGH_BYTES + on_the_way) + 300_000
            seen = len(first.data)
            async for piece in pieces:
                seen += len(piece.data)
    assert seen == 16_000_000


@RUNS
async def test_a_host_gives_a_few_streams_and_says_so(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        open_ones = [connection.stream(FOLLOWS, beat_s=1) for _ in range(STREAMS_PER_HOST)]
        for one in open_ones:
            await anext(one)
        with pytest.raises(HostError) as caught:
            await anext(connection.stream(FOLLOWS, beat_s=1))
        assert caught.value.problem.kind is ProblemKind.SESSION
        # what is soon over has channels of its own
        done = await connection.execute(b"echo hi", timeout_s=5, max_bytes=100)
        assert done.stdout == b"hi\n"
        for one in open_ones:
            await one.aclose()
        assert (await all_of(connection, b"echo again"))[0] == b"again\n"


async def test_a_connection_that_breaks_is_lost_and_the_host_keeps_nothing(tmp_path: Path) -> None:
    behaviour = Behaviour()
    async with reached("ssh", tmp_path, behaviour) as connection:
        pieces = connection.stream(HANGS, beat_s=0.5, endless=True)
        await anext(pieces)
        behaviour.drop_all()
        with pytest.raises(HostError) as caught:
            await anext(pieces)
        assert caught.value.problem.kind is ProblemKind.LOST
        await wait_for(lambda: not runs(LEFT[1]), within_s=6)


async def test_a_host_that_gives_no_shell_says_why(tmp_path: Path) -> None:
    async with reached("ssh", tmp_path, Behaviour(instead="exit")) as connection:
        with pytest.raises(HostError) as caught:
            await all_of(connection, b"echo hi")
        assert caught.value.problem.kind is ProblemKind.ACCOUNT


async def test_the_shell_that_stays_beside_is_killed_and_the_stream_is_lost(tmp_path: Path) -> None:
    script = b"echo $PPID; while read -r beat; do :; done"
    async with reached("local", tmp_path) as connection:
        pieces = connection.stream(script, beat_s=0.2, endless=True)
        os.kill(int((await anext(pieces)).data), signal.SIGKILL)
        with pytest.raises(HostError) as caught:
            await anext(pieces)
        assert caught.value.problem.kind is ProblemKind.LOST


@WAYS
async def test_every_way_has_streams(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        pieces = [piece async for piece in connection.stream(b"exit 0", beat_s=1)]
    assert pieces[-1] == Piece(status=0)
