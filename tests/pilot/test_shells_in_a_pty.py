"""A shell in place of the screen: whatever happens inside, the screen comes back whole."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.own_terminal import A_SHELL, DEADLINE_S, ROOT, OwnTerminal
from tests.waiting import wait_for

STAGE = f"{sys.executable} {ROOT / 'tests' / 'pilot' / 'shells_in_a_pty.py'}"

QUIT, CTRL_C, CTRL_Z, CTRL_BACKSLASH = b"\x11", b"\x03", b"\x1a", b"\x1c"
READY = b"\x1b[?2004h"
"""bash's line editor has the terminal: what is typed before that may be lost."""
SCREEN, NORMAL = b"\x1b[?1049h", b"\x1b[?1049l"


@contextmanager
def on(command: str, folder: Path) -> Iterator[OwnTerminal]:
    terminal = OwnTerminal(command, folder)
    try:
        yield terminal
    finally:
        terminal.close()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def open_shell(terminal: OwnTerminal) -> None:
    terminal.press(b"s")
    terminal.wait_for(NORMAL, b"exit comes back", b"in the shell")


def test_it_comes_back_whole_whatever_happens_inside(tmp_path: Path) -> None:
    with on(f"{STAGE} {tmp_path}", tmp_path) as terminal:
        modes = terminal.modes
        terminal.wait_for(b"WHY", b"enter")
        open_shell(terminal)
        assert terminal.modes == modes  # echo, line editing: as a shell wants it
        terminal.press(b"ticks\n")
        terminal.wait_for(b"it ticks")  # hosts are asked all the while
        terminal.press(b"exit 0\n")
        terminal.wait_for(SCREEN, b"WHY", b"back from ")
        open_shell(terminal)
        terminal.resize(100, 30)
        terminal.press(b"size\n")
        terminal.wait_for(b"30 100")
        terminal.press(b"fail\n")
        came = terminal.wait_for(SCREEN, b"refused; D examines", b"\x1b[30;1H")
        assert b"Connection refused" in came[: came.index(SCREEN)]  # seen as it was said, too
        open_shell(terminal)
        terminal.press(b"break\n")
        came = terminal.wait_for(SCREEN, b"killed by SIGKILL")
        reset = came[: came.rindex(SCREEN)]
        assert all(one in reset for one in (b"\x1b[?1000l", b"\x1b[r", b"\x1b[?25h", NORMAL))
        for key, name in ((CTRL_C, b"SIGINT"), (CTRL_BACKSLASH, b"SIGQUIT")):
            open_shell(terminal)
            terminal.press(b"rest\n")
            terminal.wait_for(b"wait")
            terminal.press(key)
            terminal.wait_for(SCREEN, b"killed by " + name)
        terminal.press(QUIT)
        terminal.wait_for(NORMAL)
        assert terminal.child.wait(DEADLINE_S) == 0
        assert terminal.modes == modes


def test_what_stops_the_shell_stops_all_and_fg_goes_on_in_it(tmp_path: Path) -> None:
    with on(A_SHELL, tmp_path) as terminal:
        terminal.press(f"{STAGE} {tmp_path}\n".encode())
        terminal.wait_for(b"WHY", b"enter")
        open_shell(terminal)
        for stopping in (CTRL_Z, b"stop\n"):  # all of us by a key, or only what ssh stands for
            terminal.press(stopping)
            terminal.wait_for(b"Stopped", READY)
            terminal.press(b"fg\n")
            terminal.wait_for(b"shells_in_a_pty")  # bash says what goes on
            terminal.press(b"size\n")
            terminal.wait_for(b"24 80")
        terminal.press(b"exit 3\n")
        terminal.wait_for(SCREEN, b"WHY", b"status 3")
        terminal.press(QUIT)
        terminal.wait_for(NORMAL)


def test_nothing_stops_where_no_shell_could_go_on_with_it(tmp_path: Path) -> None:
    with on(f"{STAGE} {tmp_path}", tmp_path) as terminal:
        terminal.wait_for(b"WHY", b"enter")
        open_shell(terminal)
        terminal.press(CTRL_Z + b"size\n")
        terminal.wait_for(b"24 80")
        terminal.press(b"stop\n")
        terminal.wait_for(b"goes on")
        terminal.press(b"exit 0\n")
        terminal.wait_for(SCREEN, b"back from ")


@pytest.mark.parametrize("how", ["window closed", "SIGTERM"])
async def test_the_end_of_the_program_is_the_end_of_the_shell(tmp_path: Path, how: str) -> None:
    with on(f"{STAGE} {tmp_path}", tmp_path) as terminal:
        modes = terminal.modes
        terminal.wait_for(b"WHY", b"enter")
        open_shell(terminal)
        terminal.press(b"rest\n")
        terminal.wait_for(b"wait")
        pids = [int((tmp_path / name).read_text()) for name in ("pid", "program")]
        if how == "SIGTERM":
            os.kill(pids[1], signal.SIGTERM)
            terminal.child.wait(DEADLINE_S)
            assert terminal.modes == modes
        else:
            terminal.hang_up()
        await wait_for(lambda: all(is_gone(pid) for pid in pids), within_s=DEADLINE_S)
