"""Rows as aligned plain text: what every reading command prints without ``--json``."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.text import clean_line

GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of left-aligned columns under a header; cells are cleaned, empty ones show ``-``."""
    shown = [tuple(header), *(tuple(clean_line(cell) or "-" for cell in row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    return [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]
