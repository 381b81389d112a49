"""The way into the screen: look at the terminal, paint, and only then start the fleet."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TypedDict

import click

from opsdash.core.errors import OpsdashError

if TYPE_CHECKING:
    from opsdash.config.fleet_files import FleetFiles
    from opsdash.config.keys import KeysFile
    from opsdash.core.kept import Keeper
    from opsdash.core.offer import Offer, Preview
    from opsdash.core.prompts import Prompter
    from opsdash.core.source import Declared, FleetSource
    from opsdash.core.theme import Theme
    from opsdash.engine.declared import DeclaredFleet
    from opsdash.engine.session import Session

EXIT_NO_TERMINAL = 1
FRAMES_PER_S = "20"
"""Enough for keys to feel immediate, and a third of Textual's default over a slow link."""


class Watching:
    """The session behind the screen: made when the screen is there, let go when it is gone; and
    the files that it follows.
    """

    def __init__(self, hosts_file: str | None, demo: int | None, prompter: Prompter) -> None:
        self._hosts_file = hosts_file
        self._demo = demo
        self._prompter = prompter
        self._session: Session | None = None
        self._files: FleetFiles | None = None
        self._fleet: DeclaredFleet | None = None

    async def start(self) -> FleetSource:
        """Read the hosts file and begin to watch; what is slow to load loads in a thread."""
        session = await asyncio.to_thread(self._prepare)
        self._session = session  # before it starts: whoever quits meanwhile must let go of it
        await session.start()
        return session

    def _prepare(self) -> Session:
        if self._demo is not None:
            from opsdash.engine.demo import DemoSession

            return DemoSession(self._demo)
        from opsdash.config.fleet_files import FleetFiles
        from opsdash.config.paths import state_dir
        from opsdash.core.discover import checks
        from opsdash.engine.declared import DeclaredFleet
        from opsdash.engine.session import Session, Surroundings

        known = {one.id: one.lower_is_worse for one in checks().values()}
        self._files = FleetFiles(self._hosts_file, known)
        session = Session(self._files.read(), Surroundings(state_dir(), self._prompter))
        self._fleet = DeclaredFleet(session, self._files)
        return session

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the files that are not in force."""
        return self._fleet.faults if self._fleet is not None else ()

    async def stirred(self) -> bool:
        """Whether any file has changed since the start failed because of them."""
        if self._files is None or self._fleet is not None:
            return False
        from opsdash.engine.declared import stirred

        return await stirred(self._files)

    async def heed(self) -> str:
        """Put the files in force if they have changed; says what came of it, if anything did."""
        return await self._fleet.heed() if self._fleet is not None else ""

    async def read_again(self) -> str:
        """Put the files in force; says what came of it."""
        return await self._fleet.read_again() if self._fleet is not None else ""

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The hosts of other programs that could be taken over."""
        return self._fleet.offers if self._fleet is not None else ()

    async def preview(self, kind: str, path: str = "") -> Preview:
        """What importing a file would write; ConfigError."""
        return await self._declared.preview(kind, path)

    async def take_over(self, preview: Preview) -> str:
        """Write what was looked at, and put it in force; ConfigError if it can't be written."""
        return await self._declared.take_over(preview)

    @property
    def _declared(self) -> DeclaredFleet:
        if self._fleet is None:
            raise OpsdashError("the fleet has not started yet")
        return self._fleet

    async def stop(self) -> None:
        """Let go of every host; called once more than needed it does nothing."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def run(hosts_file: str | None, theme: str | None, *, demo: int | None, ascii_glyphs: bool) -> int:
    """Open the screen, of so many made-up hosts if `demo` says so; returns the exit code."""
    refusal = _refusal()
    if refusal:
        click.echo(refusal, err=True)
        return EXIT_NO_TERMINAL
    for stale in ("COLUMNS", "LINES"):
        os.environ.pop(stale, None)  # an exported size would outlive every resize of the window
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_S)
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    themes, name = _themes(theme)

    from opsdash.app.look import Looks
    from opsdash.app.main import OpsdashApp
    from opsdash.app.prompt_screen import ScreenPrompter
    from opsdash.app.typed_bytes import accept_any_bytes

    accept_any_bytes()
    prompter = ScreenPrompter()
    watching = Watching(hosts_file, demo, prompter)
    plain = ascii_glyphs or "UTF-8" not in (sys.__stdout__ or sys.stdout).encoding.upper()
    looks = Looks(themes, name, ascii_only=plain)
    marks = _marks_of(demo, watching)
    app = OpsdashApp(watching.start, watching.stop, looks, keys_file=_keys(), **marks)
    prompter.serve(app, app.look)

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        for ending in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError):
                loop.add_signal_handler(ending, app.exit)
        await app.run_async()

    asyncio.run(watch())
    return app.return_code or 0


class _Marks(TypedDict, total=False):
    title: str
    badge: str
    keeper: Keeper
    declared: Declared


def _marks_of(demo: int | None, watching: Watching) -> _Marks:
    """What tells a demo from the real thing; only the latter keeps anything and follows files."""
    if demo is not None:
        return {"title": "opsdash DEMO", "badge": "DEMO"}
    from opsdash.config.paths import state_dir
    from opsdash.store.kept_views import KeptViews

    return {"keeper": KeptViews(state_dir() / "views.json"), "declared": watching}


def _refusal() -> str:
    """Why this terminal can't show a screen, in words with the next step; empty if it can."""
    if os.environ.get("TERM", "") in ("", "dumb"):
        return "opsdash: this terminal can't show a screen; use: opsdash status"
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return "opsdash: the screen needs a terminal; for a pipe or a file use: opsdash status"
    return ""


def _keys() -> KeysFile:
    from opsdash.config.keys import KeysFile
    from opsdash.core.discover import keys

    return KeysFile(keys())


def _themes(wanted: str | None) -> tuple[dict[str, Theme], str]:
    from opsdash.config.paths import themes_dirs
    from opsdash.config.themes import DEFAULT_THEME, load_themes

    themes, notices = load_themes(themes_dirs())
    for notice in notices:
        click.echo(f"opsdash: {notice}", err=True)
    name = wanted or DEFAULT_THEME
    if name not in themes:
        raise OpsdashError(f"there is no theme {name!r}; these are: {', '.join(sorted(themes))}")
    return themes, name
