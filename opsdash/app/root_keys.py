"""The key that asks for the sudo password; any key at all keeps it from being forgotten."""

from __future__ import annotations

from textual import events

from opsdash.app.suspend import Suspending
from opsdash.core.source import FleetSource
from opsdash.core.text import count

ROOT_S = 10.0
"""How long it is said what came of a password: one looks up from the keyboard first."""


class RootKeys(Suspending):
    """The part of the app that knows of root."""

    _source: FleetSource | None = None

    async def on_event(self, event: events.Event) -> None:
        """Keys and the mouse say that somebody is there; none counts once the end has begun."""
        if self._exit and isinstance(event, events.InputEvent):
            return
        if self._source is not None and isinstance(event, (events.Key, events.MouseDown)):
            self._source.touch()
        await super().on_event(event)

    def action_root(self) -> None:
        """Ask for the sudo password, on behalf of all hosts that want one."""
        waiting = 0 if self._source is None else self._source.become_root(self._tell_root)
        if waiting:
            self.say(f"{count(waiting, 'host')} with a sudo that asks")
        else:
            self.say("no host is known whose sudo asks for a password")

    def _tell_root(self, text: str) -> None:
        self.say(text, ROOT_S)
