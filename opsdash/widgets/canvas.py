"""Cells that curves are drawn into: braille dots, blocks, or plain ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from opsdash.core.axes import Scale
from opsdash.core.tracks import Columns
from opsdash.widgets.line import Line, Role, Span


class Stroke(StrEnum):
    """What curves are made of, the finest first."""

    BRAILLE = "braille"
    BLOCKS = "blocks"
    ASCII = "ascii"

    @property
    def dots(self) -> tuple[int, int]:
        """Points beside each other and above each other in one cell."""
        return _DOTS[self]


_DOTS = {Stroke.BRAILLE: (2, 4), Stroke.BLOCKS: (1, 2), Stroke.ASCII: (1, 1)}

SPIKE_PART = 6
"""What is so great a part of the height above the mean is a spike: it shows without a band."""

BAND = 1
"""The code of cells of a band; 0 is that of empty ones."""

_LEFT, _RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)
_BRAILLE = [" "] + [
    chr(
        0x2800
        + sum(dot for place, dot in enumerate(_LEFT) if bits >> place & 1)
        + sum(dot for place, dot in enumerate(_RIGHT) if bits >> place + 4 & 1)
    )
    for bits in range(1, 256)
]
_HALVES, _SHADE, _EIGHTHS = " ▀▄█", "░", "▁▂▃▄▅▆▇█"
_RUNS = re.compile(rb"\x00*([^\x00])(?:\1|\x00)*|\x00+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Curve:
    """A series as it is drawn: its columns, what it is, and its letter where lines have no colour
    of their own. Without a `band` only what stands out above the mean is drawn besides it.
    """

    columns: Columns
    role: Role = Role.ACCENT
    letter: str = "*"
    band: bool = True


class Cells:
    """So many rows of cells: a sign and a code for each; `roles` says what is of which code."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.signs: list[list[str]] = [[" "] * width for _ in range(height)]
        self.codes: list[bytearray] = [bytearray(width) for _ in range(height)]
        self.roles: list[Role] = [Role.MUTED, Role.MUTED]

    def code_of(self, role: Role) -> int:
        """A code for what is drawn over curves, or between them."""
        if role not in self.roles[BAND:]:
            self.roles.append(role)
        return self.roles.index(role, BAND)

    def put(self, x: int, y: int, text: str, code: int) -> None:
        """A text in a row, over whatever is there; each of its characters fills one cell."""
        self.signs[y][x : x + len(text)] = text
        self.codes[y][x : x + len(text)] = bytes([code]) * len(text)

    def line(self, y: int) -> Line:
        """A row as spans, each as long as it can be: empty cells go with what is beside them."""
        text, spans = "".join(self.signs[y]), list[Span]()
        roles: dict[bytes | None, Role] = {bytes([n]): role for n, role in enumerate(self.roles)}
        roles[None] = Role.MUTED
        for run in _RUNS.finditer(self.codes[y]):
            begin, end = run.span()
            spans.append(Span(text[begin:end], roles[run[1]]))
        return tuple(spans)


