"""Cells that curves are drawn into: braille dots, blocks, or plain ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.axes import Scale
from opsdash.core.tracks import Columns
from opsdash.widgets.line import Role


class Stroke(StrEnum):
    """What curves are made of, the finest first."""

    BRAILLE = "braille"
    BLOCKS = "blocks"
    ASCII = "ascii"

    @property
    def dots(self) -> tuple[int, int]:
        """Points beside each other and above each other in one cell."""
        return {Stroke.BRAILLE: (2, 4), Stroke.BLOCKS: (1, 2), Stroke.ASCII: (1, 1)}[self]


SPIKE_PART = 6
"""What is so great a part of the height above the mean is a spike: it shows without a band."""

BAND_ROLE = Role.MUTED

_BRAILLE = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_HALVES = " ▀▄█"
_SHADE, _EIGHTHS = "░", "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Curve:
    """A series as it is drawn: its columns, what it is, and its letter where lines have no colour
    of their own. Without a `band` only what stands out above the mean is drawn besides it.
    """

    columns: Columns
    role: Role = Role.ACCENT
    letter: str = "*"
    band: bool = True


class Canvas:
    """So many cells. What is drawn later covers what was drawn before, but a line is never covered
    by the band of another curve.
    """

    def __init__(self, width: int, height: int, stroke: Stroke) -> None:
        self.width, self.height, self.stroke = width, height, stroke
        self._across, self._down = stroke.dots
        self._spike = max(2, height * self._down // SPIKE_PART)
        self._bits = bytearray(width * height)
        self._inks = bytearray(width * height)
        self._letters: list[str] = [":"]
        self._roles: list[Role] = [BAND_ROLE]
        full = _BRAILLE if stroke is Stroke.BRAILLE else ((1, 2),)
        self._from = [[sum(side[top:]) for top in range(self._down)] for side in full]
        self._to = [[sum(side[: end + 1]) for end in range(self._down)] for side in full]

    def draw(self, curve: Curve, scale: Scale) -> None:
        """A line through the means, over a band from the least to the most."""
        last = self.height * self._down - 1
        rows = [
            None if one is None else [last - round(scale.share(value) * last) for value in one]
            for one in curve.columns[: self.width * self._across]
        ]
        if curve.band:
            for x, row in enumerate(rows):
                if row is not None:
                    self._run(x, row[2], row[1], 0)
        self._letters.append(curve.letter)
        self._roles.append(curve.role)
        ink, before = len(self._roles) - 1, None
        for x, row in enumerate(rows):
            if row is not None:
                here = row[0]
                # the line comes from the column before, but does not stand where that one is
                near = here if before is None or before == here else before + (1, -1)[before > here]
                spike = row[2] if not curve.band and here - row[2] >= self._spike else here
                self._run(x, min(near, here, spike), max(near, here), ink)
                before = here
            else:
                before = None

    def _run(self, x: int, top: int, bottom: int, ink: int) -> None:
        """Dots of one column from a row down to another; ink 0 is a band."""
        column, side = divmod(x, self._across)
        first, last = top // self._down, bottom // self._down
        bits, inks, width = self._bits, self._inks, self.width
        for row in range(first, last + 1):
            begin = top - row * self._down if row == first else 0
            mask = self._from[side][begin]
            if row == last:
                mask &= self._to[side][bottom - row * self._down]
            place = row * width + column
            if not ink:
                bits[place] |= mask
                continue
            if not inks[place] and self.stroke is not Stroke.BRAILLE:
                bits[place] = 0  # half a cell can't be a line with the band beside it
            bits[place] |= mask
            inks[place] = ink

    def cell(self, x: int, y: int) -> tuple[str, Role] | None:
        """What stands in a cell; None: nothing."""
        place = y * self.width + x
        bits = self._bits[place]
        if not bits:
            return None
        ink = self._inks[place]
        if self.stroke is Stroke.BRAILLE:
            sign = chr(0x2800 + bits)
        elif self.stroke is Stroke.ASCII:
            sign = self._letters[ink]
        else:
            sign = _HALVES[bits] if ink else _SHADE
        return sign, self._roles[ink]

    def rows(self) -> list[list[tuple[str, Role] | None]]:
        """All cells, row by row."""
        return [[self.cell(x, y) for x in range(self.width)] for y in range(self.height)]


def filled(curve: Curve, scale: Scale, width: int, height: int) -> Rows:
    """A curve as blocks from the bottom up to its means, and a shade above up to its mosts."""
    rows: Rows = [[None] * width for _ in range(height)]
    for x, one in enumerate(curve.columns[:width]):
        if one is None:
            continue
        eighths = max(1, round(scale.share(one.mean) * height * 8))
        whole, part = divmod(eighths, 8)
        for up in range(whole):
            rows[height - 1 - up][x] = ("█", curve.role)
        if part:
            rows[height - 1 - whole][x] = (_EIGHTHS[part - 1], curve.role)
        top = round(scale.share(one.most) * height * 8)
        for up in range(whole + bool(part), -(-top // 8)):
            rows[height - 1 - up][x] = (_SHADE, BAND_ROLE)
    return rows


Rows = list[list[tuple[str, Role] | None]]


def drawn(curves: Sequence[Curve], scale: Scale, size: tuple[int, int], stroke: Stroke) -> Rows:
    """Curves in cells of this width and height, the last one on top."""
    width, height = size
    if stroke is Stroke.BLOCKS and len(curves) == 1:
        return filled(curves[0], scale, width, height)
    canvas = Canvas(width, height, stroke)
    for curve in curves:
        canvas.draw(curve, scale)
    return canvas.rows()
