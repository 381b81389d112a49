"""The process that tells something through apprise: what to whom is on its standard input.

A process of its own, because apprise waits in ways that nothing can end, and because its URLs,
which hold tokens, must be in no argument list.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys

TOLD, NOT_TOLD, NO_URL, NOT_THERE = 0, 1, 2, 3


def main() -> int:
    """Tell it; how that went is the exit status, and why it failed the last line of errors."""
    logging.disable()  # its log may hold the URL
    asked = json.loads(sys.stdin.read())
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        return NOT_THERE
    teller = apprise.Apprise()
    if not teller.add(asked["url"]):
        return NO_URL
    kind = asked["type"]
    told = teller.notify(title=asked["title"], body=asked["body"], notify_type=kind)
    return TOLD if told else NOT_TOLD


if __name__ == "__main__":
    sys.exit(main())
