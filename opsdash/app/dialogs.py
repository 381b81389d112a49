"""What pages ask the program for: something to pick, to read, to copy, a sentence to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on

from opsdash.app.clipboard import copy
from opsdash.app.doctor_screen import DoctorScreen
from opsdash.app.once import OnceScreen
from opsdash.app.picker_screen import Picked, PickerScreen
from opsdash.app.root_keys import RootKeys
from opsdash.app.text_screen import TextScreen
from opsdash.core.kept import Forgetful, Keeper, keep_typed
from opsdash.widgets.entries import Entry, recalled
from opsdash.widgets.palette import Palette
from opsdash.widgets.panel import Panel


class Dialogs(RootKeys):
    """The part of the app that opens things over a page."""

    look: Callable[[], Palette]
    _keeper: Keeper = Forgetful()

    def pick(self, title: str, entries: Sequence[Entry], history: str = "") -> None:
        """Let the user pick one of these; what is picked is run. With the name of a `history` it is
        remembered there, and what was picked before comes first.
        """
        if history:
            entries = recalled(entries, self._keeper.kept.history.get(history, ()))

        def run(picked: Picked | None) -> None:
            if picked is not None:
                entry, argument = picked
                if history:
                    keep_typed(self._keeper, history, f"{entry.title} {argument}".strip())
                entry.run(argument)

        self.push_screen(PickerScreen(title, entries, self.look), run)

    @property
    def _covered(self) -> bool:
        """Whether a dialog has the keys: what a page under it asks for now was typed too early."""
        return isinstance(self.screen, OnceScreen) and self.screen.asks

    @on(Panel.PickWanted)
    def open_picker(self, event: Panel.PickWanted) -> None:
        """A page has something to pick from."""
        if not self._covered:
            self.pick(event.title, event.entries)

    @on(Panel.PageWanted)
    def open_text(self, event: Panel.PageWanted) -> None:
        """A page has something to read."""
        if not self._covered:
            self.push_screen(TextScreen(event.title, event.lines, self.look))

    @on(Panel.ExamineWanted)
    def open_doctor(self, event: Panel.ExamineWanted) -> None:
        """A page wants the way to a host examined."""
        if not self._covered:
            self.examine(event.host)

    def examine(self, host: str) -> None:
        """Show an examination of the way to a host."""
        if self._source is None:
            return
        if not host:
            self.say("doctor: which host? type its name behind it")
            return
        self.push_screen(DoctorScreen(host, self._source, self.look))

    @on(Panel.CopyWanted)
    def take_copy(self, event: Panel.CopyWanted) -> None:
        """A page has something for the clipboard."""
        self.say(copy(self, event.text, event.what))

    @on(Panel.Said)
    def say_for_page(self, event: Panel.Said) -> None:
        """A page has something to say."""
        self.say(event.text)
