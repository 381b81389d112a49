"""What happened since a moment, on one page: for who comes on duty, and for who goes."""

from __future__ import annotations

from opsdash.activities.monitor.handover_report import as_text
from opsdash.app.automating import Automating
from opsdash.app.pages import STARTING
from opsdash.app.shells import SAID_S
from opsdash.app.text_screen import TextScreen
from opsdash.core.finding import Finding
from opsdash.core.handover import Wrong, handover
from opsdash.core.moment import moment_of
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span, line, wrap

USUAL = "-8h"


class HandingOver(Automating):
    """The part of the app that tells what happened since a moment."""

    def further_entries(self) -> list[Entry]:
        """All of the fleet, since then."""
        about = "what is wrong, what happened, what was done since then, fleet-wide"
        return [*super().further_entries(), Entry("since", self._since, about, takes="[06:00]")]

    def _since(self, text: str) -> None:
        if self._source is None:
            self.say(STARTING)
            return
        try:
            moment = moment_of(text.strip() or USUAL, self._now())
        except ValueError as error:
            self.say(str(error), SAID_S)
            return
        self.run_worker(self._show_since(moment), name="since")

    async def _show_since(self, moment: float) -> None:
        if self._source is None:
            return
        events = await self._source.events(moment)
        states = self._source.snapshot().hosts.values()
        wrong = [
            Wrong(state.name, one.health, one.summary, one.since, _note(one))
            for state in states
            for one in state.findings
        ]
        found = handover(wrong, events, moment, self._now())
        lines = handover_lines(as_text(found), self.size.width - 2)
        self.push_screen(TextScreen("what happened", lines, self.look))


def _note(one: Finding) -> str:
    return "acked" if one.acked else "muted" if one.muted else ""


def handover_lines(text: list[str], width: int) -> list[Line]:
    """Its lines as a page: headings stand out, long ones are wrapped."""
    lines: list[Line] = []
    for one in text:
        if one and not one.startswith(" "):
            lines.append(line(Span(one, Role.HEADING)))
        elif not one:
            lines.append(())
        else:
            parts = wrap(one.strip(), width - 4)
            role = Role.CRIT if one.startswith("  CRIT") else Role.TEXT
            role = Role.WARN if one.startswith("  WARN") else role
            lines += [line("  ", Span(part, role)) for part in parts]
    return lines
