"""opsdash on a pseudo-terminal, as a benchmark sees it: bytes, processor time, memory, keys."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

PAINT_S = 5.0
"""A key that nothing answers for so long counts as so slow."""


class Screen:
    """A program on a terminal of so many columns and lines, in a home of its own."""

    def __init__(self, argv: list[str], home: Path, *, size: tuple[int, int]) -> None:
        self._leader, follower = os.openpty()
        columns, lines = size
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(home)}
        env |= {"XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
        self.began = time.monotonic()
        self._child = subprocess.Popen(
            argv, stdin=follower, stdout=follower, stderr=follower, env=env, start_new_session=True
        )
        os.close(follower)

    @classmethod
    def opsdash(cls, home: Path, *arguments: str, size: tuple[int, int] = (160, 50)) -> Screen:
        """The program that is being measured."""
        return cls([sys.executable, "-m", "opsdash", *arguments], home, size=size)

    def type(self, keys: bytes) -> None:
        """Press keys, without waiting for what they do."""
        os.write(self._leader, keys)

    def read(self, patience_s: float) -> bytes:
        """What comes next; empty when nothing does in time, or never will."""
        if not select.select([self._leader], [], [], patience_s)[0]:
            return b""
        try:
            return os.read(self._leader, 1 << 20)
        except OSError:
            return b""

    def wait_for(self, words: bytes, within_s: float) -> float:
        """Seconds from the start until the words were painted."""
        seen = b""
        while words not in seen:
            left_s = self.began + within_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"{words!r} was not painted; the end: {seen[-300:]!r}")
            seen = seen[-4096:] + self.read(left_s)
        return time.monotonic() - self.began

    def watch(self, seconds: float) -> int:
        """How many bytes it paints in so many seconds."""
        until, count = time.monotonic() + seconds, 0
        while (left_s := until - time.monotonic()) > 0:
            count += len(self.read(left_s))
        return count

    def press(self, key: bytes) -> float:
        """Press a key on a quiet screen; seconds until the first byte of the answer.

        What the screen paints by itself in that moment passes for the answer, so short times are a
        little too short; long ones are as long as they were.
        """
        while self.read(0.0):
            pass
        began = time.monotonic()
        self.type(key)
        self.read(PAINT_S)
        return time.monotonic() - began

    @property
    def cpu_s(self) -> float:
        """Processor time so far, of its ended children too (`ssh -G`)."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss_mb(self) -> float:
        """Resident memory in MB."""
        pages = int(Path(f"/proc/{self._child.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def close(self) -> None:
        """Quit; kill it if it does not."""
        try:
            self.type(b"q")
            until = time.monotonic() + 15
            while self._child.poll() is None and time.monotonic() < until:
                self.read(0.2)
        finally:
            if self._child.poll() is None:
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            os.close(self._leader)
