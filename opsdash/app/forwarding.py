"""Ports that are forwarded by name: opened from the palette, told of when they wait or are gone."""

from __future__ import annotations

from opsdash.app.pages import STARTING
from opsdash.app.shells import SAID_S, Shells
from opsdash.core.errors import HostError
from opsdash.core.forward import FORMS, Wish, parse_wish
from opsdash.core.text import count
from opsdash.widgets.entries import Entry


class Forwarding(Shells):
    """The part of the app that forwards ports."""

    def further_entries(self) -> list[Entry]:
        """A port of the host that the page points at, on this machine."""
        about = "a port of this host, or one that it reaches, on this machine"
        return [*super().further_entries(), Entry("forward", self._forward, about, takes=FORMS)]

    def _forward(self, text: str) -> None:
        if self._source is None or self.page is None:
            self.say(STARTING)
            return
        host = self.page.pointed()
        if not host:
            self.say("no host is pointed at: go to the row of one")
            return
        try:
            wish = parse_wish(text)
        except ValueError as error:
            self.say(str(error), SAID_S)
            return
        self.run_worker(self._open_forward(host, wish), name="forward")

    async def _open_forward(self, host: str, wish: Wish) -> None:
        if self._source is None:
            return
        try:
            made = await self._source.forwards.open(host, wish, lambda text: self.say(text, SAID_S))
        except HostError as error:
            self._tell(error)
            return
        if made.said:
            self.say(f"{made.at} is open, but {made.said}", SAID_S)
        else:
            shows = self.keymap.sentence("view.forwards", "; ", " lists them")
            self.say(f"{made.at} leads to {made.wish.to} of {host}{shows}", SAID_S)
        if self.page is not None:
            self.page.draw()

    def forwards_end(self) -> str:
        """What is to be said of forwarded ports at the end; empty: there are none."""
        found = self._source.forwards.all() if self._source is not None else ()
        if not found:
            return ""
        which = ", ".join(f"{one.at} to {one.host}" for one in found)
        return f"{count(len(found), 'forwarded port')} closed: {which}"
