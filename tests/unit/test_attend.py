"""What was called off, and what had ended by itself before that."""

from __future__ import annotations

import asyncio

import pytest

from opsdash.engine import attend as attend_module
from opsdash.engine.attend import CalledOff, Overtime, attend


async def test_what_ends_in_the_moment_in_which_it_is_called_off_has_ended_by_itself() -> None:
    off, ready = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def work() -> str:
        return str(await ready)

    waiting = asyncio.create_task(attend(work(), off, 9.0))
    await asyncio.sleep(0)
    ready.set_result("done")
    off.set()
    assert await waiting == "done"


async def test_what_tells_of_its_own_end_while_it_is_being_ended_has_ended_by_itself() -> None:
    off = asyncio.Event()
    off.set()

    async def work() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 7
        return 0

    assert await attend(work(), off, 9.0) == 7


async def test_what_takes_too_long_is_ended_and_that_is_no_call_of_a_person() -> None:
    with pytest.raises(Overtime) as error:
        await attend(asyncio.Event().wait(), asyncio.Event(), 0.01)
    assert error.value.confirmed


async def test_what_is_slow_to_end_has_not_confirmed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attend_module, "SURELY_S", -1.0)
    off = asyncio.Event()
    off.set()
    with pytest.raises(CalledOff) as error:
        await attend(asyncio.Event().wait(), off, 9.0)
    assert not error.value.confirmed


async def test_what_will_not_end_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attend_module, "ENDING_S", 0.01)
    off, over = asyncio.Event(), asyncio.Event()
    off.set()

    async def work() -> None:
        try:
            await over.wait()
        except asyncio.CancelledError:
            await over.wait()
            raise ZeroDivisionError("a bug that nobody waits for") from None

    with pytest.raises(CalledOff) as error:
        await attend(work(), off, 9.0)
    assert not error.value.confirmed
    over.set()
    await asyncio.sleep(0)
