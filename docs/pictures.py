"""Makes the README's pictures from the demo: ``python docs/pictures.py``.

The same moment of the same demo every time, so that a picture changes only when the program does.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.config.paths import themes_dirs
from opsdash.config.themes import load_themes
from opsdash.core.event import Event
from opsdash.core.examination import Examination, Say
from opsdash.core.finding import Episode
from opsdash.core.history import Holdings, Stretch
from opsdash.core.reading import SampleKey
from opsdash.core.silence import Silence
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.theme import DEFAULT_THEME
from opsdash.engine.demo_past import MadeUpPast, step_of
from opsdash.engine.rehearsal import simulate
from opsdash.transport.demo.cast import FIRST_SEED, make_cast

HOME = Path(__file__).parent / "pictures"
AT = 1_800_000_000.0
PLAYED_S = 420.0
PICTURES: dict[str, tuple[int, tuple[int, int], tuple[str, ...]]] = {
    "fleet": (200, (160, 46), ("j", "j")),
    "fleet-80x24": (42, (80, 24), ("j",)),
    "host": (200, (160, 46), ("j", "j", "enter")),
    "chart": (
        200,
        (160, 46),
        ("j", "j", "j", "space", "j", "space", "j", "space", "T", *"o:chart cpu", "enter"),
    ),
    "palette": (200, (110, 30), ("colon", *"so")),
}
"""Hosts, size of the terminal and the keys that are pressed, by name."""


KEYS = {" ": "space", ":": "colon"}


class Still:
    """A fleet source of one moment."""

    class Silent:
        """Nothing is silenced."""

        def in_force(self) -> tuple[Silence, ...]:
            """None."""
            return ()

        def add(self, silences: Iterable[Silence]) -> None:
            """Nobody does."""

        def end(self, ids: Iterable[str]) -> None:
            """Nobody does."""

    def __init__(self, snapshot: Snapshot, made_up: MadeUpPast) -> None:
        self._snapshot = snapshot
        self._made_up = made_up
        self.rev = snapshot.rev
        self.silences = Still.Silent()

    def snapshot(self) -> Snapshot:
        """The moment."""
        return self._snapshot

    def changed_since(self, rev: int) -> list[HostState]:
        """Nothing changes."""
        return []

    def refresh(self, names: tuple[str, ...] = ()) -> None:
        """There is nobody to ask."""

    async def past(self, host: str, key: SampleKey, since: float, until: float) -> Stretch:
        """What would have been seen before."""
        step_s = step_of(since, until, 60)
        points = self._made_up.points(host, key, (since, until), step_s)
        return Stretch(step_s, points)

    async def holdings(self, host: str) -> Holdings:
        """An earlier run has seen a month."""
        return Holdings(since=AT - 30 * 86_400)

    async def events(self, since: float) -> list[Event]:
        """Nothing is told."""
        return []

    async def episodes(self, host: str) -> list[Episode]:
        """Nothing is remembered."""
        return []

    def touch(self) -> None:
        """Nobody is there."""

    def want(self, name: str, *collectors: str) -> None:
        """There is nobody to ask."""

    def become_root(self, tell: Callable[[str], None]) -> int:
        """No host waits for a password."""
        return 0

    async def examine(self, name: str, say: Say, *, ask: bool = False) -> Examination:
        """There is nothing to examine."""
        return Examination(name, say)


async def take(name: str) -> None:
    """One picture."""
    count, size, keys = PICTURES[name]
    made_up = MadeUpPast(count, AT - PLAYED_S, FIRST_SEED)
    source = Still(simulate(make_cast(count, AT - PLAYED_S), PLAYED_S), made_up)
    themes, _ = load_themes(themes_dirs())

    async def start() -> Still:
        return source

    async def stop() -> None:
        return None

    looks = Looks(themes, DEFAULT_THEME, ascii_only=False)
    marks = {"title": "opsdash DEMO", "badge": "DEMO"}
    app = OpsdashApp(start, stop, looks, now=lambda: AT, **marks)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press(*(KEYS.get(key, key) for key in keys))
        await app.workers.wait_for_complete()
        await pilot.pause()
        picture = app.export_screenshot(title="opsdash --demo")
    # the reader's own monospace font: a picture fetches nothing
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code", "monospace")
    (HOME / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"wrote pictures/{name}.svg")


def main() -> None:
    """All of them."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    HOME.mkdir(exist_ok=True)
    for name in PICTURES:
        asyncio.run(take(name))


if __name__ == "__main__":
    main()
