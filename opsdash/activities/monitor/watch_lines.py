"""What ``opsdash watch`` writes: a line per event, by a thread of its own."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime
from queue import Full, Queue
from threading import Thread

from opsdash.core.event import Event, EventKind
from opsdash.core.text import clean_line

MOST_WAITING = 10_000
LAST_WORDS_S = 2.0


class Lines:
    """Lines for standard error. A reader that does not read, or is gone, holds up no polling: what
    is more than `MOST_WAITING` lines behind is dropped, and counted.
    """

    def __init__(self) -> None:
        self._waiting: Queue[str | None] = Queue(MOST_WAITING)
        self._dropped = 0
        self._thread = Thread(target=self._write, name="lines", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Write a line as soon as can be."""
        if self._dropped:
            text = f"{text} ({self._dropped} lines before this were not read)"
        try:
            self._waiting.put_nowait(text)
        except Full:
            self._dropped += 1
        else:
            self._dropped = 0

    def note(self, at: float, text: str) -> None:
        """A line about the program itself."""
        self.put(f"{stamp(at)} NOTE {clean_line(text, 500)}")

    def close(self) -> None:
        """Wait for what is still to be written, but not for ever."""
        with suppress(Full):
            self._waiting.put_nowait(None)
        self._thread.join(LAST_WORDS_S)

    def _write(self) -> None:
        while (text := self._waiting.get()) is not None:
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()


def stamp(at: float) -> str:
    """A time as ``2026-11-27T19:30:02Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def event_line(event: Event) -> str:
    """An event as a line: when, how bad, where, which check of what, and in words."""
    word = event.kind.upper().replace(" ", "-")
    if event.kind is EventKind.FOUND and event.health is not None:
        word = event.health.name
    where = " ".join(filter(None, (event.host, event.check, event.subject if event.check else "")))
    if event.kind is EventKind.HEALTH and event.health is not None:
        before = f" (was {event.before.name})" if event.before is not None else ""
        where = f"{event.host} is {event.health.name}{before}"
    text = event.text if f"{event.host} {event.text}" != where else ""
    told = f"{where}: {text}" if where and text else where or text
    return clean_line(f"{stamp(event.at)} {word} {told}", 500)
