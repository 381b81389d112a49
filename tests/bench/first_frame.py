"""How long the first frame takes, and the first row: ``python tests/bench/first_frame.py [RUNS]``.

In a pseudo-terminal of 80x24, from the start of the process to the bytes on the terminal. This is
wall time: run it on an idle machine.
"""

from __future__ import annotations

import fcntl
import os
import pty
import statistics
import struct
import sys
import tempfile
import termios
import time


def one_run() -> tuple[float, float]:
    """Seconds to the first frame and to the first row of this machine."""
    began = time.monotonic()
    pid, leader = pty.fork()
    if pid == 0:
        home = tempfile.mkdtemp()
        env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        env |= {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        os.execve(sys.executable, [sys.executable, "-m", "opsdash"], env)  # noqa: S606
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = b""
    frame_s = row_s = 0.0
    while not row_s:
        seen += os.read(leader, 65_536)
        now = time.monotonic() - began
        if not frame_s and b"starting" in seen:
            frame_s = now
        if b"HOST" in seen:
            row_s = now
    os.write(leader, b"q")
    try:
        while os.read(leader, 65_536):
            pass
    except OSError:
        os.waitpid(pid, 0)
    return frame_s, row_s


def main() -> None:
    """Print medians and spreads."""
    runs = [one_run() for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 7)]
    for name, times in zip(("first frame", "first row"), zip(*runs, strict=True), strict=True):
        median = statistics.median(times)
        print(f"{name}: median {median:.2f} s, {min(times):.2f} to {max(times):.2f} s")


if __name__ == "__main__":
    main()
