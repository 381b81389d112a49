"""The real program with a fault in what starts it: run by a test, in a process on a terminal."""

from __future__ import annotations

import sys

from opsdash.cli import tui
from opsdash.cli.crash import crash_hook
from opsdash.core.source import FleetSource


class Broken(tui.Watching):
    """Fails with a secret in a variable and in its words."""

    async def start(self) -> FleetSource:
        password = "hunter" + str(len("ab"))
        raise ZeroDivisionError(password)


if __name__ == "__main__":
    sys.excepthook = crash_hook
    setattr(tui, "Watching", Broken)  # noqa: B010 - a fault that the program does not have
    sys.exit(tui.run(tui.Wishes(demo=3)))
