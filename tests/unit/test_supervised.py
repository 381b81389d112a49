"""The shell that stays beside a command, by each shell that a host may have as its sh."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.transport import supervised
from opsdash.transport.base import Around, Order
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


def said(
    argv: list[str], script: bytes, stdin: bytes = b"", around: Around | None = None
) -> tuple[bytes, bytes]:
    """Both outputs, the input held open until the end was told."""
    with started(argv) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        order = Order(script, timeout_s=20, around=around)
        lines = command_lines(order, "MARK", stdin_bytes=len(stdin))
        running.stdin.write(lines + stdin + (end_of_input("MARK") if stdin else b""))
        running.stdin.flush()
        out = b""
        while not out.endswith(b"\n") or b"\x1eMARK " not in out.partition(b"\x1eMARK begin\n")[2]:
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
        lines = command_lines(Order(b"sleep 19 & sleep 19"), "MARK", stdin_bytes=0)
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
        lines = command_lines(Order(b"sleep 19", timeout_s=1), "MARK", stdin_bytes=len(stdin))
        running.stdin.write(lines + stdin[:70_000])
        running.stdin.flush()
        assert running.stdout.read() == b"\x1eMARK begin\n\x1eMARK 143\n"
        running.stdin.close()


@pytest.mark.parametrize("argv", SHELLS)
def test_every_shell_ends_the_command_whose_input_is_cut(argv: list[str]) -> None:
    with started(argv) as running:
        lines = command_lines(Order(b"cat; echo all"), "MARK", stdin_bytes=100)
        out, _ = running.communicate(lines + b"only this", timeout=20)
    assert b"all\n" not in out
    assert out.endswith(b"\x1eMARK 143\n")


AROUND = Around(b"""
before() {
  echo "it's before"
  %s
}
after() { echo after >"$OUT"; echo unheard; }
""")


@pytest.mark.parametrize("argv", SHELLS)
def test_something_is_done_around_a_command_that_ends(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUT", str(tmp_path / "after"))
    around = replace(AROUND, functions=AROUND.functions % b":")
    out, _ = said(argv, b"cat; exec false", b"input\n", around)
    assert out == b"it's before\n\x1eMARK begin\ninput\n\x1eMARK 1\n"
    assert (tmp_path / "after").read_text() == "after\n"


@pytest.mark.parametrize("argv", SHELLS)
def test_something_is_done_around_a_command_that_is_ended(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUT", str(tmp_path / "after"))
    around = replace(AROUND, functions=AROUND.functions % b":")
    lines = command_lines(Order(b"sleep 19", around=around), "MARK", stdin_bytes=0)
    with started(argv) as running:
        out, _ = running.communicate(lines, timeout=20)
    assert out == b"it's before\n\x1eMARK begin\n\x1eMARK 143\n"
    assert (tmp_path / "after").read_text() == "after\n"


@pytest.mark.parametrize("argv", SHELLS)
def test_a_command_is_not_run_where_what_comes_before_it_fails(argv: list[str]) -> None:
    around = replace(AROUND, functions=AROUND.functions % b"return 3")
    out, _ = said(argv, b"echo never", around=around)
    assert out == b"it's before\n\x1eMARK begin\n\x1eMARK 1\n"


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
            lines = command_lines(Order(b"echo it\\'s"), "MARK", stdin_bytes=0)
            done = subprocess.run([*login, boot()], input=lines, capture_output=True, check=False)
            assert done.stdout.startswith(b"\x1eMARK begin\n"), login
