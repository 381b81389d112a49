"""The demo as a session: a made-up fleet in place of a real one; no file of the user is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from opsdash.config.read_only import asked_read_only
from opsdash.config.watch_rules_file import read_watch_rules, watched
from opsdash.core.clock import now
from opsdash.core.fleet import Fleet
from opsdash.core.history import Holdings, Stretch
from opsdash.core.host import Way
from opsdash.core.jobs import Jobs, NoJobs
from opsdash.core.reading import SampleKey
from opsdash.core.selection import parse_selection, select_hosts
from opsdash.core.watch_rule import WatchRules
from opsdash.engine.demo_past import MadeUpPast, step_of
from opsdash.engine.rehearsal import KNOWN_FOR_S, Remembered, opening
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.store.store import Store
from opsdash.transport.demo.cast import FIRST_SEED, make_cast
from opsdash.transport.replay import Pause, ReplayTransport

CANT_RUN = "this is a demo: its hosts are recordings, and no command can be run on them"
NOTICE = "a demo: these hosts are made up of recordings, and nothing is contacted"


def _rules() -> WatchRules:
    """The watch rules that come with opsdash: the demo reads no file of the user."""
    return read_watch_rules((), {})


def demo_ways(count: int, select: tuple[str, ...]) -> tuple[Fleet, Surroundings]:
    """So many made-up hosts, of them those that are selected, and what they are reached by;
    SelectionError. Nothing is kept of them.
    """
    selection = parse_selection(select)
    cast = make_cast(count, now(), FIRST_SEED)
    hosts = watched(select_hosts(selection, cast.fleet.hosts), _rules())
    fleet = replace(cast.fleet, hosts=MappingProxyType(hosts), passed_through=cast.fleet.hosts)
    transport = ReplayTransport(cast.hosts, began=cast.epoch)
    return fleet, Surroundings(Path(), transports={Way.REPLAY: transport})


class DemoSession(Session):
    """So many made-up hosts being watched; its memory is a folder that goes when it closes."""

    def __init__(
        self,
        count: int,
        *,
        interval_s: int = 2,
        seed: int = FIRST_SEED,
        pause: Pause = asyncio.sleep,
        clock: Callable[[], float] = now,
    ) -> None:
        self._cast = make_cast(count, clock(), seed)
        self._made_up = MadeUpPast(count, self._cast.epoch, seed)
        self._folder = TemporaryDirectory(prefix="opsdash-demo-")
        hosts = {
            name: replace(host, interval_s=interval_s)
            for name, host in self._cast.fleet.hosts.items()
        }
        rules = _rules()
        fleet = replace(
            self._cast.fleet,
            hosts=MappingProxyType(watched(hosts, rules)),
            watch_rules=rules,
            notices=(NOTICE,),
            read_only=asked_read_only(),
        )
        transport = ReplayTransport(self._cast.hosts, pause, clock, self._cast.epoch)
        super().__init__(
            fleet,
            Surroundings(
                Path(self._folder.name),
                root=False,
                clock=clock,
                transports={Way.REPLAY: transport},
            ),
        )

    @cached_property
    def jobs(self) -> Jobs:
        """Nothing can be run on a recording."""
        return NoJobs(CANT_RUN)

    async def start(self) -> None:
        """Remember what an earlier run would have left, then begin."""
        remembered = await asyncio.to_thread(opening, self._cast)
        await _write(Path(self._folder.name), remembered, self._cast.epoch)
        self._state.recall(remembered.history)
        await super().start()

    async def past(self, host: str, key: SampleKey, since: float, until: float) -> Stretch:
        """What would have been seen before the demo began, then what was."""
        seen = await super().past(host, key, since, until)
        epoch = self._cast.epoch
        if since >= epoch or until - KNOWN_FOR_S >= epoch:
            return seen
        step_s = step_of(since, until, seen.step_s)
        begin = max(since, epoch - KNOWN_FOR_S)
        made = await asyncio.to_thread(
            self._made_up.points, host, key, (begin, min(until, epoch)), step_s
        )
        return Stretch(step_s, [*made, *(one for one in seen.points if one.at >= epoch)])

    async def holdings(self, host: str) -> Holdings:
        """What an earlier run would have remembered, and what this one does."""
        held = await super().holdings(host)
        return replace(held, since=self._cast.epoch - KNOWN_FOR_S)

    async def close(self) -> None:
        """End it, and leave nothing behind."""
        await super().close()
        self._folder.cleanup()


async def _write(folder: Path, remembered: Remembered, epoch: float) -> None:
    store = Store(folder / "history.db")
    await store.open()
    await store.save_findings(remembered.known_since, (), (), remembered.hosts)
    await store.save_findings(epoch, remembered.findings, (), ())
    await store.save_counters(remembered.counters)
    await store.close()
