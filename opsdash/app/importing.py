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

    _importer: Importer | None = None

    def further_entries(self) -> list[Entry]:
        """What was found, by name; and anything else by its path."""
        if self._importer is None:
            return super().further_entries()
        any_path = Entry("import", self._import_by_name, FORMS, takes="KIND PATH")
        offered = [self._offered(offer) for offer in self._importer.offers]
        return [*super().further_entries(), *offered, any_path]

    def _offered(self, offer: Offer) -> Entry:
        def run(_: str) -> None:
            self._look_at(offer.kind, "" if offer.usual else offer.path)

        found = f"{count(offer.hosts, 'host')}; shows what would be written first"
        return Entry(f"import {offer.path}", run, found)

    def _import_by_name(self, typed: str) -> None:
        kind, _, path = typed.strip().partition(" ")
        if kind:
            self._look_at(kind, path.strip())
        else:
            self.say(f"say which: import {FORMS}", SAID_S)

    def _look_at(self, kind: str, path: str) -> None:
        if self._importer is not None:
            self.run_worker(self._preview(self._importer, kind, path), name="import")

    async def _preview(self, importer: Importer, kind: str, path: str) -> None:
        self.say("reading…")
        try:
            found = await importer.preview(kind, path)
        except ConfigError as error:
            self._refuse(error)
            return

        def write() -> None:
            self.run_worker(self._take_over(importer, found), name="import")

        title = f"{count(found.hosts, 'host')} of {found.source}: y writes {found.target}"
        lines = preview_lines(found, self.size.width - 4)
        self.push_screen(PreviewScreen(clean_line(title), lines, self.look, write))

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
    """What is worth a word, and the whole file as it would be."""
    notes = [text for note in found.notes for text in wrap(note, width)]
    body = [line(clean_line(text, 400)) for text in found.text.splitlines()]
    return [*(line(Span(text, Role.WARN)) for text in notes), *([()] if notes else []), *body]
