"""The silences in force: told to the judge, ended by the clock, kept in the store, and shared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.stamps import Stamp, stamp_of
from opsdash.core.errors import ConfigError
from opsdash.core.finding import Finding, FindingKey
from opsdash.core.host import Host
from opsdash.core.silence import Silence, SilenceKind, join, run_out, worth_keeping
from opsdash.core.silencing import silencing
from opsdash.core.text import clean_line
from opsdash.store.silences import SilenceTable

LOG = logging.getLogger(__name__)

EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """Whom it concerns that silences have changed: `changed` judges anew, `heard` gets each that
    began or ended, the others speak.
    """

    changed: Callable[[], None]
    notice: Callable[[str], None]
    withdraw: Callable[[str], None]
    heard: Callable[[Silence], None] = lambda silence: None


class Silences:
    """All that are known, by id; `known` is what the store and the file said last, and our own.

    A time that is up is noted as an end of its own: neither a clock that is set back nor another
    run brings such a silence back. `clock` is steady: one that is set forward ends none.
    """

    def __init__(self, table: SilenceTable, clock: Callable[[], float], told: Told) -> None:
        self._table = table
        self._clock = clock
        self._told = told
        self._path: Path | None = None
        self._stamp: Stamp | None = None
        self._fault = ""
        self.known: dict[str, Silence] = {}
        self._unsaved: dict[str, Silence] = {}
        self._unshared: dict[str, Silence] = {}
        self._acks: dict[FindingKey, str] = {}
        self._of = silencing(())
        self._turn = asyncio.Lock()
        self._begun = False

    # -- what is silenced -----------------------------------------------------------------------

    def of(self, host: Host, finding: Finding) -> Silence | None:
        """What silences a finding now; None: nothing."""
        return self._of(host, finding)

    def in_force(self) -> tuple[Silence, ...]:
        """Those that are not over, the first to end first."""
        found = [one for one in self.known.values() if not one.over]
        return tuple(sorted(found, key=lambda one: (one.until, one.id)))

    def _index(self) -> None:
        force = self.in_force()
        self._of = silencing(force)
        self._acks = {
            (one.hosts, one.check, one.subject): one.id
            for one in force
            if one.kind is SilenceKind.ACK
        }

    # -- what changes ---------------------------------------------------------------------------

    def add(self, silences: Iterable[Silence]) -> None:
        """Put these in force from now on; the disk follows within a second."""
        self._take({one.id: one for one in silences}, ours=True)

    def end(self, ids: Iterable[str]) -> None:
        """These are taken back."""
        now = self._clock()
        found = [self.known[name] for name in ids if name in self.known]
        self._take({one.id: one.ended(now) for one in found if not one.over}, ours=True)

    def closed(self, keys: Iterable[FindingKey]) -> None:
        """These findings have ended: whoever finds the same again finds something new."""
        if self._acks:
            self.end([self._acks[key] for key in keys if key in self._acks])

    def expire(self) -> None:
        """End those whose time is up."""
        self._take({one.id: one for one in run_out(self.known, self._clock())}, ours=True)

    def _take(self, new: Mapping[str, Silence], *, ours: bool) -> None:
        if not new:
            return
        joined = join(self.known, new)
        if ours:
            self._unsaved |= {name: joined[name] for name in new}
            self._unshared |= {name: joined[name] for name in new}
        if joined != self.known:
            before, self.known = self.known, joined
            for name in new:
                self._hear(before.get(name), joined[name])
            self._index()
            self._told.changed()

    def _hear(self, before: Silence | None, after: Silence) -> None:
        """Whoever keeps the record hears of it, but not of what was so before this run."""
        if self._begun and (before is None or before.over is not after.over):
            self._told.heard(after)

    # -- where they are kept --------------------------------------------------------------------

    async def begin(self, shared: str) -> None:
        """Recall what was silenced before, here and by others: through this file; empty: none."""
        self._path = Path(shared) if shared else None
        await self._table.changed()
        self._take(await self._table.all(), ours=False)
        await self._follow_file()
        self.expire()
        self._begun = True

    async def follow(self, shared: str) -> None:
        """Share them through this file from now on; empty: through none."""
        path = Path(shared) if shared else None
        if path == self._path:
            return
        async with self._turn:
            self._path, self._stamp = path, None
            # whoever shares a file from now on brings along what is silenced
            self._unshared |= {one.id: one for one in self.known.values() if not one.over}
            self._blame("")

    async def run(self) -> None:
        """Follow time, store and file until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look(self) -> None:
        """What is new: here, in the store, in the file; and write what is ours."""
        async with self._turn:
            if await self._table.changed():
                self._take(await self._table.all(), ours=False)
            await self._follow_file()
            self.expire()
            await self._save()

    async def save(self) -> None:
        """Write what is not yet written."""
        async with self._turn:
            await self._save()

    async def _save(self) -> None:
        unsaved, self._unsaved = self._unsaved, {}
        if unsaved:
            try:
                await self._table.save(unsaved.values(), self._clock())
            except asyncio.CancelledError:  # it may not have begun: the last save() does it again
                self._unsaved = unsaved | self._unsaved
                raise
            self.known = worth_keeping(self.known, self._clock())
        if not self._path:
            self._unshared = {}
        elif self._unshared:
            await self._share(self._path, self._unshared)

    async def _share(self, path: Path, unshared: Mapping[str, Silence]) -> None:
        from opsdash.config.alerts_file import merge_alerts  # yaml costs 40 ms, few share

        try:
            all_of_it = await asyncio.to_thread(merge_alerts, path, dict(unshared), self._clock())
        except ConfigError as error:
            self._blame(f"alerts are not shared: {error.faults[0]}")
            return
        self._unshared = {
            name: one for name, one in self._unshared.items() if unshared.get(name) != one
        }
        self._blame("")
        self._heard(all_of_it)

    async def _follow_file(self) -> None:
        """What others have written, once they have; a broken file changes nothing."""
        if self._path is None:
            return
        from opsdash.config.alerts_file import read_alerts

        stamp = await asyncio.to_thread(stamp_of, self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            found = await asyncio.to_thread(read_alerts, self._path)
        except ConfigError as error:
            rest = f" (and {len(error.faults) - 1} more)" if len(error.faults) > 1 else ""
            self._blame(f"{error.faults[0]}{rest}: alerts stay as they were")
            return
        self._blame("")
        self._heard(found)

    def _heard(self, found: Mapping[str, Silence]) -> None:
        """What the file says is kept here, too: it may be out of reach tomorrow."""
        news = {name: one for name, one in found.items() if self.known.get(name) != one}
        joined = join(self.known, news)
        self._unsaved |= {name: joined[name] for name in news}
        self._take(news, ours=False)

    def _blame(self, text: str) -> None:
        text = clean_line(text, 200)
        if text == self._fault:
            return
        if self._fault:
            self._told.withdraw(self._fault)
        if text:
            LOG.warning("%s", text)
            self._told.notice(text)
        self._fault = text
