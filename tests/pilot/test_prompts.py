"""A question comes up as a dialog: clean, one key from being left, and its answer shows nowhere."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from opsdash.app.prompt_screen import PromptScreen, ScreenPrompter
from opsdash.core.prompts import YES, Asker, Question, QuestionKind
from opsdash.core.secret import Secret
from tests.fleet_states import EVIL, mixed_fleet
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage
from tests.waiting import wait_for

TYPED = "hunter2"


def question(kind: QuestionKind) -> Question:
    """A question in whose words a server tries everything."""
    text = f"{EVIL}\n\n[@click=app.quit]SHA256:abcdef[/red]"
    return Question("key", "web1", f"web1 asks ops {EVIL}", text, field="Code [/b]: ", kind=kind)


async def opened(stage: Stage, kind: QuestionKind) -> asyncio.Task[Secret | None]:
    """The dialog on the screen, and the task that waits for its answer."""
    prompter = ScreenPrompter()
    prompter.serve(stage.app, stage.app.look)
    asking = asyncio.create_task(Asker(prompter).ask_once(question(kind)))
    await wait_for(lambda: isinstance(stage.app.screen, PromptScreen), what="the dialog")
    await stage.pilot.pause()
    return asking


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("kind", QuestionKind)
async def test_a_dialog_looks_as_agreed(kind: QuestionKind, size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size) as stage:
        asking = await opened(stage, kind)
        if kind is not QuestionKind.CONFIRM:
            await stage.press(*TYPED)
        shown = stage.text
        await stage.press("escape")
        assert await asking is None
    assert_snapshot(f"prompt_{kind}_{size[0]}x{size[1]}", shown)
    assert (TYPED in shown) == (kind is QuestionKind.LINE)


async def test_what_is_typed_is_the_answer_and_is_kept_nowhere_on_the_screen() -> None:
    async with on_stage(mixed_fleet()) as stage:
        asking = await opened(stage, QuestionKind.SECRET)
        dialog = stage.app.screen
        await stage.press("q", "1", "question_mark", "enter")
        answer = await asking
        assert answer is not None
        assert answer.reveal() == b"q1?"
        assert stage.app.page is not None
        assert not isinstance(stage.app.screen, PromptScreen)
        assert "q1?" not in f"{vars(dialog)} {stage.text}"


@pytest.mark.parametrize(("key", "agreed"), [("y", True), ("enter", False), ("n", False)])
async def test_only_the_letter_y_agrees(key: str, agreed: bool) -> None:
    async with on_stage(mixed_fleet()) as stage:
        asking = await opened(stage, QuestionKind.CONFIRM)
        await stage.press(key)
        assert (await asking is YES) == agreed


async def test_a_question_that_is_no_longer_wanted_goes_away() -> None:
    async with on_stage(mixed_fleet()) as stage:
        asking = await opened(stage, QuestionKind.SECRET)
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        await wait_for(lambda: not isinstance(stage.app.screen, PromptScreen), what="the page")


async def test_without_a_screen_nobody_is_there() -> None:
    prompter = ScreenPrompter()
    assert not prompter.present
    assert await prompter.ask(question(QuestionKind.LINE)) is None
