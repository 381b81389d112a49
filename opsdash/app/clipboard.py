"""Copying over SSH: the terminal is asked to take the text (OSC 52); nothing else reaches it."""

from __future__ import annotations

import base64
import os
from typing import Any

from textual.app import App

from opsdash.core.text import clean, count

MOST_BYTES = 74_994
"""What xterm and its kin take at most, in base64; more is cut off by them without a word."""


def copy(app: App[Any], text: str, what: str) -> str:
    """Ask the terminal to take a text; gives the sentence that says what was done.

    Whether it did can't be known: terminals do not answer.
    """
    text = clean(text, limit=MOST_BYTES)
    if len(base64.b64encode(text.encode())) > MOST_BYTES:
        return f"{what} is too long to be copied ({count(len(text), 'character')})"
    app.copy_to_clipboard(text)
    through = _through_tmux(text)
    if through and app._driver is not None:  # noqa: SLF001 - Textual's own OSC 52 takes this way too
        app._driver.write(through)  # noqa: SLF001
    hint = ": tmux needs 'set -g set-clipboard on'" if through else ""
    return f"copied {what}{hint}"


def _through_tmux(text: str) -> str:
    """The same request wrapped so that tmux passes it on to the terminal outside."""
    if "TMUX" not in os.environ:
        return ""
    payload = base64.b64encode(text.encode()).decode()
    return f"\x1bPtmux;\x1b\x1b]52;c;{payload}\x07\x1b\\"
