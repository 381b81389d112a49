"""What the program does for the terminal's sake: a screen as a text file, the mouse let go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.timer import Timer
from textual.worker import WorkerFailed

from opsdash.app.colours import Colours
from opsdash.app.screen_driver import ScreenDriver
from opsdash.core.text import clean_line, middle
from opsdash.store.dumps import new_path, write_new
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span, width_of

MOUSE_S = 15
"""How long the terminal has the mouse: enough to select a few lines."""

SAID_S = 6.0


class TerminalKeys(Colours):
    """The part of the app that knows of files of screens, and of the mouse."""

    _now: Callable[[], float]
    badges: Callable[[], Line]
    _mouse_s = 0
    _mouse_timer: Timer | None = None
    last_words = ""
    """What is to be said when the screen is gone."""

    def terminal_badges(self) -> Line:
        """For how long the mouse is the terminal's."""
        return (Span(f" MOUSE FREE {self._mouse_s}s ", Role.WARN),) if self._mouse_s else ()

    def action_mouse(self) -> None:
        """Leave the mouse to the terminal for a while, to select text by it; or take it back."""
        if self._mouse_s:
            self._take_mouse()
            return
        self._mouse_s = MOUSE_S
        self._capture(on=False)
        self._mouse_timer = self.set_interval(1.0, self._count_down)
        back = self.keymap.sentence("mouse", "; ", " takes it back")
        self.say(f"the mouse selects text{back}", 3.0)

    def _count_down(self) -> None:
        self._mouse_s -= 1
        if self._mouse_s <= 0:
            self._take_mouse()

    def _take_mouse(self) -> None:
        self._mouse_s = 0
        if self._mouse_timer is not None:
            self._mouse_timer.stop()
        self._capture(on=True)
        self.say("the mouse is opsdash's again")

    def _capture(self, *, on: bool) -> None:
        if isinstance(self._driver, ScreenDriver):
            self._driver.capture_mouse(on=on)

    def action_redraw(self) -> None:
        """Paint the whole screen anew: another program wrote over it."""
        self.refresh(repaint=True)

    def hang_up(self) -> None:
        """The terminal is gone: end, as nobody sees anything any more. From any thread."""
        self.call_later(self.exit)

    @property
    def stuck(self) -> bool:
        """Whether the terminal still has not taken the last bytes."""
        return isinstance(self._driver, ScreenDriver) and self._driver.stuck

    @property
    def crash(self) -> BaseException | None:
        """The fault of our own that ended the program, if one did."""
        error = self._exception
        return error.error if isinstance(error, WorkerFailed) else error

    def _fatal_error(self) -> None:
        """End without Textual's traceback: it shows the values of variables, also secret ones."""
        self._exit = True
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """What is left to say is said when the screen is gone, by whoever ran the program."""

    def screen_text(self) -> str:
        """What is on the screen, as plain text without colours."""
        strips = self.screen._compositor.render_strips()  # noqa: SLF001 - what export does, too
        lines = [strip.text.rstrip() for strip in strips]
        return "\n".join(lines).rstrip("\n") + "\n"

    def dump_entry(self) -> Entry:
        """The palette's way to write the screen to a file."""
        return Entry("dump", self._dump, "the screen as a text file", takes="[PATH]")

    def _dump(self, where: str) -> None:
        # the palette is to be gone from the screen before it is written
        self.call_after_refresh(lambda: self.run_worker(self._write(where), name="dump"))

    async def _write(self, where: str) -> None:
        await self.write_file(where, self.screen_text(), "the screen")

    async def write_file(self, where: str, text: str, what: str) -> None:
        """Write a text to the path that was typed, or to a new file; says what came of it."""
        said, path = await asyncio.to_thread(_write, where, self._now(), text, what)
        room = self.size.width - width_of(self.badges()) - len(said)
        self.say(f"{said}{middle(clean_line(path), room)}", SAID_S)


def _write(where: str, now: float, text: str, what: str = "the screen") -> tuple[str, str]:
    """Write to the path that was typed, or to a new file; what came of it, and the whole path."""
    path = Path(where)
    try:
        path = _file_for(where, now)
        write_new(path, text)
    except FileExistsError:
        return "give another name, there is already a file ", _short(path)
    except (OSError, ValueError, RuntimeError) as error:
        reason = clean_line(getattr(error, "strerror", None) or str(error))
        return f"{what} can't be written: {reason}: ", _short(path)
    return f"{what} is in ", _short(path)


def _file_for(where: str, now: float) -> Path:
    """The path that was typed, or a new one in a folder: the state directory's, if none was."""
    from opsdash.config.paths import state_dir

    if not where:
        return new_path(state_dir() / "screens", now)
    path = Path(where).expanduser()
    # of a link's own name nothing is resolved: write_new() refuses to follow it
    path = path.resolve() if path.name == ".." else path.parent.resolve() / path.name
    return new_path(path, now) if path.is_dir() else path


def _short(path: Path) -> str:
    """A path as a shell takes it, with the home directory as a tilde: there is little room."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
