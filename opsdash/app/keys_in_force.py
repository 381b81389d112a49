"""The keys in force: given at the start, and anew whenever keys.yaml is read again."""

from __future__ import annotations

from textual.app import App
from textual.screen import Screen

from opsdash.core.discover import keys
from opsdash.core.keymap import Keymap
from opsdash.widgets.keyed import Keyed


class MainScreen(Keyed[None]):
    """The screen that everything else opens over."""


class KeysInForce(App[None]):
    """The part of the app that knows which key does what."""

    def __init__(self) -> None:
        self.keymap = Keymap(keys())
        super().__init__()

    def get_default_screen(self) -> Screen[None]:
        """A screen whose keys can change."""
        return MainScreen(id="_default")

    def use_keys(self, keymap: Keymap) -> None:
        """These keys from now on, on every screen that is open."""
        self.keymap = keymap
        for screen in self.screen_stack:
            screen.refresh_bindings()
