"""ctrl+z: stop for now and give the terminal back to the shell, which can go on with ``fg``."""

from __future__ import annotations

import os

from opsdash.app.keys_in_force import KeysInForce

NO_SHELL = "no shell is waiting below that could go on: {} quits"


def a_shell_waits() -> bool:
    """Whether somebody below can continue what is stopped.

    A program that leads its session (``tmux new opsdash``, ``ssh -t HOST opsdash``) was started by
    no shell with job control: stopped, it would hang for ever.
    """
    return os.getsid(0) != os.getpgrp()


class Suspending(KeysInForce):
    """The part of the app that knows how to stand aside."""

    def on_mount(self) -> None:
        """Whatever stopped it, the shell has written over the screen meanwhile."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(repaint=True, layout=True))

    def action_suspend_process(self) -> None:
        """Stop, if a shell can go on; hosts are asked again when it does."""
        if self._driver is None or not self._driver.can_suspend:
            self.say("this terminal can't be given back for a while")
        elif a_shell_waits():
            super().action_suspend_process()
        else:
            self.say(NO_SHELL.format(self.keymap.of("quit") or self.keymap.of("nav.quit")))
