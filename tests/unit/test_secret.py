"""A secret shows nowhere, and an answer is asked for once."""

from __future__ import annotations

import asyncio
import copy
import pickle
import traceback

import pytest

from opsdash.core.prompts import Asker, Nobody, Question
from opsdash.core.secret import Secret


def test_a_secret_shows_in_no_text_and_cannot_be_stored() -> None:
    secret = Secret("hunter2")
    shown = f"{secret} {secret!r} {secret!s:>9} {[secret]} {vars} {dir(secret)}"
    assert "hunter2" not in shown
    for store in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            store(secret)


def test_a_wiped_secret_is_empty() -> None:
    secret = Secret("hunter2")
    assert (bool(secret), secret.reveal()) == (True, b"hunter2")
    secret.wipe()
    assert (bool(secret), secret.reveal()) == (False, b"")


def test_a_traceback_with_locals_does_not_show_it() -> None:
    secret = Secret("hunter2")
    try:
        raise ValueError(secret)
    except ValueError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "hunter2" not in "".join(told.format())


class Person:
    """Answers one question at a time, when told to; keeps what was asked."""

    present = True
    eager = False

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.busy = 0
        self.most = 0
        self.go = asyncio.Event()

    async def ask(self, question: Question) -> Secret | None:
        self.busy += 1
        self.most = max(self.most, self.busy)
        self.asked.append(question.key)
        try:
            await self.go.wait()
        finally:
            self.busy -= 1
        answer = self.answers.pop(0)
        return None if answer is None else Secret(answer)


def question(key: str) -> Question:
    """A question of this key."""
    return Question(key, "web1", "password")


async def test_one_question_at_a_time_and_one_answer_for_all_who_wait() -> None:
    person = Person("one", "two")
    asker = Asker(person)
    waiting = [asyncio.create_task(asker.ask(question(key))) for key in ("a", "a", "b")]
    person.go.set()
    answers = [answer.reveal() for answer in await asyncio.gather(*waiting) if answer]
    assert answers == [b"one", b"one", b"two"]
    assert (person.asked, person.most) == (["a", "b"], 1)
    again = await asker.ask(question("a"))
    assert again is asker.remembered("a")
    assert again is not None
    assert (again.reveal(), person.asked) == (b"one", ["a", "b"])


async def test_an_answer_survives_the_one_who_asked_but_a_code_does_not() -> None:
    person = Person("one")
    asker = Asker(person)
    first = asyncio.create_task(asker.ask(question("a")))
    await asyncio.sleep(0)
    first.cancel()
    person.go.set()
    found = await asker.ask(question("a"))
    assert found is not None
    assert person.asked == ["a"]
    person.go.clear()
    code = asyncio.create_task(asker.ask_once(question("code")))
    while person.busy == 0:
        await asyncio.sleep(0)
    code.cancel()
    await asyncio.wait([code])
    assert person.busy == 0


async def test_a_declined_question_stays_declined_until_the_person_wants_another_try() -> None:
    person = Person(None, "yes")
    person.go.set()
    asker = Asker(person)
    assert await asker.ask(question("a")) is None
    assert await asker.ask(question("a")) is None
    asker.forget_declined()
    assert await asker.ask(question("a")) is not None
    assert person.asked == ["a", "a"]


async def test_forgotten_answers_are_wiped_and_nobody_answers_headless() -> None:
    person = Person("one")
    person.go.set()
    asker = Asker(person)
    answer = await asker.ask(question("sudo/web1"))
    asker.forget(lambda key: key.startswith("sudo/"))
    assert not answer
    assert await Asker(Nobody()).ask(question("a")) is None
