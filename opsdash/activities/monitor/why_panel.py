"""Why: what proves that a host is ill, what changed before it became so, and what to do."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsdash.activities.monitor.host_keys import HostKeys
from opsdash.activities.monitor.host_sections import Page, head, label
from opsdash.activities.monitor.keymap import WHY
from opsdash.activities.monitor.story import SHOWN_S, lacking, story, waiting, wanted
from opsdash.activities.monitor.told_events import ToldEvents
from opsdash.activities.monitor.why_page import (
    Past,
    commands,
    explanation,
    fitting,
    offered,
)
from opsdash.core.finding import Finding
from opsdash.core.log_span import log_words, rule_words, unit_word
from opsdash.core.runbook import Runbook
from opsdash.core.snapshot import HostState, LinkState, Snapshot, triage
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.detail_strip import title_of
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import ROLES, Line, Role, Span, line
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import TopLine
from opsdash.widgets.wording import reason

REREAD_S = 30.0

DONE_S = 90 * 86400.0
"""What was done longer ago is no hint any more."""


class WhyPanel(HostKeys):
    """One finding of a host at a time, the worst first."""

    slug: ClassVar[str] = "why"
    title: ClassVar[str] = "Why"

    DEFAULT_CSS = """
    WhyPanel > #why-page { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(WHY)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.host = ""
        self._chosen: tuple[str, str] | None = None
        self._past: dict[str, Past] = {}
        self._read_at: dict[str, float] = {}
        self._events = ToldEvents(self, SHOWN_S)

    def compose(self) -> ComposeResult:
        """The host, and the page about what is wrong with it."""
        yield TopLine(self.desk.look, "why-title")
        yield TextLines(self.desk.look, "why-page")

    def aim(self, host: str) -> None:
        """Be about this host from now on, and the worst that is wrong with it."""
        if host != self.host:
            self.host, self._chosen = host, None
            self.query_one("#why-page", TextLines).action_first()

    def pointed(self) -> str:
        """The host that the page is about."""
        return self.host

    def go_to(self, host: str) -> None:
        """The other pages follow."""
        super().go_to(host)
        self.post_message(self.HostPointed(host))

    def words_for(self, slug: str) -> str:
        """The logs of what is shown: of its service, if it is one, since a while before."""
        state = self.desk.source.snapshot().hosts.get(self.host)
        finding = self._finding(state) if state is not None else None
        if slug != "logs" or finding is None or state is None:
            return ""
        since = finding.since or self.desk.now()
        return log_words(since, self.desk.now(), of=_log_of(finding, state))

    def targets(self) -> tuple[str, ...]:
        """A refresh here is about this host."""
        return (self.host,) if self.host else ()

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw what is known by now; what changed comes when the host has told it."""
        if not self.host and snapshot.hosts:
            self.host = min(snapshot.hosts.values(), key=triage).name
        state = snapshot.hosts.get(self.host)
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        if state is None:
            name, lines = line(self.host or "no host"), [line("there is no such host")]
        else:
            self.desk.source.want(state.name, *wanted(state))
            self._remember(state.name)
            name, lines = title_of(state, self.desk.look()), self._lines(state, snapshot)
        title = (trail, *name, Span("  why, and what changed before"))
        self.query_one("#why-title", TopLine).show(title, (), self.desk.wall())
        self.query_one("#why-page", TextLines).set_lines(self.own_keys(lines))

    def _remember(self, host: str) -> None:
        now = self.desk.now()
        if now - self._read_at.get(host, float("-inf")) < REREAD_S:
            return
        self._read_at[host] = now

        async def read() -> None:
            source = self.desk.source
            seen = await source.episodes(host)
            self._past[host] = Past(seen, await source.last_done(host, now - DONE_S))
            self.draw()

        # no coroutine, which would be lost where another reading is wanted before it begins
        self.run_worker(read, group="episodes", exclusive=True)  # type: ignore[arg-type]

    def _lines(self, state: HostState, snapshot: Snapshot) -> list[Line]:
        page = Page(state, self.desk.now(), self.desk.look(), self.size.width)
        finding = self._finding(state)
        if finding is None:
            said = reason(state, page.now)
            text = said.text or "nothing is wrong as far as is known"
            return [line(head("WHY"), Span(text, said.role))]
        told = story([state], snapshot.changes, self._events.look(page.now))
        books = fitting(finding, self.desk.source.walks.books.values())
        runbooks = offered(page, books, self.key("why.runbook"))
        past = self._past.get(state.name)
        lines = explanation(page, finding, told, past, runbooks=runbooks)
        return [*lines, (), *self._others(state, finding), *self._missing(state)]

    def _finding(self, state: HostState) -> Finding | None:
        """The one that was chosen while it lasts, else the worst."""
        chosen = (one for one in state.findings if (one.check, one.subject) == self._chosen)
        return next(chosen, state.why)

    def _others(self, state: HostState, shown: Finding) -> list[Line]:
        others = [one for one in state.findings if one.key != shown.key]
        if not others:
            return []
        key = self.key("why.next")
        does = f"{key} goes to the next" if key else ""
        glyph = self.desk.look().glyph
        return [
            line(head("ALSO"), Span(does, Role.MUTED)),
            *(
                line(label(""), Span(f"{glyph(one.health)} {one.summary}", ROLES[one.health]))
                for one in others
            ),
            (),
        ]

    def _missing(self, state: HostState) -> list[Line]:
        """What would have to be known besides."""
        if state.link.state is not LinkState.UP:
            said = ["not reachable: what changed there is told when it is"]
        else:
            said = [text] if (text := waiting([state])) else []
            said += lacking(state)
        return [line(label("lacking"), Span(text, Role.MUTED)) for text in said]

    # -- keys -----------------------------------------------------------------------------------

    def action_next_finding(self, step: int) -> None:
        """To the next thing that is wrong with this host, round and round."""
        state = self.state_or_say()
        if state is None or not state.findings:
            return
        shown = self._finding(state)
        keys = [one.key for one in state.findings]
        place = keys.index(shown.key) if shown is not None else 0
        after = state.findings[(place + step) % len(keys)]
        self._chosen = (after.check, after.subject)
        self.query_one("#why-page", TextLines).action_first()
        self.draw()

    def action_runbook(self) -> None:
        """Work through a runbook for what is shown; of several one is picked."""
        state = self.state_or_say()
        finding = self._finding(state) if state is not None else None
        if finding is None:
            if state is not None:
                self.post_message(self.Said("nothing is wrong as far as is known"))
            return
        books = fitting(finding, self.desk.source.walks.books.values())
        entries = [self._beginning(one, finding) for one in books]
        if len(entries) == 1:
            entries[0].run("")
        elif entries:
            self.post_message(self.PickWanted(f"a runbook for {finding.check}", entries))
        else:
            self.post_message(self.Said(f"there is no runbook for {finding.check}"))

    def _beginning(self, book: Runbook, finding: Finding) -> Entry:
        def run(_: str) -> None:
            self.post_message(self.RunbookWanted(book.id, self.host, finding.subject))

        return Entry(book.id, run, f"{book.title} · {book.danger.words}")

    def action_copy(self) -> None:
        """The whole page as plain text: for a ticket."""
        lines = self.query_one("#why-page", TextLines).lines
        text = "\n".join("".join(part.text for part in parts).rstrip() for parts in lines)
        self.post_message(self.CopyWanted(f"{self.host}\n{text}", "the page"))

    def action_copy_pick(self) -> None:
        """One of the commands that are suggested."""
        state = self.state_or_say()
        finding = self._finding(state) if state is not None else None
        if finding is None:
            super().action_copy_pick()
            return
        entries = [self._copying_command(text) for text in commands(finding)]
        self.post_message(self.PickWanted("copy a command", entries))

    def _copying_command(self, text: str) -> Entry:
        def run(_: str) -> None:
            self.post_message(self.CopyWanted(text, "the command"))

        return Entry(text, run)


def _log_of(finding: Finding, state: HostState) -> str:
    """Which lines a finding is about: those of a watch rule, or of a service."""
    for rule in state.host.watch if finding.check == "log-watch" else ():
        if rule.name == finding.subject:
            return rule_words(rule)
    return unit_word(finding.subject) if finding.subject.endswith(".service") else ""
