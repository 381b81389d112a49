"""A command of the user is a log: to its end, while it goes on, and with what it complains of."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import pytest

from opsdash.collectors.log_commands import BEATS_AT_MOST, CommandLog
from opsdash.collectors.log_lines import FEW_NOTICES
from opsdash.collectors.log_sources import asks_nothing_of, missing_on, sources_of
from opsdash.collectors.log_survey import Survey
from opsdash.core.host import Host
from opsdash.core.log_record import LogEntry, LogGap, LogQuery, LogRecord
from opsdash.core.named_log import NamedLog
from tests.waiting import wait_for

NOW = 1_795_851_482.0
SHELLS = [
    pytest.param(shell, id=shell[0])
    for shell in (["dash"], ["bash"], ["busybox", "sh"])
    if shutil.which(shell[0])
]


def said(entries: list[LogEntry]) -> list[str]:
    """The texts; a gap in angle brackets."""
    return [one.text if isinstance(one, LogRecord) else f"<{one.why}>" for one in entries]


def source(command: str = "x", query: LogQuery | None = None) -> CommandLog:
    log = NamedLog("queue", command=command)
    return CommandLog("h", log, query or LogQuery(), Survey(zone_s=3600.0), "m4rk")


def mark(word: str) -> bytes:
    return f"\n\x1em4rk {word}\n".encode()


class Ran:
    """A script of a source run by a shell as a host does it, in a session of its own. The beats
    come when the first line is there; `over` says that none will come any more.
    """

    def __init__(
        self, shell: list[str], one: CommandLog, *, follow: bool, beats: int = 0, over: bool = False
    ) -> None:
        argv = [*shell, "-c", one.script(follow=follow).decode()]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            argv, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        ) as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            first = process.stdout.readline()
            process.stdin.write(b"1\n" * beats)
            process.stdin.flush()
            if over:
                process.stdin.close()
            self.texts = said(one.feed(first + process.stdout.read(), NOW) + one.end(NOW))
            notices = one.complain(process.stderr.read())
        self.notices = [(notice.text, notice.hint) for notice in notices]
        self._group = process.pid

    def left(self) -> bool:
        """Whether something of its session still runs."""
        try:
            os.killpg(self._group, signal.SIGCONT)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    """A shell that hosts have."""
    assert isinstance(request.param, list)
    return request.param


def test_a_command_is_read_to_its_end_and_the_last_lines_count(shell: list[str]) -> None:
    ran = Ran(shell, source("seq 5; printf half", LogQuery(lines=2)), follow=False)
    assert ran.texts == ["5", "half"]
    assert ran.notices == []
    assert Ran(shell, source("seq 3", LogQuery(lines=None)), follow=False).texts == ["1", "2", "3"]


def test_a_command_is_a_line_of_a_shell_whose_words_stay_what_they_are(shell: list[str]) -> None:
    command = """printf '%s\\n' "it's" '$HOME' | grep -v nothing; cat"""
    assert Ran(shell, source(command), follow=False).texts == ["it's", "$HOME"]


def test_one_that_fails_says_so_with_its_last_words_and_what_to_do(shell: list[str]) -> None:
    ran = Ran(shell, source("echo a; echo why >&2; printf 'and how' >&2; exit 4"), follow=False)
    assert ran.texts == ["a"]
    words = "h: source queue: its command failed with exit status 4: why / and how"
    hint = "try it there as the user who logs in: sudo is not used for it"
    assert ran.notices == [(words, hint)]
    ((words, hint),) = Ran(shell, source("no-such-program -x"), follow=True).notices
    assert "its command failed with exit status 127: " in words
    assert "not found" in words
    assert hint == "give the whole path of its program in hosts.yaml"


async def test_one_that_goes_on_is_ended_after_some_beats_with_all_that_it_began(
    shell: list[str],
) -> None:
    one = source("echo first; sleep 60 | sleep 61")
    ran = Ran(shell, one, follow=False, beats=BEATS_AT_MOST)
    assert ran.texts == ["first"]
    words = "h: source queue: its command went on for 20s and was ended"
    assert ran.notices == [(words, "--follow goes on with it")]
    await wait_for(lambda: not ran.left(), what="the end of its session")


async def test_one_that_is_followed_ends_with_its_beats_and_nothing_is_left(
    shell: list[str],
) -> None:
    ran = Ran(shell, source("echo first; sleep 60 | sleep 61"), follow=True, beats=9, over=True)
    assert ran.texts == ["first"]
    assert ran.notices == []
    await wait_for(lambda: not ran.left(), what="the end of its session")


async def test_what_a_command_left_behind_is_ended_with_it(shell: list[str]) -> None:
    ran = Ran(shell, source("sleep 60 >/dev/null 2>&1 & echo done"), follow=True)
    assert ran.texts == ["done"]
    await wait_for(lambda: not ran.left(), what="the end of its session")


def test_what_is_followed_has_nothing_older() -> None:
    one = source("tail -F /q", LogQuery(follow=True))
    assert one.script(follow=False) == b":\n"
    assert b"command='tail -F /q'" in one.script(follow=True)


def test_a_time_at_the_begin_is_understood_and_else_there_is_none() -> None:
    one = source(query=LogQuery(follow=True))
    one.script(follow=True)
    lines = b"2026-11-28T08:34:31 ERROR failed\n\tat x\nNov 28 08:34:32 h sshd[7]: hello\n"
    timed, bare, syslog = one.feed(lines, NOW)
    assert isinstance(timed, LogRecord)
    assert isinstance(syslog, LogRecord)
    assert (timed.at_s, timed.priority, timed.program) == (1_795_851_271.0, 3, "queue")
    assert (timed.source, bare.at_s) == ("source queue", None)
    assert (syslog.at_s, syslog.program, syslog.pid) == (1_795_851_272.0, "sshd", 7)


def test_after_a_break_it_is_begun_again_and_a_gap_is_told() -> None:
    one = source(query=LogQuery(follow=True))
    one.script(follow=False)
    one.cut()
    one.script(follow=True)
    assert said(one.feed(b"a\nb\nhal", NOW)) == ["a", "b"]
    one.cut()
    one.script(follow=False)
    one.script(follow=True)
    gap, record = one.feed(b"c\n", NOW + 60)
    assert isinstance(gap, LogGap)
    assert said([gap, record]) == ["<a command can't be gone on with: it was begun again>", "c"]
    assert (gap.source, gap.from_s, gap.until_s) == ("source queue", NOW, NOW + 60)
    assert said(one.feed(b"d\n", NOW + 61)) == ["d"]


def test_what_one_that_goes_on_complains_of_is_told_at_once_and_not_without_end() -> None:
    one = source(query=LogQuery(follow=True))
    one.script(follow=True)
    assert one.complain(b"tail: cannot open 'q'\n") == []
    (notice,) = one.complain(mark("on"))
    assert notice.text == "h: source queue: tail: cannot open 'q'"
    assert [one.text for one in one.complain(b"tail: cannot open 'q'\nanother\n")] == [
        "h: source queue: another"
    ]
    many = b"".join(b"complaint %d\n" % number for number in range(50))
    assert len(one.complain(many)) == FEW_NOTICES - 2
    assert len(one.complain(mark("1"))) == 1


def test_one_that_ends_well_says_nothing_of_its_chatter() -> None:
    one = source()
    one.script(follow=False)
    assert one.complain(b"3 files read\n" + mark("0")) == []


HOST = Host(
    "h",
    logs=(
        NamedLog("app", "/srv/app.log"),
        NamedLog("err", "/srv/err.log"),
        NamedLog("queue", command="x"),
    ),
)


def test_a_host_is_asked_for_the_logs_that_it_has_by_a_name() -> None:
    def names(**given: object) -> tuple[list[str], list[str]]:
        query = LogQuery(**given)  # type: ignore[arg-type]
        found, told = sources_of(HOST, query, Survey(journal=True), now_s=NOW, mark="m4rk")
        return [one.name for one in found], [one.text for one in told]

    assert names(named=("app",)) == (["/srv/app.log"], [])
    both: tuple[list[str], list[str]] = (["/srv/app.log /srv/err.log", "source queue"], [])
    assert names(named=("queue", "err", "app", "app")) == both
    assert names(named=("app",), files=("/srv/app.log",)) == (["/srv/app.log"], [])
    assert names(named=("none",)) == ([], ["h: it has no log called none"])
    assert names(named=("none", "queue")) == (["source queue"], ["h: it has no log called none"])
    assert names(named=("none",), units=("x",))[0] == ["journal"]
    assert "journal" not in names(named=("app",))[0]


def test_a_file_is_known_by_its_name_where_a_line_names_no_program() -> None:
    query = LogQuery(named=("err",))
    (files,), _ = sources_of(HOST, query, Survey(), now_s=NOW, mark="m4rk")
    files.script(follow=False)
    (record,) = files.feed(b"\x1em4rk from 1 7 0\nplain\n", NOW)
    assert isinstance(record, LogRecord)
    assert (record.program, record.source) == ("err", "/srv/err.log")


def test_a_host_that_has_none_of_them_need_not_be_reached() -> None:
    assert asks_nothing_of(HOST, LogQuery(named=("none",)))
    assert not asks_nothing_of(HOST, LogQuery(named=("none",), kernel=True))
    assert not asks_nothing_of(HOST, LogQuery(named=("none", "app")))
    assert not asks_nothing_of(HOST, LogQuery())
    (notice,) = missing_on(HOST, LogQuery(named=("none", "none", "app")))
    assert notice.hint == "logs: in hosts.yaml gives names to logs"
