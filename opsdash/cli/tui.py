"""The way into the screen: look at the terminal, paint, and only then start the fleet."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import click

from opsdash.core.errors import OpsdashError
from opsdash.core.holder import Role
from opsdash.core.terminal import Terminal, can_show_a_screen, terminal_of
from opsdash.core.terminal_answers import Answers

if TYPE_CHECKING:
    from opsdash.app.main import OpsdashApp
    from opsdash.config.fleet_files import FleetFiles
    from opsdash.config.keys import KeysFile
    from opsdash.core.hook import Ring
    from opsdash.core.kept import Keeper
    from opsdash.core.offer import Offer, Preview
    from opsdash.core.prompts import Prompter
    from opsdash.core.source import Declared, FleetSource
    from opsdash.engine.declared import DeclaredFleet
    from opsdash.engine.session import Session

FRAMES_PER_S, LOW_FRAMES_PER_S = 20, 8
"""Enough for keys to feel immediate, and a third of Textual's default; and over a slow link."""

LAST_WORDS_S, LETTING_GO_S = 2.0, 15.0
"""So long the end may take: to print a sentence; and to let go of every host when a signal asks."""


class Watching:
    """The session behind the screen: made when the screen is there, let go when it is gone; and
    the files that it follows.
    """

    def __init__(
        self,
        hosts_file: str | None,
        demo: int | None,
        prompter: Prompter,
        *,
        ring: Ring | None = None,
    ) -> None:
        self._hosts_file = hosts_file
        self._demo = demo
        self._prompter = prompter
        self._ring = ring
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
        from opsdash.config.person import from_where
        from opsdash.core.discover import checks
        from opsdash.engine.declared import DeclaredFleet
        from opsdash.engine.session import Session
        from opsdash.engine.surroundings import Surroundings
        from opsdash.transport.syslog import Syslog

        known = {one.id: one.lower_is_worse for one in checks().values()}
        self._files = FleetFiles(self._hosts_file, known)
        around = Surroundings(
            state_dir(),
            self._prompter,
            lasts=True,
            role=Role.SCREEN,
            ring=self._ring,
            from_where=from_where(),
            tell_audit=Syslog().tell,
        )
        session = Session(self._files.read(), around)
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


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the flags say of the screen; None: opsdash decides by the terminal."""

    hosts_file: str | None = None
    theme: str | None = None
    demo: int | None = None
    plain: bool | None = None
    low: bool | None = None


def run(wishes: Wishes) -> int:
    """Open the screen, of so many made-up hosts if `demo` says so; returns the exit code."""
    refusal = _refusal()
    if refusal:
        from opsdash.cli.first_look import check_theme
        from opsdash.cli.status_instead import status_instead

        check_theme(wishes.theme)
        click.echo(f"opsdash: {refusal}: this is what opsdash status says", err=True)
        return status_instead(wishes.hosts_file, wishes.demo, plain=wishes.plain)
    terminal = terminal_of(os.environ, coerced=bool(sys.flags.utf8_mode))
    keeper = _keeper() if wishes.demo is None else None
    app = _app(wishes, terminal, keeper)
    asyncio.run(_until_the_end(app))
    code = app.return_code or 0
    # a write to a terminal that nobody reads would hold up the interpreter's own end for ever
    _end_at_the_latest(LAST_WORDS_S, code)
    if app.stuck:
        os._exit(code)
    _say_farewell(app)
    return code


def _say_farewell(app: OpsdashApp) -> None:
    """What is left to say, now that the screen is gone."""
    words = app.last_words
    if app.crash is not None:
        from opsdash.cli.crash import tell_of_crash

        words = tell_of_crash(app.crash)
    if words:
        click.echo(words, err=True)


def _end_at_the_latest(within_s: float, code: int) -> None:
    """End the process then, whatever hangs."""
    last = threading.Timer(within_s, os._exit, (code,))
    last.daemon = True
    last.start()


def _app(wishes: Wishes, terminal: Terminal, keeper: Keeper | None) -> OpsdashApp:
    """The app as it should look on this terminal; Textual is told before it is imported."""
    from opsdash.cli.first_look import first_look, tell_textual

    kept = keeper.kept.choices.get("theme", "") if keeper is not None else ""
    low = bool(wishes.low)
    first = first_look(terminal, wishes.theme, kept=kept, plain=wishes.plain, low=low)
    tell_textual(terminal, frames_per_s=LOW_FRAMES_PER_S if low else FRAMES_PER_S)

    from opsdash.app.look import Looks
    from opsdash.app.main import OpsdashApp
    from opsdash.app.prompt_screen import ScreenPrompter
    from opsdash.app.ringer import Ringer

    prompter, ringer = ScreenPrompter(), Ringer()
    watching = Watching(wishes.hosts_file, wishes.demo, prompter, ring=ringer)
    looks = Looks(first.themes, first.theme, ascii_only=first.plain, fixed=first.fixed)
    marks = _marks_of(keeper, watching)
    app = OpsdashApp(watching.start, watching.stop, looks, keys_file=_keys(), **marks)
    app.theme_files, app.low, app.by_ground = first.files, wishes.low, first.by_ground
    app.full_theme, app.theme_notice = first.full, first.notice
    prompter.serve(app, app.look)
    ringer.serve(app)
    _meet(app, terminal)
    return app


def _meet(app: OpsdashApp, terminal: Terminal) -> None:
    """Join the app and the terminal: its keys, its answers, its end."""
    from opsdash.app.screen_driver import ScreenDriver
    from opsdash.app.typed_bytes import accept_any_bytes

    ScreenDriver.answers = terminal.answers
    ScreenDriver.gone = app.hang_up
    app.driver_class = ScreenDriver
    answers = Answers()
    app.answers = answers if terminal.answers else None
    accept_any_bytes(answers.feed, app.hang_up)


async def _until_the_end(app: OpsdashApp) -> None:
    loop = asyncio.get_running_loop()

    def end(asked: int) -> None:
        _end_at_the_latest(LETTING_GO_S, asked + 128)
        app.exit()

    for ending in (signal.SIGTERM, signal.SIGHUP):
        with suppress(NotImplementedError):
            loop.add_signal_handler(ending, end, ending)
    await app.run_async()


def _keeper() -> Keeper:
    from opsdash.config.paths import state_dir
    from opsdash.store.kept_views import KeptViews

    return KeptViews(state_dir() / "views.json")


class _Marks(TypedDict, total=False):
    title: str
    badge: str
    keeper: Keeper
    declared: Declared


def _marks_of(keeper: Keeper | None, watching: Watching) -> _Marks:
    """What tells a demo from the real thing; only the latter keeps anything and follows files."""
    if keeper is None:
        return {"title": "opsdash DEMO", "badge": "DEMO"}
    return {"keeper": keeper, "declared": watching}


def _refusal() -> str:
    """Why this terminal can't show a screen, in words; empty if it can."""
    if not can_show_a_screen(os.environ):
        return "this terminal can't show a screen"
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return "the screen needs a terminal"
    return ""


def _keys() -> KeysFile:
    from opsdash.config.keys import KeysFile
    from opsdash.core.discover import keys

    return KeysFile(keys())
