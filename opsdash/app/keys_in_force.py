"""The keys in force: given at the start, and anew whenever keys.yaml is read again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from textual.screen import Screen

from opsdash.app.keys_in_order import KeysInOrder
from opsdash.core.discover import keys
from opsdash.core.keymap import Keymap
from opsdash.core.text import count
from opsdash.widgets.key_hints import tell
from opsdash.widgets.keyed import Keyed
from opsdash.widgets.line import Line, Role, Span, line, wrap

if TYPE_CHECKING:
    from opsdash.config.keys import KeysFile, KeysRead

LOOK_S = 1.0
"""How often the user's files are looked at: what was saved in the other window is in force when the
eyes are back on this one.
"""

SAID_S = 6.0

NOT_IN_FORCE = "The file is not in force. This is what is:"


class MainScreen(Keyed[None]):
    """The screen that everything else opens over."""


class KeysInForce(KeysInOrder):
    """The part of the app that knows which key does what."""

    def __init__(self) -> None:
        self.keymap = Keymap(keys())
        self.key_faults: tuple[str, ...] = ()
        self._keys_file: KeysFile | None = None
        self._followed = False
        super().__init__()

    def on_mount(self) -> None:
        """Follow keys.yaml from now on."""
        if self._keys_file is not None:
            self.follow_files("keys", self._heed_keys)

    def follow_files(self, name: str, heed: Callable[[], Coroutine[None, None, None]]) -> None:
        """Heed some files again and again, in a worker of this name: neither a slow disk nor a
        host may hold up a key.
        """

        def look() -> None:
            running = (worker for worker in self.workers if worker.name == name)
            if all(worker.is_finished for worker in running):
                self.run_worker(heed(), name=name)

        self.set_interval(LOOK_S, look)

    async def _heed_keys(self) -> None:
        file = self._keys_file
        if file is not None and await asyncio.to_thread(file.changed):
            await self.read_keys_again()

    def get_default_screen(self) -> Screen[None]:
        """A screen whose keys can change."""
        return MainScreen(id="_default")

    def say(self, text: str, for_s: float = 2.0) -> None:
        """One sentence in the last line, for some seconds."""
        tell(self.screen, text, for_s)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """As Textual does it; a key whose action can't act now says why, and is not just silent."""
        if await super()._check_bindings(key, priority):
            return True
        if not priority:
            for node, bindings in self.screen._modal_binding_chain:  # noqa: SLF001
                for binding in bindings.key_to_bindings.get(key, ()):
                    why_not = getattr(node, "why_not", None)
                    if why_not is not None and (reason := why_not(binding.action)):
                        self.say(reason)
                        return True
        return False

    def _is_first(self, key: str) -> bool:
        """Keys that act before all others, whoever has the keyboard."""
        held = self.keymap.keys
        return any(one.first and key in held[one.id] for one in self.keymap.registry)

    def begin_with_keys(self, file: KeysFile | None) -> None:
        """The user's keys, before the first one can be pressed."""
        self._keys_file = file
        if file is not None:
            found = file.read()
            self.keymap = found.keymap
            self._note_faults(found)

    async def read_keys_again(self) -> None:
        """Put keys.yaml in force as it is now, and say what came of it.

        A wrong one changes nothing: what was in force stays.
        """
        if self._keys_file is None:
            self.say("no file of keys is read here")
            return
        found = await asyncio.to_thread(self._keys_file.read)
        self._followed = True
        self._note_faults(found)
        self.say(self.keys_notice or self._put_in_force(found.keymap), SAID_S)

    def _put_in_force(self, keymap: Keymap) -> str:
        """These keys from now on, on every screen; says what has changed."""
        before, self.keymap = self.keymap, keymap
        for screen in self.screen_stack:
            screen.refresh_bindings()
        changed = sum(before.keys[key.id] != keymap.keys[key.id] for key in keymap.registry)
        read = self._keys_file is None or self._keys_file.there
        return f"{'keys.yaml read again' if read else 'no keys.yaml'}: {_news(changed, keymap)}"

    def _note_faults(self, found: KeysRead) -> None:
        faults = () if found.error is None else found.error.faults
        self.key_faults = tuple(str(fault) for fault in faults)

    @property
    def keys_notice(self) -> str:
        """What is to be said of a wrong keys.yaml in one sentence; empty: nothing is wrong."""
        if not self.key_faults:
            return ""
        faults = count(len(self.key_faults), "fault")
        kept = "keys from before stay" if self._followed else "usual keys hold"
        way = self.keymap.of("cmd.open")
        return f"keys.yaml has {faults}, the {kept}; {way}{' ' * (len(way) > 1)}keys tells"

    def keymap_lines(self, width: int) -> list[Line]:
        """Every key of every page with its id, what is wrong with keys.yaml first."""
        lines = [line(Span(t, Role.CRIT)) for f in self.key_faults for t in wrap(f, width)]
        if lines:
            lines += [line(Span(NOT_IN_FORCE, Role.MUTED)), ()]
        for one in self.keymap.registry.sets:
            lines.append(line(Span(one.title, Role.HEADING)))
            for key in one.keys:
                given = " ".join(self.keymap.keys[key.id]) or "none"
                usual = f"  (usually {' '.join(key.keys)})" if key.id in self.keymap.given else ""
                name = Span(f"  {given:<20} ", Role.ACCENT if not usual else Role.STRONG)
                lines.append(line(name, f"{key.id:<16} {key.does}", Span(usual, Role.MUTED)))
            lines.append(())
        return lines


def _news(changed: int, keymap: Keymap) -> str:
    """What became of so many actions: all that no file gives other keys are back on the usual."""
    if not changed:
        return "no key has changed" if keymap.given else "the usual keys hold, as before"
    actions = count(changed, "action")
    return f"{actions} on other keys" if keymap.given else f"{actions} back on the usual keys"
