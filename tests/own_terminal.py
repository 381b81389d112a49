"""A program on a terminal of its own, with all that it does there kept."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEADLINE_S = 30.0

A_SHELL = "bash --norc --noprofile -i"
"""What runs other programs as jobs, so that they can be stopped."""


class OwnTerminal:
    """A command that leads a session on a terminal of 80x24: only so keys can end and stop it."""

    def __init__(self, command: str, home: Path) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(80, 24)
        name = os.ttyname(self.slave)
        # pytest-xdist says a size, which would hold in place of the terminal's own
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        env = {**inherited, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "HOME": str(home)}
        # who leads a session and opens a terminal has it
        again = f"exec {command} <{name} >{name} 2>&1"
        self.child = subprocess.Popen(["bash", "-c", again], env=env, start_new_session=True)
        self.output = b""
        self._seen = 0

    def wait_for(self, *texts: bytes) -> bytes:
        """Read until all of these were seen since the last call; gives what came since then."""
        end, before = time.monotonic() + DEADLINE_S, self._seen
        while not all(text in self.output[before:] for text in texts):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {texts!r} in {self.output[before:][-900:]!r}")
            self.output += os.read(self.master, 65536)
        self._seen = len(self.output)
        return self.output[before:]

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def resize(self, width: int, height: int) -> None:
        """Another size, of which its foreground is told."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    @property
    def modes(self) -> list[Any]:
        """Echo, line editing and so on."""
        return termios.tcgetattr(self.slave)

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def close(self) -> None:
        """It ends, and with it what it runs."""
        self.child.kill()
        self.child.wait()
        if self.master >= 0:
            self.hang_up()
