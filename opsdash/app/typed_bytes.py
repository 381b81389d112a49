"""What is typed or pasted need not be UTF-8: a Latin-1 terminal must not end the program."""

from __future__ import annotations

from codecs import getincrementaldecoder
from functools import partial
from typing import Any

from textual.drivers import linux_driver


def accept_any_bytes() -> None:
    """Make Textual's terminal driver replace bytes that are no UTF-8.

    It decodes strictly in its input thread, and one such byte ends the whole program (8.2.8).
    """

    def forgiving(encoding: str) -> Any:
        return partial(getincrementaldecoder(encoding), errors="replace")

    setattr(linux_driver, "getincrementaldecoder", forgiving)  # noqa: B010 - not exported
