"""Logs are read from where they were left: through rotation, truncation, breaks and seams."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from opsdash.collectors.log_containers import Container
from opsdash.collectors.log_files import MOST_FILES, Files
from opsdash.collectors.log_journal import Journal
from opsdash.collectors.log_kernel import Kernel
from opsdash.collectors.log_lines import LINE_BYTES, Lines
from opsdash.collectors.log_sources import MOST_SOURCES, sources_of
from opsdash.collectors.log_survey import Survey
from opsdash.collectors.log_syslogd import Logread
from opsdash.core.host import Host
from opsdash.core.log_record import LogEntry, LogGap, LogQuery, LogRecord

NOW = 1_795_851_482.0
SHELLS = [
    pytest.param(shell, id=shell[0])
    for shell in (["dash"], ["bash"], ["busybox", "sh"])
    if shutil.which(shell[0])
]


def said(entries: list[LogEntry]) -> list[str]:
    """The texts; a gap in angle brackets."""
    return [one.text if isinstance(one, LogRecord) else f"<{one.why}>" for one in entries]


class Reading:
    """A file's source whose script a shell here runs, beat by beat."""

    def __init__(self, shell: list[str], source: Files, folder: Path) -> None:
        self._shell, self.source, self._script = shell, source, folder / "script.sh"
        self._process: subprocess.Popen[bytes] | None = None

    def once(self) -> list[str]:
        """What was there before."""
        done = subprocess.run(
            self._shell,
            input=self.source.script(follow=False),
            capture_output=True,
            check=True,
            timeout=30,
        )
        assert done.stderr == b""
        return said(self.source.feed(done.stdout, NOW) + self.source.end(NOW))

    def beats(self, count: int) -> list[str]:
        """What comes in so many beats, of a shell that ends with the last one."""
        self._script.write_bytes(self.source.script(follow=True))
        done = subprocess.run(
            [*self._shell, str(self._script)],
            input=b"1\n" * count,
            capture_output=True,
            check=False,
            timeout=30,
        )
        found = said(self.source.feed(done.stdout, NOW))
        self.source.cut()
        return found

    def begin(self) -> None:
        """Run the script until end()."""
        self._script.write_bytes(self.source.script(follow=True))
        write(self.fence, "fence")
        self._process = subprocess.Popen(
            [*self._shell, str(self._script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._until_fence()

    def beat(self, wanted: int) -> list[str]:
        """What comes until there are so many lines. A beat is over when the line of the last file
        has come; what is written meanwhile may come with it or with the next one.
        """
        assert self._process is not None
        assert self._process.stdin
        found: list[str] = []
        until = time.monotonic() + 10
        while len(found) < wanted and time.monotonic() < until:
            write(self.fence, "fence")
            self._process.stdin.write(b"1\n")
            self._process.stdin.flush()
            found += self._until_fence()
        return found

    def _until_fence(self) -> list[str]:
        assert self._process is not None
        assert self._process.stdout
        found: list[LogEntry] = []
        while "fence" not in said(found):
            data = self._process.stdout.read1(65_536)  # type: ignore[attr-defined]
            assert data, "the shell ended"
            found += self.source.feed(data, NOW)
        return [text for text in said(found) if text != "fence"]

    fence: Path

    def end(self) -> None:
        """The end of its input ends it."""
        assert self._process is not None
        self._process.communicate(timeout=10)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    """A shell that hosts have."""
    assert isinstance(request.param, list)
    return request.param


def files(folder: Path, shell: list[str], lines: int | None = 2) -> tuple[Path, Reading]:
    """A log in a folder, and a reading of it."""
    log, fence = folder / "app.log", folder / "fence"
    fence.touch()
    source = Files("h", [str(log), str(fence)], LogQuery(lines=lines), Survey(), "m4rk")
    reading = Reading(shell, source, folder)
    reading.fence = fence
    return log, reading


def write(path: Path, *lines: str) -> None:
    """Append."""
    with path.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def test_the_last_lines_come_first_and_then_what_is_new(shell: list[str], tmp_path: Path) -> None:
    log, reading = files(tmp_path, shell)
    write(log, "one", "two", "three")
    assert reading.once() == ["two", "three"]
    write(log, "four")
    assert reading.beats(1) == ["four"]
    assert reading.beats(2) == []


def test_a_rotation_while_it_is_read_loses_nothing_and_doubles_nothing(
    shell: list[str], tmp_path: Path
) -> None:
    log, reading = files(tmp_path, shell)
    write(log, "one")
    reading.once()
    reading.begin()
    write(log, "two")
    old = log.rename(tmp_path / "app.log.1")
    write(old, "late, in the old file")
    assert reading.beat(2) == ["two", "late, in the old file"]
    write(log, "first of the new file")
    write(old, "later still")
    assert sorted(reading.beat(2)) == ["first of the new file", "later still"]
    write(old, "the very last")
    write(log, "second")
    assert sorted(reading.beat(2)) == ["second", "the very last"]
    log.write_text("cut and written anew\n")
    assert reading.beat(2) == ["<the file was cut short>", "cut and written anew"]
    reading.end()


def test_a_rotation_while_nobody_reads_is_caught_up_with(shell: list[str], tmp_path: Path) -> None:
    log, reading = files(tmp_path, shell)
    write(log, "one")
    reading.once()
    write(log, "two")
    log.rename(tmp_path / "app.log.1")
    write(log, "three", "four")
    assert reading.beats(1) == ["two", "three", "four"]


def test_what_was_removed_while_nobody_read_is_told_as_a_gap(
    shell: list[str], tmp_path: Path
) -> None:
    log, reading = files(tmp_path, shell)
    write(log, "one")
    reading.once()
    log.unlink()
    (tmp_path / "takes-the-inode").touch()
    write(log, "three")
    assert reading.beats(1) == ["<the file was replaced while nobody read it>", "three"]


def test_another_file_under_the_old_inode_is_told_from_the_one_that_was_read(
    shell: list[str], tmp_path: Path
) -> None:
    log, reading = files(tmp_path, shell)
    write(log, "one", "two")
    reading.once()
    log.write_text("what is here was never read before\n")
    found = reading.beats(1)
    assert found[0] == "<another file is in the place of the one that was read>"
    assert found[1:] == ["what is here was never read before"]


def test_half_a_line_at_a_break_comes_once_and_whole(shell: list[str], tmp_path: Path) -> None:
    log, reading = files(tmp_path, shell)
    log.write_text("one\nhalf")
    assert reading.once() == ["one"]
    assert reading.beats(1) == []
    with log.open("a") as file:
        file.write(" and whole\n")
    assert reading.beats(1) == ["half and whole"]


def test_since_reads_what_was_rotated_away_too(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    write(log, "packed")
    subprocess.run(["gzip", str(log)], check=True)
    (tmp_path / "app.log.gz").rename(tmp_path / "app.log.2.gz")
    write(tmp_path / "app.log.1", "before")
    write(log, "now")
    query = LogQuery(lines=None, since_s=time.time() - 3600)
    reading = Reading(shell, Files("h", [str(log)], query, Survey(), "m4rk"), tmp_path)
    assert sorted(reading.once()) == ["before", "now", "packed"]


def test_a_file_that_comes_later_is_read_from_its_begin(shell: list[str], tmp_path: Path) -> None:
    log, reading = files(tmp_path, shell)
    assert reading.once() == []
    (notice,) = reading.source.complain(b"")
    assert notice.text.startswith("h: there is no")
    reading.begin()
    write(log, "born")
    assert reading.beat(1) == ["born"]
    reading.end()


def entry(number: int, text: str = "") -> bytes:
    """A line of the journal."""
    fields = {"__CURSOR": f"s=ab;i={number:x}", "MESSAGE": text or f"m{number}"}
    fields["__REALTIME_TIMESTAMP"] = str(1_795_851_000_000_000 + number)
    return json.dumps(fields).encode() + b"\n"


def test_the_journal_goes_on_at_its_cursor_and_the_entry_there_does_not_come_twice() -> None:
    source = Journal("h", LogQuery(), Survey(picks_fields=True), NOW)
    assert b" -n 10" in source.script(follow=False)
    source.feed(entry(1) + entry(2) + entry(3)[:20], NOW)
    source.cut()
    assert b"--cursor='s=ab;i=2'" in source.script(follow=True)
    assert said(source.feed(entry(2) + entry(3), NOW)) == ["m3"]


def test_a_journal_without_the_cursor_tells_a_gap() -> None:
    source = Journal("h", LogQuery(), Survey(), NOW)
    source.feed(entry(2), NOW)
    source.script(follow=True)
    gap, record = source.feed(entry(9), NOW)
    assert isinstance(gap, LogGap)
    assert gap.from_s == pytest.approx(1_795_851_000.000002)
    assert isinstance(record, LogRecord)


def test_an_empty_journal_is_followed_from_when_the_host_was_asked() -> None:
    source = Journal("h", LogQuery(), Survey(), NOW)
    source.script(follow=False)
    source.end(NOW)
    assert f"--since=@{NOW:.6f}".encode() in source.script(follow=True)


def test_what_is_asked_of_the_journal_is_quoted() -> None:
    query = LogQuery(
        units=("x'; reboot #",), priority=3, since_s=10.0, lines=None, grep="disk full"
    )
    script = Journal("h", query, Survey(greps=True, ahead_s=5.0), NOW).script(follow=False)
    assert b"""-u 'x'"'"'; reboot #'""" in script
    assert b"-p 3" in script
    assert b"--since=@15.0" in script
    assert b"--grep='disk full'" in script
    odd = Journal("h", LogQuery(grep="a{2}|b"), Survey(greps=True), NOW)
    # left to us: two languages may differ
    assert b"--grep" not in odd.script(follow=False)
    assert b" -n 5000" in odd.script(follow=False)


def test_a_containers_lines_at_the_seam_do_not_come_twice() -> None:
    source = Container("h", "shop", LogQuery(), Survey(tools=frozenset({"podman"})))
    lines = b"2026-11-28T07:34:31.5Z a\n2026-11-28T07:34:32.5Z b\n2026-11-28T07:34:32.5Z c\n"
    assert said(source.feed(lines, NOW)) == ["a", "b", "c"]
    assert b"since='2026-11-28T07:34:32.5Z'" in source.script(follow=True)
    again = b"2026-11-28T07:34:32.5Z b\n2026-11-28T07:34:32.5Z c\n2026-11-28T07:34:32.5Z c\n"
    assert said(source.feed(again, NOW)) == ["c"]


def test_a_container_is_asked_of_whose_it_is_and_one_that_is_not_there_is_told(
    shell: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, inspects in (("podman", "exit 125"), ("docker", "exit 0")):
        tool = tmp_path / name
        lines = "echo 2026-11-28T07:34:31Z out; echo 2026-11-28T07:34:32Z err >&2"
        words = "Error: no such container"
        tool.write_text(
            f'#!/bin/sh\n[ "$1" = inspect ] && {{ echo "{words}" >&2; {inspects}; }}\n{lines}\n'
        )
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def asked(*tools: str) -> tuple[list[str], list[str], int]:
        source = Container("h", "shop", LogQuery(), Survey(tools=frozenset(tools)))
        script = source.script(follow=False)
        done = subprocess.run(shell, input=script, capture_output=True, check=False, timeout=30)
        notices = [one.text for one in source.complain(done.stderr)]
        return said(source.feed(done.stdout, NOW)), notices, done.returncode

    assert asked("podman", "docker") == (["out", "err"], [], 0)
    missing = "h: container shop: Error: no such container"
    assert asked("podman") == ([], [missing], 3)
    none = "h: container shop: neither podman nor docker is there"
    assert asked() == ([], [none], 3)


def test_the_kernels_lines_that_come_again_are_left_out() -> None:
    source = Kernel("h", LogQuery(), Survey(booted_s=100.0))
    lines = b"<6>[ 1.000000] a\n<6>[ 2.000000] b\n"
    assert said(source.feed(lines, NOW)) == ["a", "b"]
    assert said(source.feed(lines + b"<6>[ 2.000000] c\n<6>[ 3.000000] d\n", NOW)) == ["c", "d"]


def test_a_ring_that_comes_again_goes_on_behind_what_was_read_or_tells_a_gap() -> None:
    source = Logread("h", LogQuery(), Survey())
    source.script(follow=False)
    source.feed(b"a\nb\nb\n", NOW)
    source.script(follow=True)
    assert said(source.feed(b"a\nb\nb\nc\n\x1ering\nd\n", NOW)) == ["c", "d"]
    source.script(follow=True)
    assert said(source.feed(b"x\ny\n\x1ering\n", NOW))[1:] == ["x", "y"]


def test_a_host_is_asked_for_what_it_has_and_it_is_said_what_may_not_be_read() -> None:
    def names(query: LogQuery, survey: Survey) -> tuple[list[str], list[str]]:
        found, told = sources_of(Host("h"), query, survey, now_s=NOW, mark="m4rk")
        return [one.name for one in found], [one.text for one in told]

    log, auth = "/var/log/syslog", "/var/log/auth.log"
    plain = Survey(files=((log, True), (auth, False)))
    assert names(LogQuery(), Survey(journal=True)) == (["journal"], [])
    assert names(LogQuery(), plain) == ([log], [f"h: this account may not read {auth}"])
    assert names(LogQuery(kernel=True), plain)[0] == ["kernel"]
    assert names(LogQuery(), Survey(tools=frozenset({"logread"})))[0] == ["logread"]
    assert names(LogQuery(), Survey()) == ([], ["h: neither a journal nor a syslog was found"])
    own = Survey(journal=True, own_lines_only=True)
    assert names(LogQuery(), own)[1] == [
        "h: this account may read only its own lines of the journal"
    ]
    many = LogQuery(files=("/a",), containers=("a", "b", "c", "d"), units=("x",))
    found, told = names(many, Survey(journal=True))
    assert len(found) == MOST_SOURCES
    assert "container d, journal are left out" in told[0]
    assert len(names(LogQuery(files=tuple("abcde")), plain)[0]) == -(-5 // MOST_FILES)


def test_a_file_is_looked_through_further_than_lines_are_wanted_of_it() -> None:
    def script(query: LogQuery) -> bytes:
        found, _ = sources_of(Host("h"), query, Survey(), now_s=NOW, mark="m4rk")
        return found[0].script(follow=False)

    assert b"lines='7'" in script(LogQuery(files=("/a",), lines=7))
    assert b"lines='5000'" in script(LogQuery(files=("/a",), lines=7, grep="x"))
    assert b"lines='0'" in script(LogQuery(files=("/a",), lines=0, grep="x"))


def test_a_line_of_many_megabytes_takes_no_more_than_its_limit() -> None:
    lines = Lines()
    for _ in range(40):
        assert lines.feed(b"x" * 100_000) == []
    assert lines.held_bytes == LINE_BYTES
    assert lines.feed(b"\nnext\n") == [b"x" * LINE_BYTES, b"next"]
