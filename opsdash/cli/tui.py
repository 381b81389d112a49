"""The way into the screen: look at the terminal, paint, and only then start the fleet."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

import click

from opsdash.core.terminal import Terminal, can_show_a_screen, terminal_of
from opsdash.core.terminal_answers import Answers

if TYPE_CHECKING:
    from opsdash.app.main import OpsdashApp
    from opsdash.core.kept import Keeper
    from opsdash.core.prompts import Prompter
    from opsdash.core.source import FleetSource
    from opsdash.engine.session import Session

FRAMES_PER_S, LOW_FRAMES_PER_S = 20, 8
"""Enough for keys to feel immediate, and a third of Textual's default; and over a slow link."""


class Watching:
    """The session behind the screen: made when the screen is there, let go when it is gone."""

    def __init__(self, hosts_file: str | None, demo: int | None, prompter: Prompter) -> None:
        self._hosts_file = hosts_file
        self._demo = demo
        self._prompter = prompter
        self._session: Session | None = None

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
        from opsdash.config.open_fleet import open_fleet
        from opsdash.config.paths import default_hosts_file, state_dir
        from opsdash.core.discover import checks
        from opsdash.engine.session import Session, Surroundings

        fleet = open_fleet(
            self._hosts_file, {one.id: one.lower_is_worse for one in checks().values()}
        )
        if not fleet.source:
            alone = f"this machine alone: write {default_hosts_file()} to see your fleet"
            fleet = replace(fleet, notices=(alone,))
        return Session(fleet, Surroundings(state_dir(), self._prompter))

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
        from opsdash.cli.status_instead import status_instead

        click.echo(f"opsdash: {refusal}: this is what opsdash status says", err=True)
        return status_instead(wishes.hosts_file, wishes.demo, plain=wishes.plain)
    from opsdash.cli.first_look import first_look, tell_textual

    terminal = terminal_of(os.environ, coerced=bool(sys.flags.utf8_mode))
    marks = _marks_of(wishes.demo)
    kept = marks["keeper"].kept.choices.get("theme", "") if "keeper" in marks else ""
    low = bool(wishes.low)
    look = first_look(terminal, wishes.theme, kept=kept, plain=wishes.plain, low=low)
    tell_textual(terminal, frames_per_s=LOW_FRAMES_PER_S if low else FRAMES_PER_S)

    from opsdash.app.look import Looks
    from opsdash.app.main import OpsdashApp
    from opsdash.app.prompt_screen import ScreenPrompter

    prompter = ScreenPrompter()
    watching = Watching(wishes.hosts_file, wishes.demo, prompter)
    looks = Looks(look.themes, look.theme, ascii_only=look.plain, fixed=look.fixed)
    app = OpsdashApp(watching.start, watching.stop, looks, **marks)
    app.theme_files, app.low, app.by_ground = look.files, wishes.low, look.by_ground
    prompter.serve(app, app.look)
    _meet(app, terminal)
    asyncio.run(_watch(app))
    return leave(app)


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


async def _watch(app: OpsdashApp) -> None:
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        with suppress(NotImplementedError):
            loop.add_signal_handler(ending, app.exit)
    await app.run_async()


def leave(app: OpsdashApp) -> int:
    """The exit code; where the terminal is stuck the program ends here, as nobody can be told."""
    code = app.return_code or 0
    if app.stuck:
        # a thread that hangs in a write would hold up the interpreter's own end for ever
        os._exit(code)
    return code


class _Marks(TypedDict, total=False):
    title: str
    badge: str
    keeper: Keeper


def _marks_of(demo: int | None) -> _Marks:
    """What tells a demo from the real thing; only of the latter anything is kept."""
    if demo is not None:
        return {"title": "opsdash DEMO", "badge": "DEMO"}
    from opsdash.config.paths import state_dir
    from opsdash.store.kept_views import KeptViews

    return {"keeper": KeptViews(state_dir() / "views.json")}


def _refusal() -> str:
    """Why this terminal can't show a screen, in words; empty if it can."""
    if not can_show_a_screen(os.environ):
        return "this terminal can't show a screen"
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return "the screen needs a terminal"
    return ""
