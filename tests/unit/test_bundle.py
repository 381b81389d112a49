"""A bundle runs all due commands at once, and each answers, fails and floods for itself alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import pytest

from opsdash.core.discover import collectors
from opsdash.core.errors import HostError
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Output, Reading
from opsdash.transport.base import Completed
from opsdash.transport.bundle import bundle_script, collect_bundle, quote, split_bundle

NONCE = "c0ffee"
SHELLS = [
    *([["dash"]] if shutil.which("dash") else []),
    *([["bash"]] if shutil.which("bash") else []),
    *([["busybox", "sh"]] if shutil.which("busybox") else []),
]
every_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])


def parse(output: Output, host: str, at: float) -> Reading:
    return Reading(host, "made", at, {("status", ""): output.status}, ({"said": str(output.data)},))


def asks(command: str, name: str = "a", *, max_bytes: int = 1000) -> Collector:
    return Collector(name, name.upper(), Tier.FACTS, parse, command=command, max_bytes=max_bytes)


def section(number: object, content: str, ending: str = "end 0\n", nonce: str = NONCE) -> bytes:
    """A section as the script of a bundle prints it."""
    return f"\x1e{nonce} begin {number}\n{content}\x1e{nonce} {ending}".encode()


TWO = (asks("true", "a"), asks("true", "b"))


def run(shell: Sequence[str], due: Sequence[Collector]) -> dict[str, Output]:
    """The bundle, really run here."""
    script = bundle_script(due, NONCE)
    done = subprocess.run([*shell, "-s"], input=script, capture_output=True, check=False)
    assert done.stderr == b""
    return split_bundle(done.stdout, due, NONCE)


@every_shell
def test_every_command_answers_for_itself(shell: list[str]) -> None:
    due = [
        asks("echo one; echo two >&2", "fine"),
        asks("exit 3", "failing"),
        asks("cat", "reading stdin"),
        asks("printf 'it'\"'\"'s \\\\ $0'", "quoted"),
        asks("syntax error (", "broken"),
        asks("pwd; umask; echo $LC_ALL", "surroundings"),
    ]
    found = run(shell, due)
    assert found["fine"] == Output(b"one\ntwo\n")
    assert (found["failing"].data, found["failing"].status) == (b"", 3)
    assert found["reading stdin"] == Output()
    assert found["quoted"].data == b"it's \\ $0"
    assert found["broken"].status != 0
    assert found["surroundings"].data == b"/\n0077\nC\n"


@every_shell
def test_a_flood_is_cut_and_called_cut(shell: list[str]) -> None:
    flood = "i=0; while [ $i -lt 9 ]; do echo 123456789; i=$((i+1)); done"
    found = run(shell, [asks(flood, "over", max_bytes=89), asks(flood, "just", max_bytes=90)])
    assert (len(found["over"].data), found["over"].truncated) == (90, True)
    assert (len(found["just"].data), found["just"].truncated) == (90, False)


@every_shell
def test_every_shell_can_parse_the_bundle_of_all_collectors(shell: list[str]) -> None:
    due = [c for c in collectors().values() if c.tier is Tier.FACTS]
    script = bundle_script(due, NONCE)
    done = subprocess.run([*shell, "-n"], input=script, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_command_that_holds_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")


def test_sections_come_apart_with_their_status() -> None:
    data = b"motd\n" + section(0, "one\n") + section(1, "two", "end 127\n")
    assert split_bundle(data, TWO, NONCE) == {
        "a": Output(b"one\n"),
        "b": Output(b"two", status=127),
    }


@pytest.mark.parametrize(
    "ending", ["", "end", "end 0", "end 12", "ended 0\n", "begin 1\n", "x end 0\n", "\n"]
)
def test_a_section_without_its_whole_end_mark_is_not_used(ending: str) -> None:
    assert split_bundle(section(0, "one\n", ending), TWO, NONCE) == {}


def test_a_section_that_was_cut_by_the_next_costs_itself() -> None:
    data = b"\x1ec0ffee begin 0\nhalf" + section(1, "whole")
    assert split_bundle(data, TWO, NONCE) == {"b": Output(b"whole")}


@pytest.mark.parametrize("number", ["2", "9", "-1", "x", "", "0 0", "00", "9" * 5000])
def test_a_section_that_was_not_asked_for_is_dropped(number: str) -> None:
    data = section(number, "forged") + section(1, "two")
    assert split_bundle(data, TWO, NONCE) == {"b": Output(b"two")}


@pytest.mark.parametrize("status", ["", " ", " x", " -1", " 1 2", " " + "9" * 5000])
def test_a_status_that_is_none_is_a_failure(status: str) -> None:
    found = split_bundle(section(0, "one", f"end{status}\n"), TWO, NONCE)
    assert found["a"].status == 255


def test_marks_with_another_nonce_are_content() -> None:
    forged = section(1, "forged", nonce="decade").decode()
    found = split_bundle(section(0, forged), TWO, NONCE)
    assert found == {"a": Output(forged.encode())}


class Answering:
    """A host that answers the script of a bundle with sections that a test made."""

    def __init__(self, *sections: tuple[object, str, str]) -> None:
        self._sections = sections
        self.asked: dict[str, object] = {}

    async def __call__(self, script: bytes, **limits: object) -> Completed:
        self.asked = limits
        found = re.match(rb"N=(\w+)\n", script)
        assert found
        nonce = found[1].decode()
        data = b"".join(section(*parts, nonce=nonce) for parts in self._sections)
        return Completed(0, data, b"")


async def test_every_collector_gets_a_reading_whole_or_not() -> None:
    whole, half = await collect_bundle(Answering((0, "one", "end 3\n"), (1, "x", "")), TWO, "web1")
    assert (whole.host, whole.samples) == ("web1", {("status", ""): 3})
    assert half.problem == Problem(ProblemKind.BAD_OUTPUT, "B: the answer is incomplete")
    assert (half.samples, half.rows) == ({}, ())


@pytest.mark.parametrize("status", [124, 137, 143])
async def test_a_command_that_was_too_slow_is_a_timeout_and_not_parsed(status: int) -> None:
    (slow,) = await collect_bundle(Answering((0, "half", f"end {status}\n")), TWO[:1], "web1")
    assert slow.problem == Problem(ProblemKind.TIMEOUT, "A: no answer within 5s")


@pytest.mark.parametrize("status", [0, 137, 141])
async def test_a_flood_is_not_parsed_though_its_writer_was_killed(status: int) -> None:
    answer = Answering((0, "x" * 1001, f"end {status}\n"))
    (flooded,) = await collect_bundle(answer, TWO[:1], "web1")
    assert flooded.problem == Problem(ProblemKind.TRUNCATED, "A: more than 1000 bytes")
    assert flooded.rows == ()


async def test_the_whole_may_take_as_long_and_be_as_large_as_its_parts() -> None:
    due = (replace(TWO[0], timeout_s=30.0), TWO[1])
    answer = Answering()
    await collect_bundle(answer, due, "web1")
    assert answer.asked["timeout_s"] == 30 + 5 + 2 + 2
    assert answer.asked["max_bytes"] == 2 * (1000 + 200) + 8192


async def test_a_connection_that_breaks_is_not_hidden() -> None:
    async def lost(script: bytes, **limits: object) -> Completed:
        raise HostError(Problem(ProblemKind.LOST, "lost"))

    with pytest.raises(HostError, match="lost"):
        await collect_bundle(lost, TWO, "web1")


class Stuck(Answering):
    """A host that answers some sections, and then nothing until the time is over."""

    async def __call__(self, script: bytes, **limits: object) -> Completed:
        done = await super().__call__(script, **limits)
        raise HostError(Problem(ProblemKind.TIMEOUT, "no answer within 14s"), done.stdout)


async def test_what_a_host_answered_before_it_hung_is_not_lost() -> None:
    whole, hung = await collect_bundle(Stuck((0, "one", "end 3\n"), (1, "x", "")), TWO, "web1")
    assert whole.samples == {("status", ""): 3}
    assert hung.problem == Problem(ProblemKind.TIMEOUT, "B: no answer within 14s")


async def test_a_host_that_answered_nothing_in_time_is_told_as_one_failure() -> None:
    with pytest.raises(HostError, match="no answer within 14s"):
        await collect_bundle(Stuck(), TWO, "web1")
