"""A person at the terminal, as the tests play one: answers by title, and what was asked."""

from __future__ import annotations

import asyncio

from opsdash.core.prompts import YES, Question, QuestionKind
from opsdash.core.secret import Secret


class Person:
    """Answers each question by the first word list that its title or field contains.

    `answers` maps a part of the title or field to what is typed, in turn; a list that has run out,
    or no match, declines. `hold` keeps every answer back until it is set.
    """

    present = True

    def __init__(self, eager: bool = False, **answers: list[str]) -> None:
        self.eager = eager
        self._answers = answers
        self.asked: list[Question] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def ask(self, question: Question) -> Secret | None:
        """One answer."""
        self.asked.append(question)
        await self.hold.wait()
        words = f"{question.title} {question.field}".lower()
        for part, answers in self._answers.items():
            if part in words and answers:
                said = answers.pop(0)
                return YES if question.kind is QuestionKind.CONFIRM else Secret(said)
        return None
