"""What makes a terminal ring, or show a text outside of its window (OSC 9)."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash.core.hook import Means
from opsdash.core.text import clean_line

LONGEST = 200


def ringing(means: Means, text: str, environ: Mapping[str, str]) -> str:
    """The bytes that do it; through tmux in the form that it passes on, if it may."""
    if means is Means.BELL:
        return "\a"
    shown = f"\x1b]9;{clean_line(text, LONGEST)}\a"
    if environ.get("TMUX"):
        return f"\x1bPtmux;\x1b{shown}\x1b\\"
    return f"\x1bP{shown}\x1b\\" if environ.get("STY") else shown
