"""The shell that stays beside a command, by each shell that a host may have as its sh."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.transport import supervised
from opsdash.transport.supervised import boot, command_lines, end_of_input, stays

DEADLINE_S = 15.0
SHELLS = [
    pytest.param(argv, id=argv[-1], marks=pytest.mark.skipif(not shutil.which(argv[0]), reason=""))
    for argv in (["dash"], ["bash"], ["busybox", "sh"], ["bash", "--posix"])
]


@contextmanager
def started(argv: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The shell that stays beside a command."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*argv, "-c", stays()], stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    ) as running:
        # what does not end fails a test, and never holds it up
        deadline = Timer(DEADLINE_S, os.killpg, (running.pid, signal.SIGKILL))
        deadline.start()
        try:
            yield running
        finally:
            deadline.cancel()
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)


def said(argv: list[str], script: bytes, stdin: bytes = b"") -> tuple[bytes, bytes]:
    """Both outputs, the input held open until the end was told."""
    with started(argv) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        lines = command_lines(script, "MARK", stdin_bytes=len(stdin), timeout_s=20)
        running.stdin.write(lines + stdin + (end_of_input("MARK") if stdin else b""))
        running.stdin.flush()
        out = b""
        while not out.endswith(b"\n") or b"\x1eMARK " not in out.removeprefix(b"\x1eMARK begin\n"):
            line = running.stdout.readline()
            assert line, running.stderr.read()
            out += line
        running.stdin.close()
        return out, running.stderr.read()


@pytest.mark.parametrize("argv", SHELLS)
def test_every_shell_tells_where_the_output_begins_and_how_it_ended(argv: list[str]) -> None:
    out, errors = said(argv, b'cat; echo "it\'s" >&2; exit 7', b"input\n")
    assert out == b"\x1eMARK begin\ninput\n\x1eMARK 7\n"
    assert errors == b"\x1eMARK begin\nit's\n\x1eMARK 7\n"


@pytest.mark.parametrize("argv", SHELLS)
def test_every_shell_ends_the_command_when_its_input_ends(argv: list[str]) -> None:
    with started(argv) as running:
        lines = command_lines(b"sleep 19 & sleep 19", "MARK", stdin_bytes=0, timeout_s=90)
        out, _ = running.communicate(lines, timeout=20)
    assert out == b"\x1eMARK begin\n\x1eMARK 143\n"


@pytest.mark.parametrize("argv", SHELLS)
@pytest.mark.parametrize("stdin", [b"", b"x" * 1_000_000])
def test_every_shell_ends_the_command_when_its_time_is_over(
    argv: list[str], stdin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "LATER_S", 0)
    with started(argv) as running:
        assert running.stdin
        assert running.stdout
        lines = command_lines(b"sleep 19", "MARK", stdin_bytes=len(stdin), timeout_s=1)
        running.stdin.write(lines + stdin[:70_000])
        running.stdin.flush()
        assert running.stdout.read() == b"\x1eMARK begin\n\x1eMARK 143\n"
        running.stdin.close()


@pytest.mark.parametrize("argv", SHELLS)
def test_every_shell_ends_the_command_whose_input_is_cut(argv: list[str]) -> None:
    with started(argv) as running:
        lines = command_lines(b"cat; echo all", "MARK", stdin_bytes=100, timeout_s=90)
        out, _ = running.communicate(lines + b"only this", timeout=20)
    assert b"all\n" not in out
    assert out.endswith(b"\x1eMARK 143\n")


ODD = st.binary(max_size=300).map(lambda data: data.replace(b"\0", b""))


@settings(max_examples=25)
@given(text=ODD, stdin=ODD)
def test_no_script_and_no_input_is_too_odd(text: bytes, stdin: bytes) -> None:
    word = b"'" + text.replace(b"'", b"'\"'\"'") + b"'"
    out, _ = said(["dash"], b"printf %s " + word + b"; cat; echo", stdin)
    assert out == b"\x1eMARK begin\n" + text + stdin + b"\n\x1eMARK 0\n"


def test_every_login_shell_can_quote_what_starts_it() -> None:
    assert not set("'!\n") & set(stays())
    assert "\\\\" not in stays()
    for login in (["fish", "-c"], ["zsh", "-c"], ["dash", "-c"], ["bash", "-c"]):
        if shutil.which(login[0]):
            lines = command_lines(b"echo it\\'s", "MARK", stdin_bytes=0, timeout_s=9)
            done = subprocess.run([*login, boot()], input=lines, capture_output=True, check=False)
            assert done.stdout.startswith(b"\x1eMARK begin\n"), login
