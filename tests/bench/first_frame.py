"""How long the first frame takes, beside a bare Textual program's, and what ``--version`` costs.

In pseudo-terminals of 80x24, from the start of the process to the bytes on the terminal: wall time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.terminal import Screen

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("starting")
Bare().run()
"""


def _painted(argv: list[str], *words: bytes) -> list[tuple[float, float]]:
    """Wall and CPU seconds until each of the words was there."""
    with tempfile.TemporaryDirectory() as home:
        screen = Screen(argv, Path(home), size=(80, 24))
        try:
            return [(screen.wait_for(word, 60), screen.cpu_s) for word in words]
        finally:
            screen.close()


def _version() -> tuple[float, float]:
    """CPU and wall seconds of ``opsdash --version``."""
    began, before = time.monotonic(), os.times()
    subprocess.run(
        [sys.executable, "-m", "opsdash", "--version"], check=True, stdout=subprocess.DEVNULL
    )
    after = os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system, time.monotonic() - began


def run() -> dict[str, float]:
    """Seconds, and the ratio of two of them."""
    ((bare_s, bare_cpu_s),) = _painted([sys.executable, "-c", BARE], b"starting")
    (frame_s, frame_cpu_s), (row_s, _) = _painted(
        [sys.executable, "-m", "opsdash"], b"starting", b"HOST"
    )
    cpu_s, wall_s = _version()
    return {
        "bare Textual, first frame (s)": bare_s,
        "opsdash, first frame (s)": frame_s,
        "first frame / bare Textual, wall": frame_s / bare_s,
        "first frame / bare Textual, CPU": frame_cpu_s / bare_cpu_s,
        "first row of this machine (s)": row_s,
        "--version, CPU (s)": cpu_s,
        "--version, wall (s)": wall_s,
    }
