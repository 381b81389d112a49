"""ctrl+z under a real shell: the shell has the terminal, and fg brings the whole screen back."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.own_terminal import A_SHELL, ROOT, OwnTerminal


def test_ctrl_z_and_fg(tmp_path: Path) -> None:
    shell = OwnTerminal(A_SHELL, tmp_path)
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
