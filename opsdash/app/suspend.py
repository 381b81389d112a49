"""Stand aside: for the shell that started us (ctrl+z, and ``fg`` goes on), or for a program that is
to have the terminal until it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from opsdash.app.keys_in_force import KeysInForce
from opsdash.transport.terminal_lent import a_shell_waits as a_shell_waits

T = TypeVar("T")

NO_SUSPEND = "this terminal can't be given back for a while"
NO_SHELL = "no shell is waiting below that could go on: {} quits"


class Suspending(KeysInForce):
    """The part of the app that knows how to stand aside."""

    def on_mount(self) -> None:
        """Whatever stopped it, the shell has written over the screen meanwhile."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(repaint=True, layout=True))

    def action_suspend_process(self) -> None:
        """Stop, if a shell can go on; hosts are asked again when it does."""
        if not self.can_lend:
            self.say(NO_SUSPEND)
        elif a_shell_waits():
            super().action_suspend_process()
        else:
            self.say(NO_SHELL.format(self.keymap.of("quit") or self.keymap.of("nav.quit")))

    @property
    def can_lend(self) -> bool:
        """Whether another program can have the terminal."""
        return self._driver is not None and self._driver.can_suspend

    async def lend(self, use: Callable[[], Awaitable[T]]) -> T:
        """Leave the terminal alone until `use` has ended; hosts are asked all the while.

        Nothing may be painted meanwhile: Textual's writer thread has ended, and what waits for it
        would hold up the program (8.2.8). Nor must anything be raised before the terminal is ours
        again: Textual would not take it back.
        """
        failure: BaseException | None = None
        found: list[T] = []
        with self.batch_update(), self.suspend():
            try:
                found.append(await use())
            except BaseException as error:  # noqa: BLE001 - it is raised again, when it can be seen
                failure = error
            if self._exit:  # what leaves the block by an error does not take the terminal again
                raise failure or asyncio.CancelledError
        self.refresh(repaint=True, layout=True)
        if failure is not None:
            raise failure
        return found[0]
