"""Runbooks on the screen: named in the palette, begun on a host, followed when a file is saved."""

from __future__ import annotations

import shlex
from functools import partial

from textual import on

from opsdash.app.acting import Acting
from opsdash.app.pages import STARTING
from opsdash.app.running import SAID_S
from opsdash.core.errors import Refused
from opsdash.core.runbook import Runbook
from opsdash.core.text import clean_line, count
from opsdash.core.walks import WalkKey, Walks
from opsdash.widgets.entries import Entry
from opsdash.widgets.panel import Panel


class Booking(Acting):
    """The part of the app that begins runbooks."""

    _books_told: tuple[str, ...] = ()

    @property
    def walks(self) -> Walks | None:
        """The runbooks, and those that are worked through; None while starting."""
        return self.freezer.walks if self.freezer is not None else None

    def on_mount(self) -> None:
        """The files are read when the fleet is there, and again when one is saved."""
        self.follow_files("runbooks", self._heed_books)

    async def _heed_books(self) -> None:
        walks = self.walks
        if walks is not None and await walks.read():
            self._tell_books(walks)

    def _tell_books(self, walks: Walks) -> None:
        """What is wrong with a file is said once, and the others work."""
        faults = walks.faults
        if faults and faults != self._books_told:
            more = f" (and {count(len(faults) - 1, 'more fault')})" if len(faults) > 1 else ""
            self.say(f"{faults[0]}{more}: opsdash runbook check", SAID_S)
        elif self._books_told and not faults:
            self.say("the runbooks are right again", SAID_S)
        self._books_told = faults

    # -- the palette ----------------------------------------------------------------------------

    def further_entries(self) -> list[Entry]:
        """Every runbook, with the worst that it may do."""
        walks = self.walks
        if walks is None or self.page is None:
            return super().further_entries()
        hosts = self._there(self.page.chosen())
        disabled = self._no_book(hosts)
        where = hosts[0] if hosts else "a host"
        books = [self._book_entry(one, where, disabled) for one in walks.books.values()]
        return [*super().further_entries(), *books]

    def _book_entry(self, book: Runbook, where: str, disabled: str) -> Entry:
        return Entry(
            f"runbook {book.id}",
            partial(self._take_book, book.id),
            f"{book.title}, on {where} · {book.danger.words}",
            takes="[NAME=VALUE]" if book.arguments else "",
            disabled=disabled,
        )

    def _no_book(self, hosts: tuple[str, ...]) -> str:
        if self.in_past:
            return self._refusal("work through a runbook")
        if len(hosts) > 1:
            return f"a runbook is for one host: {len(hosts)} are marked"
        return "" if hosts else "no host is pointed at"

    def _take_book(self, book: str, text: str) -> None:
        """A runbook was picked, with what was typed behind it."""
        if self.page is None:
            return
        hosts = self._there(self.page.chosen())
        if why := self._no_book(hosts):
            self.say(why, SAID_S)
            return
        try:
            pairs = [word.partition("=") for word in shlex.split(text)]
        except ValueError as error:
            self.say(clean_line(str(error)), SAID_S)
            return
        if bare := [name for name, equals, _ in pairs if not equals]:
            self.say(f"{clean_line(bare[0], 40)!r} is not NAME=VALUE", SAID_S)
            return
        self.begin_book(WalkKey(book, hosts[0]), {name: value for name, _, value in pairs})

    # -- from a wish to the page ----------------------------------------------------------------

    @on(Panel.RunbookWanted)
    def take_runbook(self, event: Panel.RunbookWanted) -> None:
        """A page offers one for what is wrong."""
        self.begin_book(WalkKey(event.book, event.host), {}, event.subject)

    def begin_book(self, key: WalkKey, given: dict[str, str], subject: str = "") -> None:
        """Begin a runbook, or go on with it, and look at it."""
        walks = self.walks
        if walks is None:
            self.say(STARTING)
        elif self.in_past:
            self.say(self._refusal("work through a runbook"), SAID_S)
        else:
            try:
                walks.begin(key, given, subject)
            except Refused as error:
                self.say(clean_line(str(error)), SAID_S)
                return
            self.action_view("runbook", f"{key.book} {key.host}")
