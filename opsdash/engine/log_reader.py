"""Reading the logs of one host: surveyed, read, followed, and after a break gone on with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from random import random
from secrets import token_hex

from opsdash.collectors.log_sources import (
    asks_nothing_of,
    leaves_out,
    missing_on,
    on_host,
    sources_of,
)
from opsdash.collectors.log_survey import MAX_BYTES, SURVEY, TIMEOUT_S, Survey, surveyed
from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery
from opsdash.core.log_state import LogPhase, LogState
from opsdash.core.problem import Problem, ProblemKind
from opsdash.engine.fleet_hands import FleetHand, FleetHands
from opsdash.engine.log_followed import Followed, followed
from opsdash.engine.log_merger import ROOM, Merger
from opsdash.engine.log_wanted import Wanted
from opsdash.engine.poller import FIRST_RETRY_S, LONGEST_RETRY_S, STEADY_S


@dataclass
class Desk:
    """What all readers share: the query, the way to the hosts, and who takes what they read."""

    query: LogQuery
    hands: FleetHands
    merger: Merger
    clock: Callable[[], float]
    tell: Callable[[LogNotice], None]
    news: asyncio.Event = field(default_factory=asyncio.Event)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when lines have been given out: there may be room again."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, unless whoever looks at the lines has paused."""


