"""Lines of logs as they came, the oldest dropped when there are too many; and those of them that
pass a filter, found from the newest on, a little at a time, so that nobody waits for all.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from opsdash.core.log_filter import Line, LogFilter
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
        self.dropped = 0
        self.end = 0

    def add(self, lines: Iterable[LineT]) -> None:
        """Lines that have come, in their order."""
        last = self._blocks[-1]
        for line in lines:
            if self._comes_again(line):
                continue
            if len(last.lines) >= BLOCK:
                last = _Block()
                self._blocks.append(last)
            last.lines.append(line)
            self.end += 1
        while self.end - self.dropped > self._most:
            self._blocks.popleft()
            self.dropped += BLOCK
            for number in [one for one in self._repeats if one < self.dropped]:
                del self._repeats[number]

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


class Sieve(Generic[LineT]):
    """The lines of a book that pass a filter, by their place among them: 0 is the oldest that has
    been found. `complete` says that all lines have been looked at.

    Places count from the newest backwards as well, as in a list; what is found later among the
    older lines moves all places up, by what work() says.
    """

    def __init__(
        self,
        book: LogBook[LineT],
        wanted: LogFilter,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._book = book
        self.filter = wanted
        self._clock = clock
        self._older = array("Q")  # backwards: the oldest stands last
        self._newer = array("Q")
        self._low = self._high = book.end
        self._gone = 0

    @property
    def complete(self) -> bool:
        """Whether nothing is left to look at."""
        return self._low <= self._book.dropped and self._high == self._book.end

    @property
    def looked_at(self) -> int:
        """How many of the lines that there are have been looked at."""
        return self._high - max(self._low, self._book.dropped)

    def work(self, for_s: float) -> tuple[int, int]:
        """Look at lines for about so many seconds, those that have come first, then older ones;
        gives by how many places what was known has moved up, and how many lines are gone below.
        """
        until = self._clock() + for_s
        gone = self._forget()
        while self._high < self._book.end:
            self._high = self._scan(self._high, self._newer)
            if self._clock() >= until:
                return 0, gone
        before = len(self._older)
        while self._low > self._book.dropped and self._clock() < until:
            self._scan_back()
        return len(self._older) - before, gone

    def reach(self, number: int, for_s: float) -> None:
        """Look at older lines until this one is among them, but not for longer than so."""
        until = self._clock() + for_s
        while self._low > max(number, self._book.dropped) and self._clock() < until:
            self._scan_back()

    def __len__(self) -> int:
        """How many have been found."""
        return len(self._older) + len(self._newer) - self._gone

    def number(self, place: int) -> int:
        """The number of the line at a place; IndexError."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        older = len(self._older)
        if self._gone < older:
            kept = older - self._gone
            return self._older[kept - 1 - place] if place < kept else self._newer[place - kept]
        return self._newer[place + self._gone - older]

    def __getitem__(self, place: int) -> LineT:
        """The line at a place; IndexError."""
        return self._book[self.number(place)]

    def place_at(self, at_s: float) -> int:
        """Where the first line of that time stands, or of the next one that there is (seconds since
        1970); lines are in the order of their times but for clocks that are off.
        """
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            found = self._next_time(middle, high)
            if found is None or found >= at_s:
                high = middle
            else:
                low = middle + 1
        return low

    def _next_time(self, place: int, end: int) -> float | None:
        """The time of the line at a place, or of the first behind it that has one."""
        times = (self[one].at_s for one in range(place, end))
        return next((one for one in times if one is not None), None)

    def place(self, number: int) -> int:
        """Where a line stands, or the next one after it that passes."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.number(middle) < number:
                low = middle + 1
            else:
                high = middle
        return low

    def _scan(self, start: int, found: array[int]) -> int:
        """Look at the lines from `start` to the end of their block; gives where that is."""
        book = self._book
        block = book.block_of(start)
        first = (start - book.dropped) % BLOCK
        end = start - first + len(block.lines)
        if block.may_hold(self.filter.needles):
            matches = self.filter.matches
            lines = block.lines[first:] if first else block.lines
            found.extend(number for number, line in enumerate(lines, start) if matches(line))
        return end

    def _scan_back(self) -> None:
        """Look at the lines before the lowest, down to the beginning of their block."""
        book = self._book
        block = book.block_of(self._low - 1)
        first = (self._low - 1 - book.dropped) // BLOCK * BLOCK + book.dropped
        if block.may_hold(self.filter.needles):
            matches = self.filter.matches
            lines = block.lines[: self._low - first]
            numbers = range(self._low - 1, first - 1, -1)
            self._older.extend(
                number
                for number, line in zip(numbers, reversed(lines), strict=True)
                if matches(line)
            )
        self._low = first

    def _forget(self) -> int:
        """Lines that the book has dropped are not found any more; gives how many those are."""
        dropped, before = self._book.dropped, len(self)
        while self._older and self._older[-1] < dropped:
            self._older.pop()
        if not self._older:
            gone = self._gone
            while gone < len(self._newer) and self._newer[gone] < dropped:
                gone += 1
            if gone > BLOCK:
                del self._newer[:gone]
                gone = 0
            self._gone = gone
        self._low, self._high = max(self._low, dropped), max(self._high, dropped)
        return before - len(self)
