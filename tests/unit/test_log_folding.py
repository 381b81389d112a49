"""A log is folded by whatever shell and awk a host has, and its kinds of lines are understood."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.collectors.log_folding import MOST_BYTES, MOST_READ, Folded, folding, wanted_lines
from opsdash.collectors.logwatch import LOGWATCH, fitted
from opsdash.collectors.parsing import sections
from opsdash.config.marked_yaml import parse_marked
from opsdash.config.watch_rules_file import rules_in, shipped_rules
from opsdash.core.host import Host
from opsdash.core.plugin import understand
from opsdash.core.problem import ProblemKind
from opsdash.core.reading import Output
from opsdash.core.watch_rule import LineKind, LogPlace, LogWhere

NOW = 1_800_000_000.0
SHELLS = [
    pytest.param(shell, id=shell[0])
    for shell in (["dash"], ["bash"], ["busybox", "sh"])
    if shutil.which(shell[0])
]


def folded(shell: list[str], path: Path) -> tuple[Folded, list[str]]:
    """What the script says of one file."""
    script = folding("_UID=4294967294", "0", [LogWhere(LogPlace.FILE, str(path))])
    done = subprocess.run(
        shell,
        input=f"LC_ALL=C; export LC_ALL\n{script}".encode(),
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert done.stderr == b""
    found = sections(done.stdout)
    assert "end" in found
    return Folded.of(found["now"]), found.get("extra0", [])


def kinds(shell: list[str], path: Path) -> dict[str, LineKind]:
    look, lines = folded(shell, path)
    return {one.last.text: one for one in look.by_syslog(lines)}


def iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def bsd(at_s: float) -> str:
    return time.strftime("%b %e %H:%M:%S", time.localtime(at_s))


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("stamp", [iso, bsd])
def test_lines_that_differ_by_numbers_are_one_kind(
    shell: list[str], stamp: object, tmp_path: Path
) -> None:
    assert callable(stamp)
    began = float(int(time.time()))
    log = tmp_path / "app's log"
    lines = [f"{stamp(began - 90 + n)} web1 app[{n}]: job {n} failed\n" for n in range(40)]
    lines += [f"{stamp(began - 5)} web1 app[1]: job done\n", "  a further line of it\n"]
    log.write_text("".join(lines))
    found = kinds(shell, log)
    assert list(found) == ["job 39 failed", "job done"]
    failed = found["job 39 failed"]
    assert failed.last.program == "app"
    assert failed.count == 40
    assert [round(began - at_s) for at_s in failed.times_s] == [51 + n for n in range(30)]


@pytest.mark.parametrize("shell", SHELLS)
def test_lines_with_no_time_or_one_to_come_are_not_of_the_last_hour(
    shell: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    odd = ["²²²²²²²1 a", "①②③④⑤ b", f"{'9' * 500} c", "4000000000 bytes", "2106-01-01T00:00:00 d"]
    log.write_text("\n".join([*odd, f"{iso(time.time())} web1 app: now", ""]))
    assert list(kinds(shell, log)) == ["now"]


@pytest.mark.parametrize("shell", SHELLS)
def test_lines_that_are_older_than_an_hour_are_not_counted(
    shell: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    ages_s = [9000, 8000, 7000, 60, 50]
    log.write_text("".join(f"{iso(time.time() - age_s)} web1 app: gone\n" for age_s in ages_s))
    found = kinds(shell, log)["gone"]
    assert (found.count, len(found.times_s)) == (2, 2)


@pytest.mark.parametrize("shell", SHELLS)
def test_what_was_rotated_away_is_read_and_what_is_not_there_is_not(
    shell: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    assert folded(shell, log)[1] == []
    for number, name in enumerate(("app.log-20261127", "app.log-20261128", "app.log.1"), 1):
        line = f"{iso(time.time() - 600 + number)} web1 app: before {'x' * number}\n"
        (tmp_path / name).write_text(line)
    log.write_text(f"{iso(time.time() - 30)} web1 app: after\n")
    assert list(kinds(shell, log)) == ["before xx", "before xxx", "after"]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_no_file_is_not_waited_for(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    os.mkfifo(tmp_path / "app.log.1")
    log.write_text(f"{iso(time.time() - 30)} web1 app: there\n")
    assert list(kinds(shell, log)) == ["there"]
    log.unlink()
    os.mkfifo(log)
    assert folded(shell, log)[1] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_flood_is_cut_and_it_is_told_how_far_back_was_looked(
    shell: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    now = time.time()
    log.write_text("".join(f"{iso(now - 60)} web1 app: {'x' * n}\n" for n in range(20, 120)) * 40)
    look, lines = folded(shell, log)
    assert sum(len(line) + 1 for line in lines) <= MOST_BYTES
    assert look.reach_s(lines) == pytest.approx(60.0, abs=30.0)
    log.write_text(f"{iso(now - 60)} web1 app: one\n" * (MOST_READ - 1))
    assert look.reach_s(folded(shell, log)[1]) == 3600.0


@pytest.mark.parametrize("shell", SHELLS)
def test_many_kinds_hide_no_other_and_of_too_many_it_is_told_how_far_back_they_reach(
    shell: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    now = time.time()
    killed = f"{iso(now - 3000)} web1 kernel: killed\n"
    names = ["".join(chr(97 + n // 26**at % 26) for at in range(3)) for n in range(2_000)]
    tried = [f"{iso(now - 2_500 + n)} web1 sshd: who is {who}?\n" for n, who in enumerate(names)]
    log.write_text(killed + "".join(tried[:400]))
    look, lines = folded(shell, log)
    assert len(list(look.by_syslog(lines))) == 401
    assert look.reach_s(lines) == 3600.0
    log.write_text(killed + "".join(tried))
    look, lines = folded(shell, log)
    found = list(look.by_syslog(lines))
    assert found[-1].last.text == f"who is {names[-1]}?"
    assert look.reach_s(lines) == pytest.approx(now - found[0].times_s[0], abs=5.0)
    assert 500 < look.reach_s(lines) < 2_500


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "programs", "kept"),
    [
        (["a.b/c"], [], ["a.b/c [1] done"]),
        (["it's"], ["app"], ["it's gone", "a.b/c [1] done"]),
        ([], ["ap", "a.p"], []),
        ([], [], []),
    ],
)
def test_only_lines_that_a_rule_may_mean_travel(
    shell: list[str], words: list[str], programs: list[str], kept: list[str], tmp_path: Path
) -> None:
    script = folding("_UID=4294967294", wanted_lines(words, programs), [])
    fold = next(line for line in script.splitlines() if line.startswith("fold()"))
    body = script[script.index(fold) : script.index("\nfile()")]
    lines = [f"{iso(time.time())} web1 other: it's gone\n"]
    lines += [f"{iso(time.time())} web1 app[7]: a.b/c [1] done\n"]
    log = tmp_path / "log"
    log.write_text("".join(lines) + f"{iso(time.time())} web1 other: axb/c 1 done\n")
    asked = f"LC_ALL=C; export LC_ALL\n{body}\nfold <'{log}'\n"
    done = subprocess.run(shell, input=asked.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    look = Folded(time.time(), 0.0, 100.0)
    assert [one.last.text for one in look.by_syslog(done.stdout.decode().splitlines())] == kept


def test_each_host_is_asked_by_the_rules_that_hold_for_it() -> None:
    rules = rules_in(parse_marked(Path("r.yaml"), TWO))
    one, other = (fitted(Host("h", watch=tuple(rules[name] for name in names))) for names in NAMES)
    assert "app.log" in one.command
    assert "app.log" not in other.command
    assert "nginx.service" in other.command
    assert fitted(Host("h", watch=(rules["file"],))) is one


TWO = """\
rules:
  file: {title: A, pattern: boom, severity: warning, source: /srv/app.log}
  unit: {title: B, pattern: boom, severity: critical, source: "unit:nginx.service"}
