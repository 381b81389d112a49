"""Lines of logs as they came, the oldest dropped when there are too many."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opsdash.core.log_filter import Line
from opsdash.core.log_record import LogGap

BLOCK = 1_000
MOST_LINES = 500_000
AGAIN_S = 60.0
"""What comes again later than that is told again: a person would take it for old news."""

LineT = TypeVar("LineT", bound=Line)


FOLDED_S = 600.0
"""What comes again and again is told anew after so long: as old as its first time it is not."""


class _Block(Generic[LineT]):
    """So many lines that came one after the other, and all of their words as one text."""

    __slots__ = ("_words", "lines")

    def __init__(self) -> None:
        self.lines: list[LineT] = []
        self._words = ""

    def may_hold(self, needles: Sequence[Sequence[str]]) -> bool:
        """Whether each group of words has one that stands somewhere in a full block."""
        if not needles or len(self.lines) < BLOCK:
            return True
        if not self._words:
            self._words = "\n".join(f"{line.program}\n{line.text}" for line in self.lines).lower()
        words = self._words
        return all(any(part in words for part in group) for group in needles)


@dataclass(slots=True)
class Repeat:
    """A line that came again and again, with nothing else of its host in between: how often in
    all, and when for the last time, by the host's clock.
    """

    number: int
    line: Line
    count: int
    last_s: float | None


class LogBook(Generic[LineT]):
    """Lines by number: the first that ever came is 0, and a number is never given twice. At most
    about `most` of them are kept; `dropped` says how many of the oldest are not any more. What a
    host says again is counted, and not kept twice.
    """

    def __init__(self, most: int = MOST_LINES) -> None:
        self._most = max(most, 2 * BLOCK)
        self._blocks: deque[_Block[LineT]] = deque([_Block()])
        self._latest: dict[str, Repeat] = {}
        self._repeats: dict[int, Repeat] = {}
        self._of_host: dict[str, array[int]] = {}
        self.dropped = 0
        self.end = 0

    def add(self, lines: Iterable[LineT]) -> None:
        """Lines that have come, in their order."""
        last, of_host = self._blocks[-1], self._of_host
        for line in lines:
            if self._comes_again(line):
                continue
            if len(last.lines) >= BLOCK:
                last = _Block()
                self._blocks.append(last)
            last.lines.append(line)
            numbers = of_host.get(line.host)
            if numbers is None:
                numbers = of_host[line.host] = array("Q")
            numbers.append(self.end)
            self.end += 1
        while self.end - self.dropped > self._most:
            self._drop(self._blocks.popleft())

    def _drop(self, block: _Block[LineT]) -> None:
        """The lines of the oldest block are not there any more."""
        self.dropped += BLOCK
        for number in [one for one in self._repeats if one < self.dropped]:
            del self._repeats[number]
        for host in {line.host for line in block.lines}:
            numbers = self._of_host[host]
            del numbers[: bisect_left(numbers, self.dropped)]

    def _comes_again(self, line: LineT) -> bool:
        """Count a line that its host has just said; else it is the one that may come again."""
        known = self._latest.get(line.host)
        if known is not None and known.number >= self.dropped and _is_same(known, line):
            known.count += 1
            known.last_s = line.at_s
            self._repeats[known.number] = known
            return True
        self._latest[line.host] = Repeat(self.end, line, 1, line.at_s)
        return False

    def repeat(self, number: int) -> Repeat | None:
        """How often the line of this number came, if more than once."""
        return self._repeats.get(number)

    def __len__(self) -> int:
        """How many there are."""
        return self.end - self.dropped

    def __getitem__(self, number: int) -> LineT:
        """The line of this number; IndexError when it is not there any more, or not yet."""
        place = number - self.dropped
        if not 0 <= place < self.end - self.dropped:
            raise IndexError(number)
        return self._blocks[place // BLOCK].lines[place % BLOCK]

    def of_host(self, host: str) -> Sequence[int]:
        """The numbers of the lines of a host, in their order."""
        return self._of_host.get(host, ())

    def block_of(self, number: int) -> _Block[LineT]:
        """The block in which a line stands."""
        return self._blocks[(number - self.dropped) // BLOCK]


def _is_same(known: Repeat, line: Line) -> bool:
    before = known.line
    # a gap is never like another: each tells of lines of its own
    if isinstance(line, LogGap) or isinstance(before, LogGap):
        return False
    if (before.text, before.program, before.unit) != (line.text, line.program, line.unit):
        return False
    if before.priority != line.priority:
        return False
    if known.last_s is None or line.at_s is None:
        return known.last_s is line.at_s
    first_s = before.at_s if before.at_s is not None else known.last_s
    return abs(line.at_s - known.last_s) < AGAIN_S and abs(line.at_s - first_s) < FOLDED_S
