"""ctrl+z under a real shell: the shell has the terminal, and fg brings the whole screen back."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20.0


class Shell:
    """An interactive bash on a terminal of its own."""

    def __init__(self, home: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        name = os.ttyname(slave)
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "HOME": str(home)}
        # who leads a session and opens a terminal has it: only then there is job control
        again = f"exec bash --norc --noprofile -i <{name} >{name} 2>&1"
        self.child = subprocess.Popen(["bash", "-c", again], env=env, start_new_session=True)
        self.output, self._slave = b"", slave

    def wait_for(self, *texts: bytes) -> None:
        """Read until all of these were seen since the last call."""
        end, before = time.monotonic() + DEADLINE_S, len(self.output)
        while not all(text in self.output[before:] for text in texts):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                pytest.fail(f"{texts!r} did not appear in {self.output[before:][-600:]!r}")
            self.output += os.read(self.master, 65536)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def close(self) -> None:
        """The shell ends, and with it what it runs."""
        self.child.kill()
        self.child.wait()
        os.close(self.master)
        os.close(self._slave)


def test_ctrl_z_and_fg(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    try:
        stage = ROOT / "tests" / "pilot" / "stage_in_a_pty.py"
        shell.press(f"{sys.executable} {stage}\n".encode())
        shell.wait_for(b"WHY", b"enter")
        shell.press(b"\x1a")
        shell.wait_for(b"Stopped")
        shell.press(b"fg\n")
        shell.wait_for(b"WHY", b"enter")
        shell.press(b"\x11")
        shell.wait_for(b"\x1b[?1049l")
        assert shell.output.count(b"\x1b[?1049h") == 2
    finally:
        shell.close()
