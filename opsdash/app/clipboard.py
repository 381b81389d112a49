"""Copying over SSH: the terminal is asked to take the text (OSC 52); nothing else reaches it."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Any

from textual.app import App

from opsdash.core.text import clean, count

MOST_BYTES = 74_994
"""What xterm and its kin take at most, in base64; more is cut off by them without a word."""


SCREEN_CHUNK = 76
"""Characters of one string that GNU screen passes on as a whole."""

HINTS = {
    "tmux": ": tmux needs 'set -g set-clipboard on'",
    "screen": "",
    "": "",
}


def copy(app: App[Any], text: str, what: str) -> str:
    """Ask the terminal to take a text; gives the sentence that says what was done.

    Whether it did can't be known: terminals do not answer.
    """
    text = clean(text, limit=MOST_BYTES)
    payload = base64.b64encode(text.encode()).decode()
    if len(payload) > MOST_BYTES:
        said = f"{what} is too long to be copied ({count(len(text), 'character')})"
        return f"{said}: :dump writes the screen to a file"
    between = multiplexer(os.environ)
    app.copy_to_clipboard(text)
    if between and app._driver is not None:  # noqa: SLF001 - Textual's own OSC 52 takes this way too
        app._driver.write(wrapped(payload, between))  # noqa: SLF001
    return f"copied {what}{HINTS[between]}"


def multiplexer(environ: Mapping[str, str]) -> str:
    """What stands between this program and the terminal: ``tmux``, ``screen`` or nothing."""
    return "tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else ""


def wrapped(payload: str, between: str) -> str:
    """The request, base64, in a form that a multiplexer passes on to the terminal outside."""
    request = f"]52;c;{payload}\x07"
    if between == "tmux":
        return f"\x1bPtmux;\x1b\x1b{request}\x1b\\"
    # screen forwards a string as it is, but drops what is longer than it likes
    whole = f"\x1b{request}"
    parts = [whole[at : at + SCREEN_CHUNK] for at in range(0, len(whole), SCREEN_CHUNK)]
    return "".join(f"\x1bP{part}\x1b\\" for part in parts)
