"""Outputs as lines to read, and how one differs from another: bounded, whatever a host sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from opsdash.core.folding import Output
from opsdash.core.text import clean, count

MOST_LINES = 1000
"""Lines in which two outputs are compared, from the first that differs on."""

CONTEXT = 3
TAB = 8
LINE_BYTES = 4096


class Kind(StrEnum):
    """What a line is: of the output, an error, in both, only in the other, only here; or ours."""

    OUT = "out"
    ERR = "err"
    BOTH = " "
    GONE = "-"
    NEW = "+"
    NOTE = "note"
    PLACE = "@@"


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line, safe to show, without its sign."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        if self.kind in (Kind.BOTH, Kind.GONE, Kind.NEW):
            return f"{self.kind}{self.text}"
        return self.text


ERROR_MARK = "2> "
"""In front of what a command said on its standard error."""


def raw_lines(data: bytes) -> list[bytes]:
    """Lines without their ends; of one that overwrote itself (``\\r``) what was left in the end."""
    lines = data.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if b"\r" not in data:
        return lines
    return [line.rstrip(b"\r").rpartition(b"\r")[2] for line in lines]


def shown(line: bytes) -> str:
    """A line as it may be shown; tabs are spaces."""
    return clean(line[:LINE_BYTES].decode(errors="replace")).expandtabs(TAB)


def output_lines(output: Output, first: int = 0, most: int | None = None) -> list[OutputLine]:
    """The lines of an output, what was said as an error last; `most` of them from `first` on."""
    out, err = raw_lines(output.stdout), raw_lines(output.stderr)
    both = [(Kind.OUT, line) for line in out] + [(Kind.ERR, line) for line in err]
    chosen = both[first:] if most is None else both[first : first + most]
    return [OutputLine(kind, shown(line)) for kind, line in chosen]


def diff_lines(before: Output, after: Output) -> list[OutputLine]:
    """How `after` differs from `before`, as a unified diff. At most `MOST_LINES` lines of each are
    looked at, from the first that differs on; what was left out is said.
    """
    old, new = _marked(before), _marked(after)
    head = _alike(old, new)
    tail = _alike_at_end(old, new, min(len(old), len(new)) - head)
    left_old, left_new = old[head : len(old) - tail], new[head : len(new) - tail]
    cut_old, cut_new = left_old[:MOST_LINES], left_new[:MOST_LINES]
    rest = max(len(left_old) - len(cut_old), len(left_new) - len(cut_new))
    lead = old[max(0, head - CONTEXT) : head]
    trail = [] if rest else old[len(old) - tail :][:CONTEXT]
    one = [shown(line) for line in (*lead, *cut_old, *trail)]
    other = [shown(line) for line in (*lead, *cut_new, *trail)]
    lines = list(_hunks(one, other, head - len(lead)))
    if rest:
        lines.append(_note(f"cut here: {count(rest, 'more line')} not compared"))
    if not lines:
        return [_note(_only_unseen(before, after))]
    if before.truncated or after.truncated:
        lines.append(_note("compared as far as it goes: output was cut off at its limit"))
    return lines


def _marked(output: Output) -> list[bytes]:
    mark = ERROR_MARK.encode()
    return [*raw_lines(output.stdout), *(mark + line for line in raw_lines(output.stderr))]


def _alike(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many lines at the beginning are the same."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


def _alike_at_end(one: Sequence[bytes], other: Sequence[bytes], most: int) -> int:
    """How many lines at the end are the same, at most so many."""
    for back in range(1, most + 1):
        if one[-back] != other[-back]:
            return back - 1
    return most


def _hunks(old: Sequence[str], new: Sequence[str], start: int) -> Iterator[OutputLine]:
    # lines that come often are not aligned by: without that, a thousand equal ones take a second
    for hunk in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        first, last = hunk[0], hunk[-1]
        place = f"@@ -{_span(first[1], last[2], start)} +{_span(first[3], last[4], start)} @@"
        yield OutputLine(Kind.PLACE, place)
        for tag, old_from, old_to, new_from, new_to in hunk:
            if tag == "equal":
                yield from (OutputLine(Kind.BOTH, text) for text in old[old_from:old_to])
                continue
            yield from (OutputLine(Kind.GONE, text) for text in old[old_from:old_to])
            yield from (OutputLine(Kind.NEW, text) for text in new[new_from:new_to])


def _span(first: int, last: int, start: int) -> str:
    length = last - first
    begin = start + first + (1 if length else 0)
    return f"{begin}" if length == 1 else f"{begin},{length}"


def _only_unseen(before: Output, after: Output) -> str:
    if before.truncated != after.truncated:
        return "the same as far as it goes: one of them was cut off"
    if before == after:
        return "no difference"
    return "the same to look at: they differ in line ends, or in characters that are not shown"


def _note(text: str) -> OutputLine:
    return OutputLine(Kind.NOTE, text)
