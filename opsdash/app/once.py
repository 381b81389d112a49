"""Dialogs that can be left once: the second of two quick keys must not end the program."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

from opsdash.widgets.keyed import Keyed

T = TypeVar("T")


class OnceScreen(Keyed[T], ModalScreen[T]):
    """A modal screen whose second dismissal does nothing.

    Textual pops whatever is on top then, and fails where nothing is (8.2.8).
    """

    _left = False

    @property
    def asks(self) -> bool:
        """Whether it still waits for the user."""
        return not self._left

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Leave with this result; what comes after that is too late."""
        if self._left:
            nothing: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
            return nothing
        self._left = True
        return super().dismiss(result)
