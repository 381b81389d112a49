"""How the values of the past stand in the store: 32-bit floats, of whole hours compressed."""

from __future__ import annotations

import zlib
from array import array
from contextlib import suppress

FLOAT_BYTES = 4


def floats(data: bytes) -> array[float]:
    """The values of a row; none of a damaged one."""
    values = array("f")
    with suppress(ValueError):  # not a whole number of floats
        values.frombytes(data)
    return values


def deflated(values: array[float]) -> bytes:
    """The values of an hour."""
    # so little needs no window: with a usual one its preparation takes ten times as long
    small = zlib.compressobj(1, zlib.DEFLATED, -9, 1)
    return small.compress(values.tobytes()) + small.flush()


def inflated(data: bytes) -> array[float]:
    """The values of an hour; none of a damaged one."""
    try:
        return floats(zlib.decompress(data, -zlib.MAX_WBITS))
    except zlib.error:
        return array("f")
