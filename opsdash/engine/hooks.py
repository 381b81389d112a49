"""The hooks of a run that polls: told what is found, they tell others, and hold nothing up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.stamps import Stamp, stamp_of
from opsdash.core.errors import ConfigError
from opsdash.core.finding import Finding, FindingKey
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.hook import Hook
from opsdash.core.host import Host
from opsdash.core.text import clean_line
from opsdash.engine.hook_book import Book, Moment
from opsdash.engine.hook_post import Desk, Post, changes_of
from opsdash.engine.judge import Judgement

LOG = logging.getLogger(__name__)

EVERY_S = 1.0
MOST_KNOWN = 100_000


@dataclass(frozen=True, slots=True)
class Ears:
    """What the hooks know of the rest: the fleet, time on the wall (seconds since 1970), whether a
    screen is open, and who hears of a bug that ends a task.
    """

    fleet: Callable[[], Fleet]
    wall: Callable[[], float]
    has_screen: bool
    ended: Callable[[asyncio.Task[None]], None]


class Hooks:
    """All hooks of hooks.yaml, followed as it changes; a broken file leaves those in force."""

    def __init__(self, desk: Desk, ears: Ears) -> None:
        self._desk = desk
        self._ears = ears
        self._path = Path()
        self._stamp: Stamp | None = None
        self._fault = ""
        self._posts: dict[str, Post] = {}
        self._open: dict[str, Sequence[Finding]] = {}
        self._closed: list[FindingKey] = []
        self._unconfirmed: set[FindingKey] = set()
        self._concerned: dict[tuple[str, FindingKey, Health], bool] = {}
        self._fleet: Fleet | None = None
        self._task: asyncio.Task[None] | None = None

    async def begin(self, open_findings: Collection[FindingKey]) -> None:
        """Begin with what is known to be open; what other runs had still to tell is told now."""
        self._unconfirmed = set(open_findings)
        await self._heed()
        self._task = asyncio.create_task(self._run(), name="hooks")
        self._task.add_done_callback(self._ears.ended)

    async def end(self) -> None:
        """Tell nothing more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._stop(self._posts.values())
        self._posts = {}
        self._blame("")

    def judged(self, host: str, judgement: Judgement) -> None:
        """What is wrong with a host now; heard at every look, so it must cost nothing."""
        if judgement.findings:
            self._open[host] = judgement.findings
        else:
            self._open.pop(host, None)
        if judgement.closed:
            self._closed += judgement.closed
            self._unconfirmed.difference_update(judgement.closed)

    def forget(self, hosts: Collection[str]) -> None:
        """These have left the fleet."""
        for host in hosts:
            self._open.pop(host, None)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look(self) -> None:
        """What is new: in the file, and of the hosts."""
        await self._heed()
        closed, self._closed = self._closed, []
        if not self._posts:
            return
        moment = Moment(self._desk.clock(), self._ears.wall())
        if self._fleet is not self._ears.fleet():
            self._fleet = self._ears.fleet()
            self._concerned.clear()
        hosts = self._fleet.hosts
        findings = [one for host, known in self._open.items() if host in hosts for one in known]
        for post in self._posts.values():
            found = [one for one in findings if self._concerns(post, hosts[one.host], one)]
            turn = post.book.turn(found, closed, moment, waiting=post.waiting)
            if turn:
                await self._desk.table.save(changes_of(post.key, post.book, turn))
                post.put(turn.messages)
            await asyncio.sleep(0)  # a key is answered in between

    def _concerns(self, post: Post, host: Host, finding: Finding) -> bool:
        """Whether a hook is about such a finding; asked every second of all that are open."""
        key = (post.key, finding.key, finding.health)
        if (known := self._concerned.get(key)) is None:
            known = post.book.hook.rule.concerns(host, finding)
            if len(self._concerned) >= MOST_KNOWN:
                self._concerned.clear()
            self._concerned[key] = known
        return known

    # -- the file -------------------------------------------------------------------------------

    async def _heed(self) -> None:
        """Put the file in force, if it has changed."""
        from opsdash.config.hooks_file import hooks_path, read_hooks  # yaml costs 40 ms

        path = hooks_path(self._ears.fleet().source)
        stamp = await asyncio.to_thread(stamp_of, path)
        if (path, stamp) == (self._path, self._stamp):
            return
        self._path, self._stamp = path, stamp
        try:
            hooks = await asyncio.to_thread(read_hooks, path)
        except ConfigError as error:
            more = f" (and {len(error.faults) - 1} more)" if len(error.faults) > 1 else ""
            stays = "hooks stay as they were" if self._posts else "no hook is in force"
            self._blame(f"{error.faults[0]}{more}: {stays}")
            return
        self._blame("")
        await self._put_in_force(hooks)

    async def _put_in_force(self, hooks: Sequence[Hook]) -> None:
        usable = [hook for hook in hooks if self._ears.has_screen or not hook.means.needs_screen]
        LOG.info("hooks of %s: %s", self._path, ", ".join(hook.name for hook in hooks) or "none")
        before = list(self._posts.values())
        await self._stop(before)
        self._posts = {}
        self._concerned.clear()
        begun = {post.key: post.book.begun_at for post in before}
        now = self._desk.clock()
        open_now = {one.key for findings in self._open.values() for one in findings}
        open_now |= self._unconfirmed
        for hook in usable:
            key = f"{self._path}\n{hook.name}"
            record = await self._desk.table.record(key)
            book = Book(hook, record.standing, record.told, begun.get(key, now))
            post = self._posts[key] = Post(key, book, self._desk)
            post.put(record.messages)
            post.start(self._ears.ended)
            self._closed += book.ended_unseen(self._ears.fleet().hosts, open_now)

    async def _stop(self, posts: Collection[Post]) -> None:
        if posts:
            await asyncio.gather(*(post.stop() for post in posts))

    def _blame(self, text: str) -> None:
        text = clean_line(text, 200)
        if text == self._fault:
            return
        if self._fault:
            self._desk.withdraw(self._fault)
        if text:
            LOG.warning("%s", text)
            self._desk.notice(text)
        self._fault = text
