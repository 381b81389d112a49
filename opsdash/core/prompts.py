"""Questions to the person at the terminal, and who asks them: one at a time, never twice.

The transport asks through an Asker; the Asker asks through the Prompter of the front end (dialogs,
the tty, or nobody at all).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from opsdash.core.secret import Secret
from opsdash.core.text import clean, clean_line

LOG = logging.getLogger(__name__)


class QuestionKind(StrEnum):
    """What is wanted: a secret (not shown while typed), a line (shown), or a yes."""

    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    LINE = "line"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that only a person knows or may decide.

    `host` is the name of the host that wants to know, `title` what is wanted in a few words, `text`
    what should be read before answering (fingerprints, the server's own words), `field` the words
    in front of the input. `key` tells questions apart: two with one key are one question.
    """

    key: str
    host: str
    title: str
    text: str = ""
    field: str = ""
    kind: QuestionKind = QuestionKind.SECRET

    def __post_init__(self) -> None:
        """Clean what may be remote text: a server chooses the words of its challenge."""
        object.__setattr__(self, "title", clean_line(self.title, 200))
        object.__setattr__(self, "text", clean(self.text, 2000))
        object.__setattr__(self, "field", clean_line(self.field, 100).strip())


YES = Secret("yes")
"""The answer to a CONFIRM that was agreed to."""


class Prompter(Protocol):
    """The front end's way to ask.

    `present` says whether anybody is there to answer, `eager` whether a login may ask for a
    password unbidden, as ssh does; a screen waits until its user wants the host tried again.
    """

    @property
    def present(self) -> bool:
        """Whether anybody can be asked at all."""
        ...

    @property
    def eager(self) -> bool:
        """Whether questions may come up that nobody asked for."""
        ...

    async def ask(self, question: Question) -> Secret | None:
        """The answer, None when the person declines; cancelled when it is no longer wanted."""
        ...


class Nobody:
    """The Prompter of a program that runs by itself: every question is declined."""

    present = False
    eager = False

    async def ask(self, question: Question) -> Secret | None:
        """Nobody answers."""
        return None


class Asker:
    """Asks one question at a time, shares each answer with all who wait for it, and remembers.

    A declined question stays declined, and a remembered answer stays remembered, until the end of
    the run, or `forget`. Nothing is kept on disk. `busy` says that a question is open.
    """

    def __init__(self, prompter: Prompter) -> None:
        self._prompter = prompter
        self._turn = asyncio.Lock()
        self.busy = False
        self._asked: dict[str, asyncio.Task[Secret | None]] = {}

    @property
    def present(self) -> bool:
        """Whether anybody can be asked at all."""
        return self._prompter.present

    @property
    def eager(self) -> bool:
        """Whether questions may come up that nobody asked for."""
        return self._prompter.present and self._prompter.eager

    def remembered(self, key: str) -> Secret | None:
        """The answer that was given to a question in this run, without asking anybody."""
        asked = self._asked.get(key)
        if asked is None or not asked.done() or asked.cancelled() or asked.exception():
            return None
        return asked.result()

    async def ask(self, question: Question) -> Secret | None:
        """The answer, asked of the person once for each key; None when it was declined.

        Whoever asks may be cancelled: the question stays, for its answer serves the next try.
        """
        if question.key not in self._asked:
            self._asked[question.key] = asyncio.create_task(self._put(question))
        return await asyncio.shield(self._asked[question.key])

    async def ask_once(self, question: Question) -> Secret | None:
        """The answer to a question that is new each time: a one-time code, a fingerprint.

        When the one who asks is cancelled, the question is taken back.
        """
        return await self._put(question)

    async def _put(self, question: Question) -> Secret | None:
        if not self._prompter.present:
            return None
        async with self._turn:
            LOG.info("%s: asked: %s", question.host, question.title)
            self.busy = True
            try:
                answer = await self._prompter.ask(question)
            finally:
                self.busy = False
            LOG.info("%s: %s", question.host, "declined" if answer is None else "answered")
            return answer

    def forget(self, wanted: Callable[[str], bool]) -> None:
        """Drop the answers of all keys that `wanted` picks; the next to ask asks the person."""
        for key in [key for key, asked in self._asked.items() if asked.done() and wanted(key)]:
            answer = self._asked.pop(key)
            if not answer.cancelled() and answer.exception() is None:
                secret = answer.result()
                if secret is not None and secret is not YES:
                    secret.wipe()

    def forget_declined(self) -> None:
        """Questions that were declined may be asked again: the person wants another try."""
        for key, asked in list(self._asked.items()):
            if asked.done() and (asked.cancelled() or asked.exception() or asked.result() is None):
                del self._asked[key]

    async def close(self) -> None:
        """Take back what is still being asked, and forget every answer."""
        waiting = [asked for asked in self._asked.values() if not asked.done()]
        for asked in waiting:
            asked.cancel()
        if waiting:
            await asyncio.wait(waiting)
        self.forget(lambda key: True)
