"""Hooks that ring: the terminal on which the screen is open."""

from __future__ import annotations

import os

from textual.app import App

from opsdash.core.hook import Means
from opsdash.core.ringing import ringing


class Ringer:
    """Rings on the terminal of a running program; before it runs and after its end on none."""

    def __init__(self) -> None:
        self._app: App[None] | None = None

    def serve(self, app: App[None]) -> None:
        """From now on it rings here."""
        self._app = app

    def __call__(self, means: Means, text: str) -> None:
        """Ring, or show a text; nothing else in it reaches the terminal."""
        app = self._app
        # in a suspend the terminal is another program's
        if app is not None and app.is_running and app._driver is not None:  # noqa: SLF001 - as Textual's own bell()
            app._driver.write(ringing(means, text, os.environ))  # noqa: SLF001
