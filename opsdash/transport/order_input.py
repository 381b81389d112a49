"""What a command of a person's reads: bytes at hand, a secret, or a file of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from opsdash.core.secret import Secret
from opsdash.transport.base import LocalFile, Order

_PIECE_BYTES = 262_144


def input_bytes(order: Order) -> int:
    """How many bytes the command reads."""
    match order.stdin:
        case LocalFile():
            return order.stdin.size_bytes
        case Secret():
            return len(order.stdin.reveal())
        case _:
            return len(order.stdin or b"")


async def input_pieces(order: Order) -> AsyncGenerator[bytes, None]:
    """The command's input in pieces of a size that is no burden."""
    if isinstance(order.stdin, LocalFile):
        left = order.stdin.size_bytes
        with await asyncio.to_thread(order.stdin.path.open, "rb") as file:
            while left and (piece := await asyncio.to_thread(file.read, min(_PIECE_BYTES, left))):
                left -= len(piece)
                yield piece
        return
    stdin = order.stdin.reveal() if isinstance(order.stdin, Secret) else order.stdin or b""
    for at in range(0, len(stdin), _PIECE_BYTES):
        yield stdin[at : at + _PIECE_BYTES]
