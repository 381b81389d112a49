"""What pilot tests share: the program over a made fleet, and what its screen says as text."""

from __future__ import annotations

import asyncio
import os
import unicodedata
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from textual import events
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

from opsdash.app.first_hint import CHOICE, PUT_AWAY
from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.config.keys import KeysFile
from opsdash.core.kept import Forgetful, Keeper
from opsdash.core.snapshot import HostState
from opsdash.core.view import View
from tests.fleet_states import Clock, Memory
from tests.looks import THEMES
from tests.waiting import wait_for

HOPS = 8
"""How often a message may lead to another one: a key goes up from widget to widget."""

TURNS = 200
"""Of the event loop, to let messages go from one to the next."""

SMALL, LARGE = (80, 24), (160, 50)
SNAPSHOTS = Path(__file__).parent / "snapshots"


def _typed(name: str) -> str | None:
    """The character that a key types; None: it types none."""
    try:
        return unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
    except KeyError:
        return name if len(name) == 1 else None


@dataclass
class Stage:
    """A running program with what a test can turn."""

    app: OpsdashApp
    pilot: Pilot[None]
    source: Memory
    clock: Clock
    stopped: list[bool]

    async def press(self, *keys: str) -> None:
        """Press keys, each when the one before has done what it does."""
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
            event = events.Key(name, _typed(name))
            event.set_sender(self.app)
            driver = self.app._driver
            assert driver is not None
            driver.send_message(event)
            await self.settle()

    async def settle(self) -> None:
        """Wait until what one message led to, and that to another, has been dealt with.

        Not for the processor to be idle: on a busy machine it seems so while all is still to come,
        and on an idle one it takes longer than all the rest.
        """
        for _ in range(HOPS):
            for _ in range(TURNS):
                await asyncio.sleep(0)
                if self._is_quiet:
                    break
            await self.pilot._wait_for_screen()
            if self._is_quiet:
                break
        self.app.screen._on_timer_update()
        await self.pilot._wait_for_screen()

    @property
    def _is_quiet(self) -> bool:
        """Whether no message waits anywhere; one that was taken may still be at work."""
        pumps = [self.app, *self.app.screen.walk_children(with_self=True)]
        waiting = sum(pump._message_queue.qsize() + len(pump._next_callbacks) for pump in pumps)
        return not waiting

    async def draw(self) -> None:
        """What the panel's timer would do at its next turn."""
        if self.app.page:
            self.app.page.look_for_news()
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        """Another terminal size."""
        await self.pilot.resize_terminal(width, height)
        await self.settle()

    @property
    def text(self) -> str:
        """The whole screen, without colours and trailing spaces."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def lines(self) -> list[str]:
        """The screen line by line."""
        return self.text.split("\n")


def seasoned() -> Forgetful:
    """What remembers for somebody who is no newcomer."""
    keeper = Forgetful()
    keeper.keep(replace(keeper.kept, choices={CHOICE: PUT_AWAY}))
    return keeper


@asynccontextmanager
async def on_stage(
    states: Iterable[HostState],
    size: tuple[int, int] = SMALL,
    *,
    ascii_glyphs: bool = False,
    notices: tuple[str, ...] = (),
    view: View | None = None,
    keeper: Keeper | None = None,
    badge: str = "",
    title: str = "opsdash",
    looks: Looks | None = None,
    keys_file: KeysFile | None = None,
    theme_notice: str = "",
) -> AsyncIterator[Stage]:
    """The program over these hosts, up to its first full screen; `view` is what was kept of one."""
    source, clock, stopped = Memory(states, notices), Clock(), list[bool]()

    async def start() -> Memory:
        return source

    async def stop() -> None:
        stopped.append(True)

    looks = looks or Looks(THEMES, "night", ascii_only=ascii_glyphs)
    keeper = keeper or seasoned()
    if view is not None:
        keeper.keep(replace(keeper.kept, last={"fleet": view}))
    app = OpsdashApp(
        start, stop, looks, now=clock, keeper=keeper, badge=badge, title=title, keys_file=keys_file
    )
    app.theme_notice = theme_notice
    async with app.run_test(size=size) as pilot:
        await wait_for(lambda: app.page is not None, what="the first page")
        await app.workers.wait_for_complete()
        stage = Stage(app, pilot, source, clock, stopped)
        await stage.settle()
        yield stage


def assert_snapshot(name: str, text: str) -> None:
    """The screen says what the file says; UPDATE_SNAPSHOTS=1 writes the file instead."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")
