"""One hook's messages on their way: one after the other, tried again, and given up some time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from opsdash.core.event import Event, EventKind
from opsdash.core.hook import Hook, Outcome
from opsdash.core.telling import Message
from opsdash.core.text import clean_line, shorten
from opsdash.engine.hook_book import Book, Turn
from opsdash.store.hooks import HookChanges, HookTable

LOG = logging.getLogger(__name__)

BACKOFF_S = (2.0, 10.0)
"""How long to wait before the second try, and before the third, which is the last."""

FAREWELL_S = 1.0
"""What is on its way may arrive when the run ends; what does not is told by the next run."""

Call = Callable[[Hook, Message], Awaitable[Outcome]]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a message goes, and whom it concerns what came of it."""

    table: HookTable
    call: Call
    clock: Callable[[], float]
    notice: Callable[[str], None]
    withdraw: Callable[[str], None]
    happened: Callable[[Event], None]
    sleep: Sleep = asyncio.sleep


class Post:
    """Of one hook; `key` is whose it is in the store. What is put in is in the store already."""

    def __init__(self, key: str, book: Book, desk: Desk) -> None:
        self.key = key
        self.book = book
        self._desk = desk
        self._waiting: deque[Message] = deque()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._fault = ""
        self._task: asyncio.Task[None] | None = None

    def start(self, ended: Callable[[asyncio.Task[None]], None]) -> None:
        """Begin to tell."""
        name = f"hook {self.book.hook.name}"
        self._task = asyncio.create_task(self._run(), name=name)
        self._task.add_done_callback(ended)

    def put(self, messages: Iterable[Message]) -> None:
        """These are to be told, in this order."""
        self._waiting += messages
        if self._waiting:
            self._some.set()

    @property
    def waiting(self) -> int:
        """How many are not yet told."""
        return len(self._waiting)

    async def stop(self) -> None:
        """Let what is on its way arrive for a moment, and end."""
        task, self._task = self._task, None
        if task is None:
            return
        held, self._waiting = self._waiting, deque(list(self._waiting)[:1])
        waits = asyncio.create_task(self._idle.wait())
        await asyncio.wait([waits, task], timeout=FAREWELL_S, return_when="FIRST_COMPLETED")
        self._waiting = held
        for one in (waits, task):
            one.cancel()
        await asyncio.wait([waits, task])
        self._blame("")

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            while self._waiting:
                self._idle.clear()
                await self._deliver(self._waiting[0])
                self._waiting.popleft()
                self._idle.set()
                await asyncio.sleep(0)
            self._some.clear()

    async def _deliver(self, message: Message) -> None:
        hook, desk = self.book.hook, self._desk
        message = replace(message, missed=self.book.standing.missed)
        await desk.table.begun(message)
        outcome = await desk.call(hook, message)
        for wait_s in BACKOFF_S:
            if outcome.told or not outcome.again:
                break
            LOG.info("hook %s is tried again in %.0f s: %s", hook.name, wait_s, outcome.text)
            await desk.sleep(wait_s)
            message = replace(message, repeated=True)
            outcome = await desk.call(hook, message)
        await self._came_of_it(message, outcome)

    async def _came_of_it(self, message: Message, outcome: Outcome) -> None:
        name, book = self.book.hook.name, self.book
        turn = book.delivered(message) if outcome.told else book.failed(message)
        if outcome.told:
            LOG.info("hook %s told %s in %.1f s", name, message.kind, outcome.took_s)
            self._blame("")
        else:
            LOG.warning("hook %s failed: %s", name, outcome.text)
            hint = f": {outcome.hint}" if outcome.hint else ""
            self._blame(f"hook {shorten(name, 30)} failed: {outcome.text}{hint}")
        self._desk.happened(self._event(message, outcome))
        await self._desk.table.save(changes_of(self.key, book, turn, done=message.id))

    def _event(self, message: Message, outcome: Outcome) -> Event:
        """What the own memory keeps of it."""
        first = message.news[0]
        about = first if len(message.news) == 1 else None
        what = message.title if about is None else f"{message.kind} {first.text}"
        how = "" if outcome.told else f"{outcome.text}: "
        return Event(
            self._desk.clock(),
            EventKind.TOLD if outcome.told else EventKind.UNTOLD,
            host=about.host if about is not None else "",
            text=f"{self.book.hook.name}: {how}{what}",
        )

    def _blame(self, text: str) -> None:
        """Say what is wrong, once; empty: nothing any more."""
        text = clean_line(text, 200)
        if text == self._fault:
            return
        if self._fault:
            self._desk.withdraw(self._fault)
        if text:
            self._desk.notice(text)
        self._fault = text


def changes_of(key: str, book: Book, turn: Turn, *, done: str = "") -> HookChanges:
    """A turn as the store takes it."""
    return HookChanges(
        key,
        book.standing if turn.standing else None,
        tuple(turn.told.values()),
        tuple(turn.forgotten),
        tuple(turn.messages),
        done,
    )
