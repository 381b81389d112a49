"""What really reaches the terminal: the bytes on a pty."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20.0
OWN_SEQUENCES = re.compile(
    rb"\x1b\[[0-9;:]*m"  # colours
    rb"|\x1b\[\d+;\d+H"  # cursor to a place
    rb"|\x1b\[[?>=<][0-9;]*[a-zA-Z]|\x1b\[[?0-9;]*\$p"  # modes and questions about them
    rb"|\x1b\[[<>]?\d*u|\x1b\[\d* q|\x1b\[c|\x1b\[\d+t"  # keyboard protocol, cursor shape
    rb"|\x1b\]22;[a-z]*\x07"  # shape of the mouse pointer
)


class Terminal:
    """A child on a pty of 80x24, all of whose output is kept."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "TZ": "UTC"}
        script = ROOT / "tests" / "pilot" / "stage_in_a_pty.py"
        self.child = subprocess.Popen(
            [sys.executable, str(script)], stdin=slave, stdout=slave, stderr=slave, env=env
        )
        os.close(slave)
        self.output = b""

    def wait_for(self, text: bytes) -> None:
        """Read until `text` was seen since the last call."""
        end, seen_before = time.monotonic() + DEADLINE_S, len(self.output)
        while text not in self.output[seen_before:]:
            ready, _, _ = select.select([self.master], [], [], end - time.monotonic())
            if not ready:
                pytest.fail(f"{text!r} did not appear; the end of what did: {self.output[-500:]!r}")
            self.output += os.read(self.master, 65536)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def close(self) -> int:
        """Wait for the end; everything that the child says on its way out is kept too."""
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.output += data
        os.close(self.master)
        return self.child.wait(timeout=DEADLINE_S)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal whose program ends with the test, however that ends."""
    made = Terminal()
    yield made
    if made.child.poll() is None:
        made.child.kill()
        made.child.wait()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pty")
def test_no_escape_of_a_hostile_host_reaches_the_terminal(terminal: Terminal) -> None:
    terminal.wait_for(b"enter")  # the keys are told once the table has them
    terminal.press(b"j")
    terminal.wait_for(b"evil[/red]")  # its name, in the rule over the details
    terminal.press(b"\r")
    terminal.wait_for(b"MEMORY")
    terminal.press(b"G")
    terminal.wait_for(b"uptime")
    terminal.press(b"\x11")
    assert terminal.close() == 0
    rest = OWN_SEQUENCES.sub(b"", terminal.output)
    for forbidden in (b"\x1b", b"\x07", b"]52", "\u202e".encode(), "\x9b".encode()):
        assert forbidden not in rest, rest[max(0, rest.index(forbidden) - 40) :][:80]
