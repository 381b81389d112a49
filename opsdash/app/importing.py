"""Hosts that other programs' files name: offered, looked at, and taken over on a yes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType

from opsdash.app.fleet_files import SAID_S, FleetFiles
from opsdash.app.text_screen import TextScreen
from opsdash.core.errors import ConfigError
from opsdash.core.offer import Importer, Offer, Preview
from opsdash.core.program_keys import PREVIEW
from opsdash.core.text import clean_line, count
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span, line, wrap
from opsdash.widgets.palette import Palette

FORMS = "ssh-config [PATH]  ansible PATH  clustershell PATH"


class PreviewScreen(TextScreen):
    """What would be written; it is, when the user says so."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(PREVIEW)

    def __init__(
        self,
        title: str,
        lines: Sequence[Line],
        look: Callable[[], Palette],
        write: Callable[[], object],
    ) -> None:
        super().__init__(title, lines, look)
        self._write = write

    def action_write(self) -> None:
        """Yes: write it."""
        self.dismiss()
        self._write()


class Importing(FleetFiles):
    """The part of the app that takes hosts over from other programs."""

    def further_entries(self) -> list[Entry]:
        """What was found, by name; and anything else by its path."""
        if self._declared is None:
            return super().further_entries()
        offers = self._declared.offers
        about, takes = FORMS, "KIND [PATH]"
        if offers:
            about, takes = f"{offers[0].path}: {count(offers[0].hosts, 'host')}", "[KIND PATH]"
        found = [Entry("import", self._import_by_name, about, takes=takes)]
        found += [self._offered(offer) for offer in offers[1:]]
        return [*super().further_entries(), *found]

    def _offered(self, offer: Offer) -> Entry:
        def run(_: str) -> None:
            self._look_at(offer.kind, offer.path)

        return Entry(f"import {offer.path}", run, count(offer.hosts, "host"))

    def _import_by_name(self, typed: str) -> None:
        """Without a word more the likeliest is meant: that is what the first start offers."""
        kind, _, path = typed.strip().partition(" ")
        offers = self._declared.offers if self._declared is not None else ()
        if kind or not offers:
            self._look_at(kind, path.strip())
        else:
            self._look_at(offers[0].kind, offers[0].path)

    def _look_at(self, kind: str, path: str) -> None:
        if self._declared is not None:
            self.run_worker(self._preview(self._declared, kind, path), name="import")

    async def _preview(self, importer: Importer, kind: str, path: str) -> None:
        self.say("reading…")
        try:
            found = await importer.preview(kind, path)
        except ConfigError as error:
            self._refuse(error)
            return

        def write() -> None:
            self.run_worker(self._take_over(importer, found), name="import")

        title = f"Import {count(found.hosts, 'host')}: y writes this file, n leaves it"
        lines = preview_lines(found, self.size.width - 4)
        self.push_screen(PreviewScreen(title, lines, self.look, write))

    async def _take_over(self, importer: Importer, found: Preview) -> None:
        try:
            said = await importer.take_over(found)
        except ConfigError as error:
            self._refuse(error)
            return
        self.say(said, SAID_S)
        self.show_faults(said)

    def _refuse(self, error: ConfigError) -> None:
        width = self.size.width - 4
        faults = [text for fault in error.faults for text in wrap(str(fault), width)]
        lines = [line(Span(text, Role.CRIT)) for text in faults]
        self.push_screen(TextScreen("Nothing was imported", lines, self.look))


def preview_lines(found: Preview, width: int) -> list[Line]:
    """From where and to where, what is worth a word, and the whole file as it would be."""
    ways = (f"from  {found.source}", f"to    {found.target}")
    head = [line(Span(text, Role.STRONG)) for way in ways for text in wrap(way, width)]
    notes = [line(Span(text, Role.WARN)) for note in found.notes for text in wrap(note, width)]
    body = [line(clean_line(text, 400)) for text in found.text.splitlines()]
    return [*head, (), *notes, *([()] if notes else []), *body]
