"""Questions on the terminal that a command was started from, as ssh asks them: on /dev/tty."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from opsdash.core.prompts import YES, Question, QuestionKind
from opsdash.core.secret import Secret

TTY = "/dev/tty"
LONGEST_ANSWER = 1024

_HOW_TO_DECLINE = "an empty line leaves this host"
_NOTHING = "an empty line does nothing"


class TtyPrompter:
    """Asks on the controlling terminal, whatever standard input and output are."""

    eager = True

    @property
    def present(self) -> bool:
        """Whether there is a terminal, and this program is the one that it talks to."""
        try:
            tty = _open()
        except OSError:
            return False
        try:
            return os.tcgetpgrp(tty) == os.getpgrp()
        except OSError:
            return False
        finally:
            os.close(tty)

    async def ask(self, question: Question) -> Secret | None:
        """One line typed by the person; None when it is empty, ends at once, or says no.

        Cancelled, it takes the question back and leaves the terminal as it was.
        """
        try:
            tty = _open()
        except OSError:
            return None
        try:
            os.write(tty, _words(question).encode("utf-8", "replace"))
            with _silent(tty, question.kind is QuestionKind.SECRET):
                typed = await _line(tty)
        except OSError:
            return None  # the terminal is gone, and the person with it
        finally:
            os.close(tty)
        if question.kind is QuestionKind.CONFIRM:
            return YES if typed.strip().lower() in (b"y", b"yes") else None
        return Secret(typed) if typed else None


def _open() -> int:
    return os.open(TTY, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)


def _words(question: Question) -> str:
    """Who asks for what; the server's own words were cleaned when the question was made."""
    who = f"host {question.host}: " if question.host else ""
    lines = [f"opsdash: {who}{question.title}", *question.text.splitlines()]
    if question.kind is QuestionKind.CONFIRM:
        return "\n".join([*lines, f"{question.field}? [y/N] "])
    how = _HOW_TO_DECLINE if question.host else _NOTHING
    return "\n".join([*lines, f"{question.field or 'answer'} ({how}): "])


@contextmanager
def _silent(tty: int, wanted: bool) -> Iterator[None]:
    """No echo while a secret is typed; what was typed ahead of the question is dropped."""
    before = termios.tcgetattr(tty)
    quiet = [*before]
    if wanted:
        quiet[3] &= ~termios.ECHO
    quiet[3] |= termios.ECHONL | termios.ICANON
    termios.tcsetattr(tty, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        with suppress(termios.error, OSError):
            termios.tcsetattr(tty, termios.TCSAFLUSH, before)


async def _line(tty: int) -> bytes:
    """A line without its end, waited for in the loop."""
    loop = asyncio.get_running_loop()
    typed, stirred = bytearray(), asyncio.Event()
    loop.add_reader(tty, stirred.set)
    try:
        while not typed.endswith(b"\n") and len(typed) < LONGEST_ANSWER:
            await stirred.wait()
            stirred.clear()
            with suppress(BlockingIOError):
                part = os.read(tty, LONGEST_ANSWER)
                if not part:
                    break  # Ctrl+D
                typed += part
    finally:
        loop.remove_reader(tty)
    return bytes(typed).rstrip(b"\r\n")
