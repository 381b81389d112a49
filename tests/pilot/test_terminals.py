"""Every kind of terminal gets what it can show, and nothing else: the bytes on a pty."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsdash.core.terminal_answers import ASK_GROUND, ASK_WHO

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30.0
SGR = re.compile(rb"\x1b\[([0-9;]*)m")


class Pty:
    """The real program on a terminal of some kind; all that it sends is kept."""

    def __init__(
        self, home: Path, environ: Mapping[str, str], *flags: str, program: tuple[str, ...] = ()
    ) -> None:
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}
        env |= {"XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home), "PYTHONPATH": str(ROOT)}
        self.child = subprocess.Popen(
            [sys.executable, *(program or ("-m", "opsdash", "--demo", "3")), *flags],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={name: value for name, value in (env | dict(environ)).items() if value},
            cwd=home,
        )
        os.close(slave)
        self.output = b""

    def wait_for(self, *texts: bytes, since: int = 0) -> None:
        """Read until all of these were sent."""
        end = time.monotonic() + DEADLINE_S
        while not all(text in self.output[since:] for text in texts):
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                pytest.fail(f"{texts!r} did not appear; the end: {self.output[-600:]!r}")
            self.output += os.read(self.master, 65536)

    def type(self, keys: bytes) -> None:
        """What a person types, or the terminal answers."""
        os.write(self.master, keys)

    def end(self, keys: bytes = b"\x11") -> int:
        """Quit, and the exit code."""
        self.type(keys)
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.output += data
        return self.child.wait(timeout=DEADLINE_S)

    @property
    def colours(self) -> set[str]:
        """The kinds of colours that were sent: default, 16, 256, all."""
        found = set()
        for match in SGR.finditer(self.output):
            codes = match[1].decode().split(";")
            while codes:
                code = codes.pop(0)
                if code in ("38", "48"):
                    found.add({"5": "256", "2": "all"}[codes[0]])
                    del codes[: 2 if codes[0] == "5" else 4]
                elif code.isdigit() and (30 <= int(code) <= 47 or 90 <= int(code) <= 107):
                    found.add("default" if code in ("39", "49") else "16")
        return found


@contextmanager
def running(
    home: Path, environ: Mapping[str, str], *flags: str, program: tuple[str, ...] = ()
) -> Iterator[Pty]:
    """A program that ends with the test."""
    made = Pty(home, environ, *flags, program=program)
    try:
        yield made
    finally:
        if made.child.poll() is None:
            made.child.kill()
            made.child.wait()
        os.close(made.master)


@dataclass(frozen=True)
class Kind:
    """A kind of terminal, and what it should be sent."""

    environ: Mapping[str, str]
    colours: set[str]
    ascii: bool = False


XTERM = {"TERM": "xterm-256color"}
KINDS = {
    "xterm": Kind({"TERM": "xterm"}, {"16"}),
    "xterm-256color, mosh": Kind(XTERM, {"256"}),
    "truecolor": Kind({**XTERM, "COLORTERM": "truecolor"}, {"all"}),
    "tmux": Kind({"TERM": "tmux-256color", "TMUX": "/tmp/none,1,0"}, {"256"}),
    "screen": Kind({"TERM": "screen", "STY": "1.pts-0.here"}, {"16"}),
    "linux console": Kind({"TERM": "linux"}, {"16"}, ascii=True),
    "putty": Kind({"TERM": "putty"}, {"16"}),
    "no colour": Kind({**XTERM, "COLORTERM": "truecolor", "NO_COLOR": "1"}, set()),
    "LANG=C": Kind({**XTERM, "LANG": "C"}, {"256"}, ascii=True),
    "LC_ALL=C": Kind({**XTERM, "LC_ALL": "C"}, {"256"}, ascii=True),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_each_terminal_gets_what_it_can_show(kind: Kind, tmp_path: Path) -> None:
    with running(tmp_path, kind.environ) as pty:
        pty.wait_for(b"HOST", b"quit")
        pty.type(b":")  # a frame, a field and a list
        pty.wait_for(b"enter picks")
        pty.type(b"\x1b[B")
        assert pty.end() == 0
    assert pty.colours - {"default"} == kind.colours
    if kind.ascii:
        assert pty.output.isascii()
    else:
        assert not pty.output.isascii()
    assert b"Traceback" not in pty.output
    assert b"\x1b[?1049l" in pty.output


def test_the_linux_console_is_not_asked_what_it_would_print(tmp_path: Path) -> None:
    with running(tmp_path, {"TERM": "linux"}) as pty:
        pty.wait_for(b"HOST")
        assert pty.end() == 0
    assert b"$p" not in pty.output
    assert b"]11;" not in pty.output
    assert b"\x1b[>" not in pty.output


@pytest.mark.parametrize(
    ("environ", "flags", "colours"),
    [
        ({"TERM": "linux"}, ("--theme", "nord"), {"16"}),
        ({**XTERM, "NO_COLOR": "1"}, ("--theme", "nord"), {"256"}),
        (XTERM, ("--low-bandwidth",), {"16"}),
    ],
    ids=["16 of nord", "a flag over NO_COLOR", "low bandwidth"],
)
def test_flags_decide_before_the_terminal(
    environ: Mapping[str, str], flags: tuple[str, ...], colours: set[str], tmp_path: Path
) -> None:
    with running(tmp_path, environ, *flags) as pty:
        pty.wait_for(b"HOST")
        assert pty.end() == 0
    assert pty.colours - {"default"} == colours


def test_a_light_terminal_gets_a_light_theme_and_its_answer_is_no_key(tmp_path: Path) -> None:
    with running(tmp_path, {**XTERM, "COLORTERM": "truecolor"}) as pty:
        pty.wait_for(ASK_GROUND.encode(), ASK_WHO.encode(), b"HOST")
        pty.type(b"\x1b]11;rgb:ffff/fafa/f0f0\x1b\\\x1b[?62;22c")
        pty.wait_for(b"48;2;251;250;247")  # daylight's ground
        assert pty.end() == 0
    assert b"filter EXPRESSION" not in pty.output
    assert b"mute" not in pty.output


def test_a_terminal_that_says_its_ground_gets_the_theme_for_it(tmp_path: Path) -> None:
    environ = {**XTERM, "COLORTERM": "truecolor", "COLORFGBG": "0;15"}
    with running(tmp_path, environ) as pty:
        pty.wait_for(b"HOST", b"48;2;251;250;247")
        assert pty.end() == 0
    assert ASK_GROUND.encode() not in pty.output


def test_a_slow_link_is_noticed_and_said(tmp_path: Path) -> None:
    with running(tmp_path, XTERM) as pty:
        pty.wait_for(b"HOST")
        for number in range(1, 4):
            end = time.monotonic() + DEADLINE_S
            while pty.output.count(ASK_WHO.encode()) < number:
                assert time.monotonic() < end
                pty.output += os.read(pty.master, 65536)
            until = time.monotonic() + 0.2  # the link that is to be noticed
            while (left_s := until - time.monotonic()) > 0:
                if select.select([pty.master], [], [], left_s)[0]:
                    pty.output += os.read(pty.master, 65536)
            pty.type(b"\x1b[?62c")
        pty.wait_for(b"slow link", b"LOW BANDWIDTH :full")
        since = len(pty.output)
        pty.type(b":full\r")
        pty.wait_for(b"full bandwidth", b"38;5;", since=since)
        assert pty.end() == 0


def test_a_terminal_without_a_screen_gets_plain_status(tmp_path: Path) -> None:
    with running(tmp_path, {"TERM": "dumb"}) as pty:
        code = pty.end(b"")
    assert b"can't show a screen" in pty.output
    assert b"opsdash status" in pty.output
    assert b"HOST" in pty.output
    assert b"\x1b" not in pty.output
    assert code in (0, 1, 2, 3)


def test_sigterm_ends_it_though_the_terminal_stopped_reading(tmp_path: Path) -> None:
    with running(tmp_path, XTERM) as pty:
        pty.wait_for(b"HOST", b"quit")
        pty.type(b"C\x1b[B\x1b[B\r" * 15)  # more frames than the pty and the queue hold
        pty.child.send_signal(signal.SIGTERM)
        assert pty.child.wait(timeout=DEADLINE_S) == 0


def test_a_fault_of_our_own_is_a_sentence_after_the_screen(tmp_path: Path) -> None:
    script = str(ROOT / "tests" / "pilot" / "crash_in_a_pty.py")
    with running(tmp_path, XTERM, program=(script,)) as pty:
        assert pty.end(b"") == 1
        assert b"hunter2" not in pty.output
        assert b"Traceback" not in pty.output
        last = pty.output[pty.output.rindex(b"\x1b[?1049l") :]
        assert b"a fault of its own ended it (ZeroDivisionError)" in last
    (report,) = (tmp_path / "opsdash").glob("crash-*.txt")
    assert "hunter2" not in report.read_text(encoding="utf-8")


def test_a_fault_on_a_terminal_that_nobody_reads_ends_it_too(tmp_path: Path) -> None:
    script = str(ROOT / "tests" / "pilot" / "crash_in_a_pty.py")
    with running(tmp_path, XTERM, program=(script,)) as pty:
        os.set_blocking(pty.master, False)
        pty.type(b"?" * 2000)
        assert pty.child.wait(timeout=DEADLINE_S) == 1


def test_a_terminal_that_vanished_ends_it(tmp_path: Path) -> None:
    with running(tmp_path, XTERM) as pty:
        pty.wait_for(b"HOST")
        os.close(pty.master)  # the program has no controlling terminal, so no SIGHUP comes
        try:
            pty.child.wait(timeout=DEADLINE_S)
        finally:
            pty.master = os.open(os.devnull, os.O_RDONLY)