class _Masks:
    """Dots of one column as bits of a number: a byte for each cell, from the top."""

    def __init__(self, height: int, down: int) -> None:
        self.rows, self.down = height, down
        bits = [1 << (8 * (row // down) + row % down) for row in range(height * down)]
        self._upto = [0]
        for bit in bits:
            self._upto.append(self._upto[-1] | bit)
        self.cells = int.from_bytes(b"\x01" * height, "little")

    def run(self, top: int, bottom: int) -> int:
        """The dots from a row down to another one, both among them."""
        return self._upto[bottom + 1] & ~self._upto[top]

    def touched(self, bits: int) -> int:
        """All bits of the cells in which any dot is."""
        bits |= bits >> 4
        bits |= bits >> 2
        return ((bits | bits >> 1) & self.cells) * 255


@lru_cache(maxsize=16)
def _masks(height: int, down: int) -> _Masks:
    return _Masks(height, down)


class _Column:
    """The cells of one column: dots, and the code of whose they are."""

    __slots__ = ("bits", "codes")

    def __init__(self) -> None:
        self.bits = self.codes = 0


def drawn(curves: Sequence[Curve], scale: Scale, size: tuple[int, int], stroke: Stroke) -> Cells:
    """Curves in cells of this width and height, the last one on top: a line through the means,
    over a band from the least to the most. A cell has one colour, so a line blots out bands.
    """
    cells = Cells(*size)
    if stroke is Stroke.BLOCKS and len(curves) == 1:
        _fill(cells, curves[0], scale)
        return cells
    across, down = stroke.dots
    masks, columns = _masks(cells.height, down), [_Column() for _ in range(cells.width)]
    letters = ["", ":"]
    for curve in curves:
        letters.append(curve.letter)
        cells.roles.append(curve.role)
        for x, (band, line) in enumerate(_dots(curve, scale, masks, (cells.width, across))):
            _ink(columns[x], masks, (band, line), len(cells.roles) - 1)
    _set(cells, columns, stroke, letters)
    return cells


def _dots(
    curve: Curve, scale: Scale, masks: _Masks, size: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """The dots of a curve, column by column of cells: those of its band, those of its line."""
    width, across = size
    last = masks.rows * masks.down - 1
    spike = max(2, (last + 1) // SPIKE_PART)
    low, factor = scale.low, last / (scale.high - scale.low)
    bands, lines, run = [0] * width, [0] * width, masks.run
    before: int | None = None
    for x, one in enumerate(curve.columns[: width * across]):
        if one is None:
            before = None
            continue
        here, bottom, top = [last - int((value - low) * factor + 0.5) for value in one]
        if not 0 <= top <= here <= bottom <= last:
            here, bottom, top = (min(max(row, 0), last) for row in (here, bottom, top))
        cell, shift = x // across, x % across * 4
        if curve.band:
            bands[cell] |= run(top, bottom) << shift
            top = here
        # the line comes from the column before, but does not stand where that one is
        near = here if before is None or before == here else before + (1, -1)[before > here]
        high = top if here - top >= spike else here
        lines[cell] |= run(min(near, here, high), max(near, here)) << shift
        before = here
    return zip(bands, lines, strict=True)


def _ink(column: _Column, masks: _Masks, dots: tuple[int, int], code: int) -> None:
    """Add the dots of a curve to a column of cells."""
    band, line = dots
    if band:
        lines = masks.touched(column.codes & ~masks.cells)  # of other curves: they stay
        band &= ~lines
        column.bits |= band
        column.codes |= masks.touched(band) & masks.cells & ~column.codes
    if line:
        touched = masks.touched(line)
        bands = masks.touched(column.codes) & ~masks.touched(column.codes & ~masks.cells)
        column.bits = column.bits & ~(touched & bands) | line
        column.codes = column.codes & ~touched | masks.cells * code & touched


def _set(cells: Cells, columns: Sequence[_Column], stroke: Stroke, letters: Sequence[str]) -> None:
    """Turn dots into signs, row by row."""
    height = cells.height
    bits = zip(*(column.bits.to_bytes(height, "little") for column in columns), strict=True)
    codes = zip(*(column.codes.to_bytes(height, "little") for column in columns), strict=True)
    for y, (dots, owners) in enumerate(zip(bits, codes, strict=True)):
        cells.codes[y] = bytearray(owners)
        if stroke is Stroke.BRAILLE:
            cells.signs[y] = [_BRAILLE[dot] for dot in dots]
        elif stroke is Stroke.ASCII:
            cells.signs[y] = [letters[code] if code else " " for code in owners]
        else:
            pairs = zip(dots, owners, strict=True)
            cells.signs[y] = [_SHADE if code == BAND else _HALVES[dot] for dot, code in pairs]


def row_of(value: float, scale: Scale, height: int, dots: int) -> int:
    """The row of a value, from the top, where each has so many dots above each other."""
    return height - 1 - round(scale.share(value) * (height * dots - 1)) // dots


def _fill(cells: Cells, curve: Curve, scale: Scale) -> None:
    """A curve as blocks from the bottom up to its means, and a shade above up to its mosts."""
    height, code = cells.height, cells.code_of(curve.role)
    for x, one in enumerate(curve.columns[: cells.width]):
        if one is None:
            continue
        whole, part = divmod(1 + round(scale.share(one.mean) * (height * 8 - 1)), 8)
        for up in range(whole):
            cells.put(x, height - 1 - up, "█", code)
        if part:
            cells.put(x, height - 1 - whole, _EIGHTHS[part - 1], code)
        for y in range(row_of(one.most, scale, height, 8), height - whole - bool(part)):
            cells.put(x, y, _SHADE, BAND)
