"""Keys that come together, typed fast or over a slow link, act in the order in which they came.

Textual hands a key to what has the keyboard, and looks for what is bound to it when it comes back
from there; a key that opens something acts at once, so that what is typed behind it gets there. It
would overtake a key before it, which is then none of the keys of what has opened, and is lost.
"""

from __future__ import annotations

from time import monotonic

from textual import events
from textual._dispatch_key import dispatch_key
from textual.app import App
from textual.widgets import Input

BACK_S = 0.5
"""A key that has not come back by then was taken by what it was handed to."""


class KeysInOrder(App[None]):
    """The part of the app that keeps keys in their order."""

    _away = 0
    _sent_at = float("-inf")

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Whether a key was bound to something, which has happened. What acts before others waits
        for the keys before it; a way out of everything does not.
        """
        if not priority:
            return await super()._check_bindings(key, priority)
        if self._away and monotonic() - self._sent_at > BACK_S:
            self._away = 0
        if self._away and not self._is_first(key):
            self._send()
            return False
        if await super()._check_bindings(key, priority):
            return True
        self._send()
        return False

    def _is_first(self, key: str) -> bool:
        """Whether it acts whatever else goes on."""
        return False

    def _send(self) -> None:
        """A key is handed to what has the keyboard, and comes back if it is not taken there."""
        if not isinstance(self.focused, Input):
            self._away += 1
            self._sent_at = monotonic()

    async def _on_key(self, event: events.Key) -> None:
        """A key has come back: what is bound to it happens, in its turn. Where something that is
        typed into was opened by a key before it, it is text.
        """
        event.prevent_default()
        self._away = max(0, self._away - 1)
        if await self._check_bindings(event.key):
            return
        if await super()._check_bindings(event.key, priority=True):
            return
        if isinstance(self.focused, Input) and event.is_printable:
            again = events.Key(event.key, event.character)
            again.set_sender(self)
            self.focused._forward_event(again)  # noqa: SLF001 - as Textual hands keys out
            return
        await dispatch_key(self, event)
