"""``opsdash logs`` in a pipe: lines come when they are there, and a reader may have enough."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def spawned(state: Path, *words: str) -> subprocess.Popen[bytes]:
    """The program, its output in pipes."""
    argv = [sys.executable, "-m", "opsdash", "logs", *words]
    env = {**os.environ, "XDG_STATE_HOME": str(state)}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    with spawned(tmp_path, "all", "--demo", "200", "--since", "-15m") as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        said = process.stderr.read().splitlines()  # some made-up hosts are not reached
        assert all(line.startswith(b"opsdash: ") for line in said)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_is_followed_comes_line_by_line_and_ends_by_ctrl_c(
    tmp_path: Path, form: tuple[str, ...]
) -> None:
    with spawned(tmp_path, "all", "--demo", "20", "--follow", "-n", "1", *form) as process:
        assert process.stdout
        assert process.stdout.readline().endswith(b"\n")
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert all(line.startswith(b"opsdash: ") for line in said.splitlines() if line)
        assert rest == b"" or rest.endswith(b"\n")
