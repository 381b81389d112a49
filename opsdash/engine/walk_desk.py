"""The runbooks of a session: what there is, and those that are being worked through. They go on
whatever page is looked at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opsdash.config.runbook_files import Books
from opsdash.core.errors import OpsdashError, Refused
from opsdash.core.job import Job, JobState
from opsdash.core.jobs import Jobs
from opsdash.core.plan import Plan
from opsdash.core.runbook import Runbook
from opsdash.core.runbook_course import Course
from opsdash.core.runbook_turn import AskNow, DoNow, LookNow
from opsdash.core.snapshot import Snapshot
from opsdash.core.text import clean_line
from opsdash.core.walks import WalkKey, WalkSeen, WalkState
from opsdash.engine.runbook_walk import Ground, Halted, Walk

LOG = logging.getLogger(__name__)

MOST_KEPT = 50
"""Walks that are remembered; of those that have ended the oldest go first."""

WATCH_S = 0.25
"""How often it is looked whether an action has ended."""


class BookFiles(Protocol):
    """The files of the runbooks; both of it looks at the disk."""

    def read(self) -> Books:
        """All of them."""
        ...

    def changed(self) -> bool:
        """Whether any has changed since they were read."""
        ...


@dataclass(slots=True)
class _Held:
    """One walk: how it stands, and the task that works at it."""

    walk: Walk
    given: Mapping[str, str]
    subject: str
    state: WalkState = WalkState.LOOKING
    told: str = ""
    job_id: str = ""
    began_at: float = 0.0
    since: float = 0.0
    task: asyncio.Task[None] | None = field(default=None)


class WalkDesk:
    """Begins walks, and knows all of them. `books` reads the runbooks' files."""

    def __init__(
        self,
        ground: Ground,
        jobs: Callable[[], Jobs],
        snapshot: Callable[[], Snapshot],
        files: BookFiles,
    ) -> None:
        self.rev = 0
        self._on = ground
        self._jobs = jobs
        self._snapshot = snapshot
        self._files = files
        self._books = Books()
        self._held: dict[WalkKey, _Held] = {}

    async def read(self, *, again: bool = False) -> bool:
        """Read the files of the runbooks, if they have changed since or it is wanted `again`;
        whether they were. What is under way goes on as it began.
        """
        if not again and not await asyncio.to_thread(self._files.changed):
            return False
        self._books = await asyncio.to_thread(self._files.read)
        self.rev += 1
        return True

    @property
    def books(self) -> Mapping[str, Runbook]:
        """Every runbook by id."""
        return self._books.books

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the user's own files."""
        return tuple(clean_line(str(one)) for one in self._books.faults)

    def here(self) -> Sequence[WalkSeen]:
        """All walks, the newest first."""
        return [self._seen(key, held) for key, held in reversed(self._held.items())]

    def find(self, key: WalkKey) -> WalkSeen | None:
        """One of them."""
        held = self._held.get(key)
        return self._seen(key, held) if held is not None else None

    def _seen(self, key: WalkKey, held: _Held) -> WalkSeen:
        course = held.walk.course
        return WalkSeen(
            key,
            course.book.title,
            held.state,
            course.turn,
            tuple(course.trail),
            held.told,
            course.ahead,
            dict(course.variables),
            held.job_id,
            held.began_at,
            held.since,
        )

    # -- from a wish to a walk ------------------------------------------------------------------

    def begin(self, key: WalkKey, given: Mapping[str, str], subject: str = "") -> None:
        """Begin a runbook, or go on with it where it stands. One that is about something else, or
        was given other arguments, begins anew. Refused.
        """
        held = self._held.get(key)
        same = held is not None and (held.given, held.subject) == (given, subject)
        if held is None or held.state is WalkState.ENDED:
            self._begin(key, given, subject)
        elif same and held.state is WalkState.HALTED:
            self.again(key)
        elif not same and held.state is WalkState.DOING:
            raise Refused("an action of it is under way there, for something else")
        elif not same:
            self._begin(key, given, subject)

    def restart(self, key: WalkKey) -> None:
        """Begin anew, from its first step."""
        held = self._held.get(key)
        if held is not None and held.state is not WalkState.DOING:
            self._begin(key, held.given, held.subject)

    def _begin(self, key: WalkKey, given: Mapping[str, str], subject: str) -> None:
        book = self.books.get(key.book)
        if book is None:
            raise Refused(f"there is no runbook {clean_line(key.book, 40)}")
        if key.host not in self._snapshot().hosts:
            raise Refused(f"{clean_line(key.host, 60)} is not in the fleet")
        try:
            course = Course(book, key.host, dict(given), subject)
        except ValueError as error:
            raise Refused(str(error)) from None
        before = self._held.pop(key, None)  # the newest is the last
        if before is not None and before.task is not None:
            before.task.cancel()
        now = self._on.clock()
        held = self._held[key] = _Held(Walk(course, self._on), given, subject, began_at=now)
        self._forget_old()
        self._go_on(held)

    def _forget_old(self) -> None:
        over = [key for key, held in self._held.items() if held.state is WalkState.ENDED]
        for key in over[: max(len(self._held) - MOST_KEPT, 0)]:
            del self._held[key]

    # -- what a person says ---------------------------------------------------------------------

    def again(self, key: WalkKey) -> None:
        """Go on with one that was halted."""
        held = self._held.get(key)
        if held is not None and held.state is WalkState.HALTED:
            self._go_on(held)

    def answer(self, key: WalkKey, value: str) -> None:
        """What a person chose; ValueError."""
        held = self._held.get(key)
        if held is None or not isinstance(held.walk.course.turn, AskNow):
            raise ValueError("nothing is asked any more")
        held.walk.course.answered(value)
        self._go_on(held)

    def decline(self, key: WalkKey, why: str = "") -> None:
        """A person does not choose, or does not agree."""
        held = self._held.get(key)
        if held is not None and held.state is WalkState.ASKING:
            asked = isinstance(held.walk.course.turn, AskNow)
            held.walk.course.declined(why or ("nothing was chosen" if asked else "not agreed to"))
            self._go_on(held)

    def stop(self, key: WalkKey) -> bool:
        """End the look that is under way; False: none is."""
        held = self._held.get(key)
        if held is None or held.state is not WalkState.LOOKING or held.task is None:
            return False
        held.task.cancel()
        self._put(held, WalkState.HALTED, "called off: what ran there is being ended")
        return True

    def plan(self, key: WalkKey) -> Plan:
        """The plan of the action that is proposed. Refused: it can't be made, or not be done."""
        held = self._held.get(key)
        turn = held.walk.course.turn if held is not None else None
        if held is None or not isinstance(turn, DoNow):
            raise Refused("nothing is proposed any more")
        state = self._snapshot().hosts.get(key.host)
        try:
            if state is None:
                raise Refused(f"{key.host} is not in the fleet any more")
            return held.walk.plan(turn, state)
        except OpsdashError as error:
            why = clean_line(str(error))
            self.decline(key, why)
            raise Refused(why) from error

    async def do(self, key: WalkKey, plan: Plan) -> None:
        """Apply a plan that was agreed to, and go on when it has ended. Refused."""
        held = self._held.get(key)
        if held is None or held.state is not WalkState.ASKING:
            raise Refused("nothing is proposed any more")
        self._put(held, WalkState.DOING)
        try:
            job = await self._jobs().begin(plan)
        except OpsdashError as error:
            held.walk.course.declined(clean_line(str(error)))
            self._go_on(held)
            raise
        held.job_id = job.id
        self._work(held, job.id)

    # -- the work -------------------------------------------------------------------------------

    def _put(self, held: _Held, state: WalkState, told: str = "") -> None:
        held.state, held.told, held.since = state, told, self._on.clock()
        self.rev += 1

    def _go_on(self, held: _Held) -> None:
        """See to what is wanted now."""
        turn = held.walk.course.turn
        if isinstance(turn, LookNow):
            self._put(held, WalkState.LOOKING)
            if held.task is None or held.task.done():
                self._work(held)
        elif isinstance(turn, AskNow | DoNow):
            self._put(held, WalkState.ASKING)
        else:
            self._put(held, WalkState.ENDED)

    def _work(self, held: _Held, job_id: str = "") -> None:
        name = f"runbook {held.walk.course.book.id}"
        held.task = asyncio.create_task(self._until_asked(held, job_id), name=name)
        held.task.add_done_callback(lambda task: self._ended(held, task))

    async def _until_asked(self, held: _Held, job_id: str) -> None:
        """Wait for the job of an action, if there is one, then look until a person is wanted."""
        if job_id:
            await self._watch(held, job_id)
        course = held.walk.course
        while isinstance(course.turn, LookNow):
            self._put(held, WalkState.LOOKING)
            try:
                await held.walk.look(course.turn)
            except Halted as error:
                self._put(held, WalkState.HALTED, clean_line(str(error)))
                return
        self._go_on(held)

    def _ended(self, held: _Held, task: asyncio.Task[None]) -> None:
        """A bug of ours halts it for all who wait for it."""
        bug = None if task.cancelled() else task.exception()
        if bug is not None:
            LOG.error("%s: stopped by a bug", task.get_name(), exc_info=bug)
            text = f"stopped by a bug of opsdash ({type(bug).__name__}: {bug})"
            self._put(held, WalkState.HALTED, clean_line(text))

    async def _watch(self, held: _Held, job_id: str) -> None:
        """Until the job has ended; then tell the course."""
        job = self._job(job_id)
        while job is not None and job.state is JobState.RUNNING:
            await asyncio.sleep(WATCH_S)
            job = self._job(job_id)
        if job is None:
            held.walk.course.declined("nobody knows its job any more")
        else:
            held.walk.done(job)

    def _job(self, job_id: str) -> Job | None:
        return next((one for one in self._jobs().here() if one.id == job_id), None)

    async def close(self) -> None:
        """Work at nothing any more: what runs there is ended."""
        tasks = [held.task for held in self._held.values() if held.task and held.task.cancel()]
        if tasks:
            await asyncio.wait(tasks)
