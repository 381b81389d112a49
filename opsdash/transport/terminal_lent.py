"""Our terminal while another program has it: kept as it is, heard on its way, got back."""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

TTY, SCREEN = 0, 1
"""Where the terminal is read and written: what is started has both as its own."""

_TAIL_BYTES = 4_000
_GRACE_S = 0.5

BEFORE = b"\x1b[22;0t\r\n"
"""Remember the window's title."""

AFTER = (
    b"\x1b7\x1b[r\x1b8\x1b[0m\x1b(B\x0f\x1b[4l\x1b[?1l\x1b>\x1b[?5l\x1b[?7h\x1b[?2026l"
    b"\x1b[?9l\x1b[?1000l\x1b[?1001l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l"
    b"\x1b[?1015l\x1b[?1016l\x1b[?2004l\x1b[?2048l\x1b[<u\x1b[>4;0m\x1b[0 q\x1b[?25h"
    b"\x1b7\x1b[?1049l\x1b[23;0t\r"
)
"""Ends what a program that was killed may have left on: a scrolling region, colours, line drawing,
insert mode, application keys, every kind of mouse report, focus reports, bracketed paste, other
keyboard protocols, a hidden cursor, the alternate screen; and the title is the one from before. The
cursor stays where it is: it is saved before what would move it.
"""


@contextmanager
def terminal_kept(*, lent: bytes = b"") -> Iterator[None]:
    """However the block changes our terminal, it is ours and as it was afterwards.

    With `lent`, which is written first, it is also reset: another program had all of it.
    """
    modes = modes_of_terminal()
    if lent:
        write(BEFORE + lent)
    try:
        yield
    finally:
        give_terminal(os.getpgrp())
        set_modes(modes)
        if lent:
            with suppress(termios.error):
                termios.tcflush(TTY, termios.TCIFLUSH)  # typed for a program that is gone
            write(AFTER)


def modes_of_terminal() -> list[Any] | None:
    """Echo, line editing and so on; None: there is no terminal any more."""
    try:
        return termios.tcgetattr(TTY)
    except termios.error:
        return None


def set_modes(modes: list[Any] | None) -> None:
    """Put them in force."""
    if modes is not None:
        with suppress(termios.error):
            termios.tcsetattr(TTY, termios.TCSANOW, modes)


def foreground() -> int:
    """The process group that has the terminal; ours, where there is none."""
    try:
        return os.tcgetpgrp(TTY)
    except OSError:
        return os.getpgrp()


def give_terminal(group: int) -> None:
    """Let a process group have the terminal, if it is still there."""
    # whoever asks from the background is stopped for it, unless the signal is ignored
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with suppress(OSError):
            os.tcsetpgrp(TTY, group)
    finally:
        signal.signal(signal.SIGTTOU, before)


def write(data: bytes) -> None:
    """Say something on the terminal, as far as it is there."""
    with suppress(OSError):
        while data:
            data = data[os.write(SCREEN, data) :]


def a_shell_waits() -> bool:
    """Whether somebody below can continue what is stopped.

    A program that leads its session (``tmux new opsdash``, ``ssh -t HOST opsdash``) was started by
    no shell with job control: stopped, it would hang for ever.
    """
    return os.getsid(0) != os.getpgrp()


@contextmanager
def signals_left_to_it(*, may_stop: bool) -> Iterator[None]:
    """Keys that end or stop a program mean the one that has the terminal, and not us."""
    left = [signal.SIGINT, signal.SIGQUIT, *(() if may_stop else (signal.SIGTSTP,))]
    # to be ignored would be inherited by the program
    before = {one: signal.signal(one, lambda *_: None) for one in left}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class HeardErrors:
    """The error output of a program on its way to the terminal. To the program it is a terminal: to
    another kind of output ssh does not say that a security key wants to be touched.
    """

    def __init__(self) -> None:
        self._ours, self.theirs = os.openpty()
        tty.setraw(self.theirs)
        self._tail = b""
        self._told, self._tell = os.pipe()
        # a thread: a terminal that is not read for a while must hold up nobody else
        self._thread = threading.Thread(target=self._pass_on, name="errors", daemon=True)

    def begin(self) -> None:
        """The program has its end now, or could not be started."""
        os.close(self.theirs)
        self._thread.start()

    def end(self) -> None:
        """The program has ended: what it said is heard, what others say that it left is not."""
        os.write(self._tell, b".")
        self._thread.join(_GRACE_S)
        if not self._thread.is_alive():
            for one in (self._ours, self._told, self._tell):
                os.close(one)

    def _pass_on(self) -> None:
        with suppress(OSError):  # all who had the other end are gone
            while True:
                ready, _, _ = select.select([self._ours, self._told], [], [])
                if self._ours not in ready:
                    return
                data = os.read(self._ours, 65_536)
                self._tail = (self._tail + data)[-_TAIL_BYTES:]
                write(data)

    @property
    def last_line(self) -> str:
        """What it said last."""
        lines = self._tail.decode("utf-8", "replace").split("\n")
        return next((text.strip() for text in reversed(lines) if text.strip()), "")
