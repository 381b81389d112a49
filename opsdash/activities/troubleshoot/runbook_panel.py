"""A runbook on one host: what was looked at, what it came to, what is to be done now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsdash.activities.troubleshoot.keymap import RUNBOOK
from opsdash.activities.troubleshoot.runbook_keys import RunbookKeys
from opsdash.activities.troubleshoot.runbook_rows import (
    Drawing,
    ahead_lines,
    head_lines,
    now_lines,
    trail_lines,
)
from opsdash.core.program_keys import ROWS
from opsdash.core.snapshot import Snapshot
from opsdash.core.walks import WalkKey, WalkSeen, WalkState
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import binding_of, bindings_of
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import TopLine


class RunbookPanel(RunbookKeys):
    """The walk that was looked at last."""

    slug: ClassVar[str] = "runbook"
    title: ClassVar[str] = "Runbook"

    DEFAULT_CSS = """
    RunbookPanel > #runbook-lines { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(binding_of(key) for key in ROWS.keys if key.id == "nav.in"),
        *bindings_of(RUNBOOK),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._key: WalkKey | None = None
        self._state: object = None
        self.whole = False

    def compose(self) -> ComposeResult:
        """Head, the steps, where an answer is typed."""
        yield TopLine(self.desk.look, "runbook-title")
        yield TextLines(self.desk.look, "runbook-lines")
        yield AskLine(self.desk.look, "runbook-ask", "?")

    @property
    def view(self) -> TextLines:
        """The steps."""
        return self.query_one("#runbook-lines", TextLines)

    # -- which ----------------------------------------------------------------------------------

    def heed(self, words: str) -> None:
        """Be about this runbook on this host: ``ID HOST``."""
        book, _, host = words.strip().partition(" ")
        self._key, self._state, self.whole = WalkKey(book, host.strip()), None, False

    def seen(self) -> WalkSeen | None:
        """The walk as it stands; without a wish the newest."""
        walks = self.desk.source.walks
        if self._key is None:
            here = walks.here()
            return here[0] if here else None
        return walks.find(self._key)

    def pointed(self) -> str:
        """The other pages follow."""
        seen = self.seen()
        return seen.key.host if seen is not None else ""

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the walk as it stands; what is to be done now stays in sight."""
        seen = self.seen()
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        words: Line = (trail, Span("Runbook", Role.STRONG))
        if seen is not None:
            words = (
                trail,
                Span(seen.key.host, Role.ACCENT),
                Span(f" > {seen.key.book}  ", Role.STRONG),
                Span(*_STATES[seen.state]),
            )
        self.query_one("#runbook-title", TopLine).show(words, (), self.desk.wall())
        if seen is None:
            self.view.set_lines(self._nothing())
            return
        how = self._drawing()
        book = self.desk.source.walks.books.get(seen.key.book)
        before = [*(head_lines(book, how.width) if book else ()), *trail_lines(seen, how)]
        now = list(now_lines(seen, how))
        self.view.set_lines([*before, *now, *ahead_lines(seen, how)])
        self._follow(seen, len(before) + len(now))

    def _follow(self, seen: WalkSeen, end: int) -> None:
        """Where it has come farther, the step of now is in sight."""
        state = (seen.key, seen.state, len(seen.trail))
        if state != self._state:
            self._state = state
            self.view.show_from(end - self.view.page_rows)
            self.refresh_bindings()

    def _drawing(self) -> Drawing:
        names = {"go": "nav.in", "no": "runbook.decline", "again": "runbook.again"}
        keys = {word: self.key(name) for word, name in names.items()} | {"stop": "ctrl+c"}
        return Drawing(
            self.desk.look(), max(self.size.width, 20), self.desk.wall(), self.whole, keys
        )

    def _nothing(self) -> list[Line]:
        why = self.key("view.why")
        palette = self.key("cmd.open")
        texts = ["no runbook is worked through"]
        texts += [f"{why} on a sick host offers those for what is wrong there"] if why else []
        texts += [f"{palette}runbook lists all of them"] if palette else []
        return [line(Span(text, Role.MUTED)) for text in texts]


_STATES = {
    WalkState.LOOKING: ("looking", Role.ACCENT),
    WalkState.ASKING: ("waits for you", Role.WARN),
    WalkState.DOING: ("doing", Role.ACCENT),
    WalkState.HALTED: ("halted", Role.CRIT),
    WalkState.ENDED: ("ended", Role.MUTED),
}
