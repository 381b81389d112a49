"""The events of the last hours for a page that draws them: read now and then, by a worker."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.event import Event
from opsdash.widgets.panel import Panel

AGAIN_S = 5.0
"""They are read from the store so often while a page is looked at."""


class ToldEvents:
    """What happened within `back_s` seconds, as far as it has been read; news draw the page anew.

    A jump of the clock, by hand or into the past, has them read at once.
    """

    def __init__(self, panel: Panel, back_s: float) -> None:
        self._panel = panel
        self._back_s = back_s
        self._read_at = float("-inf")
        self.latest: Sequence[Event] = ()

    def look(self, now: float) -> Sequence[Event]:
        """What is known by now, oldest first; more is on its way if it is time."""
        if abs(now - self._read_at) >= AGAIN_S:
            self._read_at = now

            async def read() -> None:
                before = self.latest
                self.latest = await self._panel.desk.source.events(now - self._back_s)
                if len(before) != len(self.latest):
                    self._panel.draw()

            # no coroutine, which would be lost where another reading is wanted before it begins
            self._panel.run_worker(read, group="events", exclusive=True)  # type: ignore[arg-type]
        return self.latest
