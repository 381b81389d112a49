"""``--log FILE``: what opsdash itself did, for whoever has to find out why.

Written by a thread of its own, so that a slow disk never holds up the screen; without secrets,
without a byte that a terminal would obey; and whatever happens to the file, the program goes on.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path

import click

from opsdash.core.masking import mask
from opsdash.core.text import clean

BYTES_PER_FILE = 5_000_000
OLDER_FILES = 2
WAITING_LINES = 10_000
"""Lines that wait for the disk; more are dropped rather than kept in memory."""

LINE_LIMIT = 4_000
LEVELS = ("debug", "info", "warning", "error")


class _Lines(logging.Formatter):
    """One record as a line: time (UTC), level, who; the lines of a traceback are set in."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        head = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z {record.levelname:<7}"
        text = mask(super().format(record))
        lines = [clean(line, LINE_LIMIT).expandtabs(4) for line in text.split("\n")]
        return f"{head} {record.name}: " + "\n    ".join(lines)


class _Queue(QueueHandler):
    """Hands records over and drops what does not fit: logging never stops the program."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A full queue is the disk's fault, not the screen's."""


class _File(RotatingFileHandler):
    """A private file that is appended to and rotated; never through a link, never a device."""

    def _open(self) -> TextIOWrapper:
        return open_private(Path(self.baseFilename))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A full disk costs lines of the log; they come again when there is room."""


def open_private(path: Path) -> TextIOWrapper:
    """Open a file for appending, for its owner's eyes only (0600); OSError says why not."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    number = os.open(path, flags, 0o600)
    with ExitStack() as on_failure:
        on_failure.callback(os.close, number)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        os.fchmod(number, 0o600)
        on_failure.pop_all()
    return os.fdopen(number, "a", encoding="utf-8", errors="replace")


@contextmanager
def logging_to(path: Path, level: str) -> Iterator[None]:
    """Everything that is logged within goes to this file, from this level on.

    click.BadParameter when the file can't be opened, or the level is none.
    """
    if level not in LEVELS:
        text = f"$OPSDASH_LOG_LEVEL is one of {', '.join(LEVELS)}, not {clean(level, 40)!r}"
        raise click.UsageError(text)
    file = _opened(path)
    file.setFormatter(_Lines("%(message)s"))
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(WAITING_LINES)
    entrance, listener = _Queue(waiting), QueueListener(waiting, file)
    root = logging.getLogger()
    before = root.level
    root.addHandler(entrance)
    root.setLevel(level.upper())
    # asyncssh tells of every channel and every request: at its own info level it drowns the rest
    logging.getLogger("asyncssh").setLevel("INFO" if level == "debug" else "WARNING")
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(entrance)
        root.setLevel(before)
        with suppress(queue.Full):
            listener.stop()
        with suppress(OSError):
            file.close()


def _opened(path: Path) -> _File:
    try:
        return _File(path, maxBytes=BYTES_PER_FILE, backupCount=OLDER_FILES)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        if path.is_symlink() or path.is_fifo():
            why = "it is a symbolic link" if path.is_symlink() else "it is a pipe"
        text = f"{clean(str(path), 200)} can't be written: {why}"
        raise click.BadParameter(text, param_hint="--log") from error
