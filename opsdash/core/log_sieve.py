"""Lines of a book that pass a filter, found from the newest on, a little at a time, so that nobody
waits for all; and, if that is wanted, the lines of the same host around each of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from time import perf_counter
from typing import Generic

from opsdash.core import log_book
from opsdash.core.log_book import LineT, LogBook
from opsdash.core.log_filter import LogFilter


class _Part:
    """What of one block is found: the numbers of those that pass, and of all that are shown."""

    __slots__ = ("hits", "shown")

    def __init__(self, *, around: bool) -> None:
        self.hits = array("Q")
        self.shown = array("Q") if around else self.hits

    def hit(self, numbers: Sequence[int]) -> None:
        """These pass: all of them are older, or all newer, than those that were found."""
        if self.hits and numbers[-1] < self.hits[0]:
            self.hits[:0] = array("Q", numbers)
        else:
            self.hits.extend(numbers)

    def show(self, number: int) -> None:
        """This one is shown, though it need not pass."""
        place = bisect_left(self.shown, number)
        if place == len(self.shown) or self.shown[place] != number:
            self.shown.insert(place, number)


class Sieve(Generic[LineT]):
    """The lines of a book that pass a filter, by their place among them: 0 is the oldest that has
    been found. `complete` says that all lines have been looked at.

    With `around` so many lines of the same host before and behind each of them are among them, too.
    What is found later among the older lines moves places: whoever points at one remembers its
    number.
    """

    def __init__(
        self,
        book: LogBook[LineT],
        wanted: LogFilter,
        clock: Callable[[], float] = perf_counter,
        around: int = 0,
    ) -> None:
        self._book = book
        self.filter = wanted
        self.around = around if wanted.tests else 0
        self._clock = clock
        self._low = self._high = book.end
        self._first = book.dropped // log_book.BLOCK
        self._parts: deque[_Part] = deque()
        self._ends: list[int] = []
        """How many lines are shown of each part and of those before it; empty: to be counted."""
        self._last_hit: dict[str, int] = {}

    @property
    def complete(self) -> bool:
        """Whether nothing is left to look at."""
        return self._low <= self._book.dropped and self._high == self._book.end

    @property
    def looked_at(self) -> int:
        """How many of the lines that there are have been looked at."""
        return self._high - max(self._low, self._book.dropped)

    @property
    def hits(self) -> int:
        """How many of those that were found pass."""
        return sum(len(part.hits) for part in self._parts)

    def work(self, for_s: float) -> None:
        """Look at lines for about so many seconds, those that have come first, then older ones."""
        until = self._clock() + for_s
        self._keep_up()
        while self._high < self._book.end:
            self._scan_on()
            if self._clock() >= until:
                return
        while self._low > self._book.dropped and self._clock() < until:
            self._scan_back()

    def reach(self, number: int, for_s: float) -> None:
        """Look at older lines until this one is among them, but not for longer than so."""
        until = self._clock() + for_s
        self._keep_up()
        while self._low > max(number, self._book.dropped) and self._clock() < until:
            self._scan_back()

    # -- what was found -------------------------------------------------------------------------

    def __len__(self) -> int:
        """How many have been found."""
        ends = self._counted()
        return ends[-1] if ends else 0

    def number(self, place: int) -> int:
        """The number of the line at a place; IndexError."""
        ends = self._counted()
        if not ends or not 0 <= place < ends[-1]:
            raise IndexError(place)
        part = bisect_right(ends, place)
        return self._parts[part].shown[place - (ends[part - 1] if part else 0)]

    def __getitem__(self, place: int) -> LineT:
        """The line at a place; IndexError."""
        return self._book[self.number(place)]

    def passes(self, place: int) -> bool:
        """Whether the line at a place passes, and is not only near one that does."""
        if not self.around:
            return True
        number = self.number(place)
        return _holds(self._parts[self._part_of(number)].hits, number)

    def is_parted(self, place: int) -> bool:
        """Whether the line at a place belongs to nothing above it: it begins lines of its host
        that stand together, and the line above it ends such lines.
        """
        if not self.around or not place:
            return False
        if self.number(place - 1) < self._book.dropped:  # since it was looked at
            return False
        return not self._is_beside(place, -1) and not self._is_beside(place - 1, 1)

    def _is_beside(self, place: int, way: int) -> bool:
        """Whether the line of the same host next to the one at a place is shown."""
        number = self.number(place)
        numbers = self._book.of_host(self._book[number].host)
        beside = bisect_left(numbers, number) + way
        if not 0 <= beside < len(numbers):
            return False
        part = self._part_of(numbers[beside])  # what has just come may have none so far
        return part < len(self._parts) and _holds(self._parts[part].shown, numbers[beside])

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
        """Where a line stands, or the next one after it that is shown."""
        part = self._part_of(number)
        if part < 0:
            return 0
        if part >= len(self._parts):
            return len(self)
        before = self._counted()[part - 1] if part else 0
        return before + bisect_left(self._parts[part].shown, number)

    def _part_of(self, number: int) -> int:
        return number // log_book.BLOCK - self._first

    def _counted(self) -> list[int]:
        if not self._ends:
            self._ends = list(accumulate(len(part.shown) for part in self._parts))
        return self._ends

    # -- looking --------------------------------------------------------------------------------

    def _keep_up(self) -> None:
        """A part for each block of the book, and for none that it has dropped."""
        dropped = self._book.dropped
        while self._first < dropped // log_book.BLOCK:
            if self._parts:
                self._parts.popleft()
            self._first += 1
        while self._part_of(self._book.end) >= len(self._parts):
            self._parts.append(_Part(around=self.around > 0))
        self._low, self._high = max(self._low, dropped), max(self._high, dropped)
        self._ends = []

    def _scan_on(self) -> None:
        """Look at the lines from the highest on, to the end of their block."""
        start, book = self._high, self._book
        block = book.block_of(start)
        first = (start - book.dropped) % log_book.BLOCK
        lines = block.lines[first:] if first else block.lines
        self._high = start + len(lines)
        if self.around:  # what has come may stand behind a line that passed before
            last = self._last_hit
            self._surround(sorted(last[host] for host in {one.host for one in lines} & last.keys()))
        if block.may_hold(self.filter.needles):
            self._look_at(lines, start)

    def _scan_back(self) -> None:
        """Look at the lines before the lowest, down to the beginning of their block."""
        book = self._book
        block = book.block_of(self._low - 1)
        first = (self._low - 1 - book.dropped) // log_book.BLOCK * log_book.BLOCK + book.dropped
        if block.may_hold(self.filter.needles):
            self._look_at(block.lines[: self._low - first], first)
        self._low = first

    def _look_at(self, lines: Iterable[LineT], start: int) -> None:
        """These lines stand in one block from `start` on."""
        matches = self.filter.matches
        found = [number for number, line in enumerate(lines, start) if matches(line)]
        if not found:
            return
        self._parts[self._part_of(start)].hit(found)
        self._surround(found)
        self._ends = []

    def _surround(self, hits: Sequence[int]) -> None:
        """Show the lines of the same host around these, which are in their order."""
        if not self.around:
            return
        done: dict[str, int] = {}
        for number in hits:
            if number < self._book.dropped:
                continue
            host = self._book[number].host
            numbers = self._book.of_host(host)
            place = bisect_left(numbers, number)
            begin = max(place - self.around, done.get(host, 0))
            done[host] = place + self.around + 1
            for one in numbers[begin : done[host]]:
                self._parts[self._part_of(one)].show(one)
            self._last_hit[host] = max(number, self._last_hit.get(host, number))
        self._ends = []


def _holds(numbers: Sequence[int], number: int) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number
