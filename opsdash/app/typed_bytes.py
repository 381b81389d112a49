"""What comes from the terminal: any bytes at all, its answers among the keys, and its end."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Any

from textual.drivers import linux_driver


def accept_any_bytes(
    take: Callable[[str], str] = str, gone: Callable[[], None] = lambda: None
) -> None:
    """Make Textual's terminal driver replace bytes that are no UTF-8.

    It decodes strictly in its input thread, and one such byte ends the whole program (8.2.8). What
    was typed passes through `take`. `gone` is called when the terminal hung up: the driver would
    ask it again and again, for ever.
    """

    def forgiving(encoding: str) -> Any:
        return lambda: _Decoder(encoding, take, gone)

    setattr(linux_driver, "getincrementaldecoder", forgiving)  # noqa: B010 - not exported


class _Decoder:
    def __init__(self, encoding: str, take: Callable[[str], str], gone: Callable[[], None]) -> None:
        self._decode = getincrementaldecoder(encoding)(errors="replace").decode
        self._take, self._gone = take, gone

    def decode(self, data: bytes, final: bool = False) -> str:
        """Bytes as text; no bytes at all are the end of a terminal."""
        if not data and not final:
            self._gone()
        return self._take(self._decode(data, final))
