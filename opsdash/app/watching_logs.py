"""Watch rules by the palette: which hold, and where there are lines that mean something."""

from __future__ import annotations

from opsdash.activities.troubleshoot.watch_rules_page import watch_lines
from opsdash.app.incidents import Incidents
from opsdash.app.pages import STARTING
from opsdash.app.text_screen import TextScreen
from opsdash.widgets.entries import Entry


class WatchingLogs(Incidents):
    """The part of the app that tells what is looked for in the logs of the fleet."""

    def further_entries(self) -> list[Entry]:
        """All of the fleet."""
        about = "which lines of logs become findings, and where there are some now"
        return [*super().further_entries(), Entry("watch-rules", self._watch_rules, about)]

    def _watch_rules(self, _: str) -> None:
        if self._source is None:
            self.say(STARTING)
            return
        states = tuple(self._source.snapshot().hosts.values())
        lines = watch_lines(states, self.size.width - 2)
        self.push_screen(TextScreen("watch rules", lines, self.look))