class HostReader:
    """The logs of one host, until they are read, or for as long as they are followed."""

    def __init__(self, host: Host, desk: Desk) -> None:
        self._host, self._desk = host, desk
        self._followed: list[Followed] | None = None
        self._state = LogState(host.name)
        # until it is surveyed others wait for what it may have
        self._place = desk.merger.lane(host.name, "", 0.0)
        self._survey = Survey()
        self._told_priority = False

    @property
    def state(self) -> LogState:
        """How it stands."""
        lanes = self._desk.merger.lanes(self._host.name)
        lines, dropped = sum(one.lines for one in lanes), sum(one.dropped for one in lanes)
        return replace(self._state, lines=lines, dropped=dropped)

    async def run(self) -> None:
        """Read; what fails is tried again where lines are followed. Once more: go on at the place
        to which it came.
        """
        failures = 0
        try:
            self._go_on()
            if asks_nothing_of(self._host, self._desk.query):
                self._tell(missing_on(self._host, self._desk.query))
                return
            while True:
                began = self._desk.clock()
                problem = await self._attempt()
                if problem is None:
                    return
                self._away(problem, first=failures == 0)
                if not self._desk.query.follow or not problem.mends_itself:
                    return
                steady = self._desk.clock() - began >= STEADY_S
                failures = 1 if steady else failures + 1
                await asyncio.sleep(rest_s(failures))
        finally:
            self._over()

    def _go_on(self) -> None:
        """What the host has written since it was read last is waited for, as if it were older."""
        self._state = replace(self._state, phase=LogPhase.WAITING)
        for one in self._followed or ():
            if not one.ended:
                one.go_on(self._desk.clock())

    def _over(self) -> None:
        """Nothing will come any more."""
        self._state = replace(self._state, phase=LogPhase.OVER)
        for lane in (self._place, *(lane for one in self._followed or () for lane in one.lanes)):
            lane.settle(self._desk.clock())
            lane.over = True
        self._desk.news.set()

    def _away(self, problem: Problem, *, first: bool) -> None:
        self._state = replace(self._state, phase=LogPhase.AWAY, problem=problem)
        self._place.over = True  # nobody waits for it
        if first:
            text = f"{self._host.name}: {problem.text}"
            hint = problem.hint if self._desk.query.follow else problem.hint_once
            self._desk.tell(LogNotice(self._host.name, text, hint, passes=True))

    async def _attempt(self) -> Problem | None:
        """One connection from its beginning to its end: why it broke; None: all is read."""
        try:
            async with self._desk.hands.hold(self._host.name) as hand:
                await self._begin(hand)
                await together(
                    [self._keep(hand, one) for one in self._followed or () if not one.ended]
                )
        except HostError as error:
            return error.problem
        return None

    async def _begin(self, hand: FleetHand) -> None:
        """Survey the host; the sources that were found once are gone on with."""
        self._survey = await self._surveyed(hand)
        now = self._desk.clock()
        ahead_s = self._survey.ahead_s
        self._state = replace(self._state, problem=None, ahead_s=ahead_s)
        if self._followed is not None:
            for one in self._followed:
                one.set_ahead(ahead_s)
            return
        query = on_host(self._desk.query, self._survey)
        found, notices = sources_of(
            self._host,
            query,
            self._survey,
            now_s=now + ahead_s,
            mark=token_hex(8),
        )
        name, merger = self._host.name, self._desk.merger
        self._followed = [followed(name, one, Wanted(query, ahead_s), merger) for one in found]
        self._place.over = True
        self._state = replace(self._state, phase=LogPhase.OLDER)
        for notice in notices:
            self._desk.tell(notice)

    async def _surveyed(self, hand: FleetHand) -> Survey:
        if self._host.way is Way.REPLAY:
            return Survey(journal=True)
        sent = self._desk.clock()
        done = await hand.execute(SURVEY.encode(), timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
        try:
            return surveyed(done.stdout, sent, self._desk.clock())
        except ValueError as error:
            text = f"its logs could not be looked for: {error}"
            raise HostError(Problem(ProblemKind.BAD_OUTPUT, text)) from None

    async def _keep(self, hand: FleetHand, one: Followed) -> None:
        """Read what is older, then follow; a source that ends is begun again, ever more slowly."""
        failures = 0
        while True:
            one.begin(self._desk.query.lines, leaves_out=leaves_out(self._desk.query))
            await self._hear(hand, one, follow=False)
            one.settle(self._desk.clock())
            if not self._desk.query.follow:
                self._end(one)
                return
            one.live()
            self._state = replace(self._state, phase=LogPhase.LIVE)
            began = self._desk.clock()
            await self._hear(hand, one, follow=True)
            if one.source.ends:
                self._end(one)
                return
            failures = 1 if self._desk.clock() - began >= STEADY_S else failures + 1
            await asyncio.sleep(rest_s(failures))

    def _end(self, one: Followed) -> None:
        """All of one source has been read."""
        one.end()
        self._desk.news.set()

    async def _hear(self, hand: FleetHand, one: Followed, *, follow: bool) -> None:
        """What one script says, until it ends; HostError when the connection breaks."""
        source, whole = one.source, False
        script = source.script(follow=follow)
        try:
            pieces = hand.stream(script, beat_s=source.beat_s, endless=follow)
            async with aclosing(pieces):
                async for piece in pieces:
                    if piece.status is None:
                        now_s = self._desk.clock() + self._survey.ahead_s
                        found = [] if piece.is_error else source.feed(piece.data, now_s)
                        self._tell(source.complain(piece.data if piece.is_error else b""))
                        await self._give(one, found)
            whole = True
        finally:
            if not whole:
                source.cut()
        await self._give(one, source.end(self._desk.clock() + self._survey.ahead_s))

    async def _give(self, one: Followed, entries: list[LogEntry]) -> None:
        """Put lines in their lane. Who tells what is older waits for room, and everybody while the
        lines are not heard; else each piece of one host is followed by those of others.
        """
        wanted = one.wanted.of(entries)
        one.put(wanted, self._desk.clock())
        if one.wanted.without_priority and not self._told_priority:
            self._told_priority = True
            text = f"{self._host.name}: {one.source.name} tells no priorities"
            hint = "--prio leaves its lines out"
            self._desk.tell(LogNotice(self._host.name, text, hint))
        self._desk.news.set()
        await asyncio.sleep(0)
        while not one.lane.drops and one.lane.waiting >= ROOM:
            self._desk.moved.clear()
            await self._desk.moved.wait()
        await self._desk.heard.wait()

    def _tell(self, notices: Sequence[LogNotice]) -> None:
        for notice in notices:
            self._desk.tell(notice)


def rest_s(failures: int) -> float:
    """How long to wait after so many failures in a row, as the poller does."""
    longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * float(2 ** min(failures - 1, 8)))
    return max(0.5, longest * random())  # noqa: S311 - jitter


async def together(keeping: Sequence[object]) -> None:
    """Run several until all have ended; when one fails, none goes on, and its failure is raised."""
    tasks = [asyncio.ensure_future(one) for one in keeping]  # type: ignore[call-overload]
    if not tasks:
        return
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
