"""An incident by the palette: gathered, what would be masked shown, and only then written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from opsdash.activities.monitor.incident_parts import (
    Told,
    incident_of,
    names_of,
    ran_on,
    write_incident,
)
from opsdash.activities.monitor.incident_report import Incident, document, markdown, page
from opsdash.app.handing_over import HandingOver
from opsdash.app.shells import SAID_S
from opsdash.app.text_screen import TextScreen
from opsdash.core.log_record import LogQuery
from opsdash.core.moment import moment_of
from opsdash.core.redaction import Redaction
from opsdash.core.snapshot import HostState
from opsdash.core.text import clean_line, count
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span, wrap

USUAL = "-1h"
WARNING = 4
LOGS_S = 30.0
"""How long the logs of all hosts may take."""

MOST_SHOWN = 2_000


class Incidents(HandingOver):
    """The part of the app that writes incidents down."""

    def further_entries(self) -> list[Entry]:
        """All that is known of the chosen hosts since a moment."""
        about = "all that is known of this host, or the marked, since then: for a ticket"
        return [
            *super().further_entries(),
            Entry("incident", self._incident, about, takes="[13:30]"),
        ]

    def _incident(self, text: str) -> None:
        hosts = self._hosts()
        if not hosts or self._source is None:
            return
        try:
            since = moment_of(text.strip() or USUAL, self._now())
        except ValueError as error:
            self.say(str(error), SAID_S)
            return
        self.say(f"reading the logs of {count(len(hosts), 'host')}", LOGS_S)
        self.run_worker(self._gather(hosts, since), name="incident", exclusive=True)

    async def _gather(self, hosts: tuple[str, ...], since: float) -> None:
        source = self._source
        if source is None:
            return
        now = self._now()
        query = LogQuery(priority=WARNING, since_s=since, until_s=now, lines=None)
        read = await source.logs.read(hosts, query, LOGS_S)
        events = [one for one in await source.events(since) if one.host in hosts]
        known = source.snapshot().hosts
        states = [known[name] for name in hosts if name in known]
        ran, lacking = await ran_on(hosts, source.audited(since))
        incident = incident_of(Told(states, events, ran, read, lacking), since, now)
        self.say("")
        if not self._covered:
            self.pick(f"incident: {_size(incident)}", self._choices(incident, states))

    def _choices(self, incident: Incident, states: Sequence[HostState]) -> list[Entry]:
        """Each way of masking with what it would do, and a look at what would be written."""
        names = names_of(states)
        ways = (
            ("secrets masked", Redaction()),
            ("and addresses", Redaction(addresses=True)),
            ("and names", Redaction(names, addresses=True)),
        )
        entries: list[Entry] = []
        for name, redaction in ways:
            made = redaction.value(document(incident))
            told = redaction.told() or ["nothing is masked"]
            shown = redaction.value(page(incident))
            write = partial(self._write_incident, shown, made)
            about = "; ".join(told)
            entries.append(Entry(f"write it: {name}", write, clean_line(about, 200)))
            entries.append(Entry(f"look at it: {name}", partial(self._show_incident, shown, told)))
        return entries

    def _show_incident(self, shown: object, told: Sequence[str], _: str) -> None:
        text = markdown(shown) if isinstance(shown, dict) else ""
        width = self.size.width - 2
        lines: list[Line] = [
            (Span(part, Role.ACCENT),) for one in told for part in wrap(one, width)
        ]
        lines.append(())
        lines += [
            (Span(part),) for one in text.split("\n")[:MOST_SHOWN] for part in wrap(one, width)
        ]
        self.push_screen(TextScreen("an incident, as it would be written", lines, self.look))

    def _write_incident(self, shown: object, made: object, _: str) -> None:
        self.run_worker(self._written(shown, made), name="incident")

    async def _written(self, shown: object, made: object) -> None:
        from opsdash.config.paths import state_dir

        name = time.strftime("%y%m%d-%H%M%S", time.localtime(self._now()))
        folder = state_dir() / "incidents" / name
        try:
            await asyncio.to_thread(write_incident, folder, shown, made)
        except (OSError, ValueError) as error:
            reason = clean_line(getattr(error, "strerror", None) or str(error))
            self.say(f"the incident can't be written: {reason}", SAID_S)
            return
        self.say(f"the incident is in {folder}", SAID_S)


def _size(incident: Incident) -> str:
    """What it holds, in a few words."""
    parts = [
        count(len(incident.hosts), "host"),
        count(len(incident.changes), "change"),
        count(len(incident.lines), "log line"),
    ]
    if incident.notes:
        parts.append(f"{len(incident.notes)} not read")
    return ", ".join(parts)
