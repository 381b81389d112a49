"""Screens whose keys are those of the keymap in force, and that can change while they are open."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.app import App
from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen

from opsdash.core.keymap import Keymap
from opsdash.widgets.bindings import with_keys

R = TypeVar("R")


def keymap_of(app: App[Any]) -> Keymap:
    """The keymap in force; every program here has one."""
    found = getattr(app, "keymap", None)
    assert isinstance(found, Keymap), "a program without a keymap"  # noqa: S101 - a bug of ours
    return found


class Keyed(Screen[R]):
    """Base of every screen of the program."""

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        """What each part from the focused one up to the program has, on the keys in force.

        The one place that every way of Textual's to a key goes through: presses, hints, help.
        """
        keys = keymap_of(self.app).given
        if not keys:
            return super()._binding_chain
        nodes: list[DOMNode] = [self, self.app]
        if self.focused is not None:
            nodes = list(self.focused.ancestors_with_self)
        chain = [(node, with_keys(node._bindings, keys)) for node in nodes]  # noqa: SLF001
        for place, (_, bindings) in enumerate(chain):
            for key in list(bindings.key_to_bindings):
                # letters are text for whoever has the keyboard, as in Textual's own chain
                if any(n.check_consume_key(key, key_to_character(key)) for n in nodes[:place]):
                    del bindings.key_to_bindings[key]
        return chain
