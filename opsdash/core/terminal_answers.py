"""What a terminal answers when it is asked, taken out of what is typed: it must never be keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic

ASK_GROUND = "\x1b]11;?\x1b\\"
"""OSC 11: what colour is the ground?"""

ASK_WHO = "\x1b[c"
"""DA1, which every terminal answers: it measures the round trip."""

PATIENCE_S = 10.0
"""An answer that did not come by then is not waited for."""

_ANSWER = re.compile(
    "\x1b\\]11;(?:rgba?:)?(?P<rgb>[^\x07\x1b]*)(?:\x07|\x1b\\\\)|\x1b\\[\\?(?P<who>[0-9;]*)c"
)
_BEGUN = re.compile("\x1b(?:\\](?:1(?:1(?:;[^\x07\x1b]{0,40}\x1b?)?)?)?|\\[(?:\\?[0-9;]{0,40})?)$")
"""A lone escape at the end is not held: it is a key far more often than half an answer."""


class Answers:
    """Sits in the stream of what is typed. `heard` is called, in whatever thread reads, after each
    answer; what was said is in `light` (of the ground) and `round_trip_s` (the quickest so far).
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.light: bool | None = None
        self.round_trip_s: float | None = None
        self.asked, self.answered = 0, 0
        self.heard: Callable[[], object] | None = None
        self._clock = clock
        self._asked_at = float("-inf")
        self._held = ""

    def ask_who(self) -> str:
        """What to send to measure the round trip, from now."""
        self.asked += 1
        self._asked_at = self._clock()
        return ASK_WHO

    def feed(self, text: str) -> str:
        """What was typed, without the answers in it; a begun one is held until its rest comes."""
        text, self._held = self._held + text, ""
        if "\x1b" not in text:
            return text
        whole, found = text, list(_ANSWER.finditer(text))
        for answer in found:
            self._take(answer)
        text = _ANSWER.sub("", text)
        if self.answered < self.asked and self._clock() - self._asked_at <= PATIENCE_S:
            # answers come one right behind the other: there a lone escape is no key
            behind = bool(found) and found[-1].end() == len(whole) - 1 and whole[-1] == "\x1b"
            begun = "\x1b" if behind else _found_last(_BEGUN, text)
            text, self._held = text[: len(text) - len(begun)], begun
        if found and self.heard is not None:
            self.heard()
        return text

    def _take(self, answer: re.Match[str]) -> None:
        if answer["rgb"] is not None:
            self.light = is_light(answer["rgb"])
            return
        took_s = self._clock() - self._asked_at
        if self.answered < self.asked and took_s <= PATIENCE_S:
            self.answered = self.asked
            best = self.round_trip_s
            self.round_trip_s = took_s if best is None else min(best, took_s)


def _found_last(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found is not None else ""


def is_light(rgb: str) -> bool | None:
    """Whether a ground as X11 writes it (``ffff/fafa/f0f0``) is light; None: not understood."""
    parts = rgb.split("/")[:3]
    if len(parts) < 3 or not all(re.fullmatch("[0-9a-fA-F]{1,4}", part) for part in parts):
        return None
    red, green, blue = (float(int(part, 16)) / (16 ** len(part) - 1) for part in parts)
    return bool(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)