"""
NAMES = (("file",), ("unit",))


def test_a_rule_without_words_wants_all_lines_of_its_source() -> None:
    text = "rules:\n  a: {title: A, pattern: x, severity: warning, source: [sshd, kernel]}\n"
    sshd = tuple(rules_in(parse_marked(Path("r.yaml"), text)).values())
    assert "(kernel|sshd)" in fitted(Host("h", watch=sshd)).command
    assert "SYSLOG_IDENTIFIER=sshd" in fitted(Host("h", watch=sshd)).command
    assert "dmesg | all" in fitted(Host("h", watch=sshd)).command  # no line of it says: kernel
    assert "dmesg | fold" in fitted(Host("h", watch=(replace(sshd[0], words=("x",)),))).command
    anywhere = text.replace(", source: [sshd, kernel]", "")
    rules = tuple(rules_in(parse_marked(Path("r.yaml"), anywhere)).values())
    assert "if (!(1)) next" in fitted(Host("h", watch=rules)).command


def test_where_no_log_may_be_read_that_is_said() -> None:
    output = Output(b"== now\n1800000000 +0000\n55.10 60.00\n== end\n")
    reading = understand(LOGWATCH, output, "h", NOW)
    assert reading.problem is not None
    assert reading.problem.kind is ProblemKind.UNSUPPORTED
    assert "systemd-journal" in reading.problem.text


@given(
    st.lists(st.text(alphabet="0123456789|\t[]. :kernelJan~\x1b\x00é", max_size=60), max_size=20)
)
def test_whatever_a_host_says_is_understood_or_refused(lines: list[str]) -> None:
    said = "\n".join(lines)
    for part in ("journal", "file", "ring"):
        text = f"== now\n1800000000 +0100\n55.10 60.00\n== {part}\n{said}\n== end\n"
        collector = fitted(Host("h", watch=tuple(shipped_rules().values())))
        reading = understand(collector, Output(text.encode()), "h", NOW)
        assert reading.problem is None or reading.problem.kind is ProblemKind.BAD_OUTPUT
        assert all(0.0 <= float(row["age_s"] or 0.0) <= 3600.0 for row in reading.rows)
