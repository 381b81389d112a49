"""Whether the user said that nothing may be changed, by ``--read-only`` or the environment."""

from __future__ import annotations

import os

VARIABLE = "OPSDASH_READ_ONLY"
"""Also how ``--read-only`` in front of a verb reaches it."""


def asked_read_only() -> str:
    """Who wanted it, in a word or two; empty: nobody did. ``0`` and ``no`` are as good as unset."""
    said = os.environ.get(VARIABLE, "")
    return "" if said.lower() in ("", "0", "no", "false") else f"--read-only or ${VARIABLE}"
