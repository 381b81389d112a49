"""A real terminal for tests: what a person types, and what is on the screen then."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.waiting import wait_for


class Terminal:
    """A tmux of our own, 80x24, with a plain shell in it.

    Programs in it see the TERM that is given. With another one than tmux's own they know nothing
    of tmux, which then is no more than the window of an xterm.
    """

    def __init__(self, folder: Path, term: str = "tmux-256color") -> None:
        self._socket = str(folder / f"{term}.socket")
        self.term = term

    def tmux(self, *words: str) -> str:
        """A tmux command's output."""
        argv = ["tmux", "-S", self._socket, "-f", "/dev/null", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    def open(self, command: str) -> None:
        """A shell that runs `command`."""
        plain = "" if self.term.startswith("tmux") else "-u TMUX -u TMUX_PANE "
        shell = f"env {plain}TERM={self.term} bash --norc"
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", shell)
        self.tmux("set", "-g", "escape-time", "0")
        self.tmux("send-keys", command, "Enter")

    def close(self) -> None:
        """End it with all that runs in it."""
        argv = ["tmux", "-S", self._socket, "kill-server"]
        subprocess.run(argv, check=False, stderr=subprocess.DEVNULL)

    def keys(self, *keys: str) -> None:
        """Press keys."""
        self.tmux("send-keys", *keys)

    def lines(self) -> list[str]:
        """What is on the screen."""
        return self.tmux("capture-pane", "-p").splitlines()

    async def shows(self, text: str, within_s: float = 240) -> list[str]:
        """Wait for a text on the screen; returns all its lines."""
        try:
            await wait_for(lambda: any(text in line for line in self.lines()), within_s=within_s)
        except AssertionError:
            seen = "\n".join(self.lines())
            raise AssertionError(f"{text!r} is not on the screen, but:\n{seen}") from None
        return self.lines()
