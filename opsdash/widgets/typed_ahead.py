"""A field that takes enter at once, and keeps what was typed behind it for what comes next."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class Field(Input):
    """Keys that come together, typed fast or over a slow link, each mean what they would alone.

    With enter the field is done; keys behind it wait until it is known what they are for:
    `hand_on()` when something else has the keys now, `go_on()` when the text is to be mended.
    Textual alone asks all that is around a field what enter means, and those keys get into the
    text meanwhile.
    """

    _done = False
    _behind: tuple[events.Key, ...] = ()

    async def _on_key(self, event: events.Key) -> None:
        if not self._done:
            if event.key == "enter":
                event.stop()
                event.prevent_default()
                self._done, self._behind = True, ()
                await self.action_submit()
            return
        event.stop()
        event.prevent_default()
        self._behind += (event,)
        if self.app.focused is not self:  # `has_focus` lags behind
            self.hand_on()

    def begin(self, text: str) -> None:
        """Type from here on, behind `text`."""
        self._done, self._behind = False, ()
        with self.prevent(Input.Changed):
            self.value = text
        self.cursor_position = len(text)

    def go_on(self) -> None:
        """The text is to be typed on; what came behind enter belongs to it."""
        self._done = False
        for key in self._behind:
            if key.is_printable and key.character:
                self.insert_text_at_cursor(key.character)
        self._behind = ()

    def hand_on(self) -> None:
        """Something else has the keys now: it gets what was typed behind enter."""
        for key in self._behind:
            again = events.Key(key.key, key.character)
            again.set_sender(self.app)  # from a panel it would not get beyond that panel
            self.app.post_message(again)
        self._behind = ()
