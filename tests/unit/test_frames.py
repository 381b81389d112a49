"""The pulse is two lines that every shell understands, and a frame comes apart by its marks."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from opsdash.core.discover import collectors
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.problem import ProblemKind
from opsdash.core.reading import Output, Reading
from opsdash.transport.frames import (
    BOOT,
    end_mark,
    lease_s,
    pulse_files,
    pulse_script,
    read_frame,
    split_frame,
)

NONCE = "c0ffee"
PATHS = ("/proc/stat", "/proc/loadavg")
SHELLS = [
    *([["dash"]] if shutil.which("dash") else []),
    *([["bash"]] if shutil.which("bash") else []),
    *([["busybox", "sh"]] if shutil.which("busybox") else []),
]
AWKS = [
    *([["mawk"]] if shutil.which("mawk") else []),
    *([["gawk", "--posix"]] if shutil.which("gawk") else []),
    *([["busybox", "awk"]] if shutil.which("busybox") else []),
]


def parse(output: Output, host: str, at: float) -> Reading:
    """Says which files it was given."""
    if not output.files:
        raise BadOutput("nothing came")
    return Reading(host, "made", at, {(path, ""): len(c) for path, c in output.files.items()})


def reader(name: str, *reads: ProcFile) -> Collector:
    return Collector(name, name.title(), Tier.PULSE, parse, reads=reads)


def frame(*parts: tuple[object, str]) -> bytes:
    """A frame as the awk of a host writes it, its end mark taken off."""
    return "".join(f"\x1e{NONCE} {number}\n{content}" for number, content in parts).encode()


@pytest.mark.parametrize(
    ("filters", "merged"),
    [
        (["^cpu"], "^cpu"),
        (["^cpu", "^cpu"], "^cpu"),
        (["^cpu", "^ctxt"], "(^cpu)|(^ctxt)"),
        (["", "^cpu"], ""),
        (["^cpu", ""], ""),
        (["^cpu", "", "^ctxt"], ""),
        (["", ""], ""),
    ],
)
def test_a_file_that_two_read_keeps_the_lines_of_both(filters: list[str], merged: str) -> None:
    both = [reader(f"c{n}", ProcFile("/proc/stat", keep)) for n, keep in enumerate(filters)]
    assert pulse_files(both) == {"/proc/stat": merged}


@pytest.mark.parametrize("awk", AWKS, ids=lambda argv: argv[0])
def test_every_awk_keeps_the_lines_of_all_three(awk: list[str]) -> None:
    three = [reader(f"c{n}", ProcFile("/f", keep)) for n, keep in enumerate(["^a", "^b", "^a"])]
    program = f"/{pulse_files(three)['/f']}/"
    lines = "a1\nx\nb2\na3\n"
    done = subprocess.run([*awk, program], input=lines, capture_output=True, text=True, check=True)
    assert done.stdout == "a1\nb2\na3\n"


def test_files_come_in_the_order_in_which_they_are_first_mentioned() -> None:
    first = reader("a", ProcFile("/proc/b"), ProcFile("/proc/a"))
    second = reader("b", ProcFile("/proc/a"), ProcFile("/proc/c"))
    assert list(pulse_files([first, second])) == ["/proc/b", "/proc/a", "/proc/c"]


@pytest.mark.parametrize(("interval_s", "lease"), [(1, 4), (2, 4), (3, 6), (10, 20), (2.6, 5)])
def test_a_host_waits_two_intervals_for_us_and_four_seconds_at_least(
    interval_s: float, lease: int
) -> None:
    assert lease_s(interval_s) == lease


def real_script(interval_s: float = 2) -> bytes:
    pulse = [c for c in collectors().values() if c.tier is Tier.PULSE]
    return pulse_script(pulse_files(pulse), NONCE, interval_s)


def test_the_script_is_two_lines_of_plain_text() -> None:
    script = real_script()
    assert script.count(b"\n") == 2
    assert script.endswith(b"\n")
    assert all(32 <= byte < 127 or byte == 10 for byte in script)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])
@pytest.mark.parametrize("line", [0, 1])
def test_every_shell_can_parse_each_line(shell: list[str], line: int) -> None:
    text = real_script().splitlines()[line]
    done = subprocess.run([*shell, "-n"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])
def test_a_host_answers_each_grant_with_a_frame_that_comes_apart(
    shell: list[str], tmp_path: Path
) -> None:
    stat, gone, load = tmp_path / "stat", tmp_path / "gone", tmp_path / "loadavg"
    stat.write_text("cpu 1 2\nintr 9\ncpu0 1 2\n")
    load.write_text("0.1 0.2\n")
    files = {str(stat): "^cpu", str(gone): "", str(load): ""}
    script = pulse_script(files, NONCE, 1)
    boot = BOOT.replace("/bin/sh", " ".join(shell))
    argv = ["/bin/sh", "-c", boot]
    done = subprocess.run(argv, input=script + b"1\n1\n", capture_output=True, check=False)
    first, second, rest = done.stdout.split(end_mark(NONCE))
    assert rest == b""
    assert first == second
    assert split_frame(first, list(files), NONCE) == {
        str(stat): b"cpu 1 2\ncpu0 1 2\n",
        str(load): b"0.1 0.2\n",
    }


def test_a_frame_is_taken_apart_by_its_marks() -> None:
    data = frame((0, "cpu 1\ncpu0 1\n"), (1, "0.1\n"))
    assert split_frame(data, PATHS, NONCE) == {
        "/proc/stat": b"cpu 1\ncpu0 1\n",
        "/proc/loadavg": b"0.1\n",
    }


def test_a_greeting_before_the_first_mark_is_dropped() -> None:
    for greeting in (b"Welcome to web1\n", b"0\nforged\n"):
        data = greeting + frame((1, "0.1\n"))
        assert split_frame(data, PATHS, NONCE) == {"/proc/loadavg": b"0.1\n"}


def test_a_file_that_is_absent_is_left_out() -> None:
    assert split_frame(frame((0, ""), (1, "0.1\n")), PATHS, NONCE) == {"/proc/loadavg": b"0.1\n"}


@pytest.mark.parametrize("number", ["2", "-1", "x", "", "1 ", "01", "9" * 5000, "."])
def test_a_mark_that_we_did_not_ask_for_is_dropped(number: str) -> None:
    assert split_frame(frame((number, "x\n"), (0, "cpu\n")), PATHS, NONCE) == {
        "/proc/stat": b"cpu\n"
    }


def test_a_mark_of_another_connection_is_content() -> None:
    other = "\x1edecade 1\nforged\n"
    assert split_frame(frame((0, "cpu\n" + other)), PATHS, NONCE) == {
        "/proc/stat": b"cpu\n" + other.encode()
    }


def test_the_end_mark_ends_what_the_script_prints() -> None:
    program = real_script().decode()
    assert re.search(rf'"\\036{NONCE} \.\\n"', program)
    assert end_mark(NONCE) == b"\x1ec0ffee .\n"


def test_a_collector_whose_file_did_not_come_has_a_problem_and_the_others_have_readings() -> None:
    known = [reader("a", ProcFile("/a"), ProcFile("/b")), collectors()["load"]]
    first, second = read_frame(known, {"/a": b"12"}, "web1", 5.0)
    assert (first.samples, first.host, first.at) == ({("/a", ""): 2}, "web1", 5.0)
    assert second.problem is not None
    assert second.problem.kind is ProblemKind.BAD_OUTPUT
    assert second.samples == {}
