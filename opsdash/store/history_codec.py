"""How the values of the past stand in the store: 32-bit floats, of whole hours compressed."""

from __future__ import annotations

import zlib
from array import array
from contextlib import suppress

from opsdash.core.history import HOUR_S, Series, Step, packed

FLOAT_BYTES = 4


def floats(data: bytes) -> array[float]:
    """The values of a row; none of a damaged one."""
    values = array("f")
    with suppress(ValueError):  # not a whole number of floats
        values.frombytes(data)
    return values


def deflated(series: Series, start: int, step: Step) -> bytes:
    """The hour of a series that begins at `start`, in steps."""
    values = packed(series.points(step.seconds), start, step.seconds, HOUR_S)
    return zlib.compress(values.tobytes(), 1)


def inflated(data: bytes) -> array[float]:
    """The values of an hour; none of a damaged one."""
    try:
        return floats(zlib.decompress(data))
    except zlib.error:
        return array("f")
