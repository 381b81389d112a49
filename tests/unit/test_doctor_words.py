"""The doctor's words: which file said what, what mends it, and how it reads at any width."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opsdash.activities.troubleshoot.doctor_report import closing, not_accepted, stage_lines
from opsdash.core.examination import (
    ABOUT,
    ON_THE_WAY,
    Examination,
    Examined,
    Note,
    Stage,
    Verdict,
)
from opsdash.core.host import Host
from opsdash.core.host_keys import weakness
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh import mends
from opsdash.transport.ssh.resolve import Route, resolve
from opsdash.transport.ssh.sources import ask_ssh_where, sources

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh here")


@needs_ssh
async def test_each_value_is_told_with_the_file_and_block_that_said_it(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "Host other\n  Port 1\n\nHost web*\n  Port 2222\n  HostName 10.0.0.7\n  User carol\n"
    )
    host = Host("web7", user="ops", ssh_config=str(config))
    route = await resolve(host)
    ssh = await ask_ssh_where(host)
    assert sources(host, route, {"user": "/h.yaml:3"}, ssh) == [
        f"{config}:4: address 10.0.0.7, port 2222",
        "/h.yaml:3: user ops",
    ]


@needs_ssh
async def test_what_nobody_said_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    host = Host("web7", ssh_config=str(tmp_path / "config"))
    assert sources(host, await resolve(host), {}, await ask_ssh_where(host)) == []


async def test_without_ssh_nothing_is_said_of_its_config(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (await ask_ssh_where(Host("web7"))).fields == frozenset()


def test_commands_are_quoted_for_a_shell() -> None:
    route = Route("10.0.0.7", 2222, "o'ps", hops=("b1", "b2"))
    host = Host("web 7", ssh_config="/my files/config")
    assert mends.ssh_words(host, route) == (
        "-F '/my files/config' -J b1,b2 -p 2222 'o'\"'\"'ps@10.0.0.7'"
    )
    (accept,) = mends.for_unknown_key("opsdash", host, "SHA256:a/b+c")
    assert accept == "opsdash doctor 'web 7' --accept-host-key SHA256:a/b+c"


@pytest.mark.parametrize("kind", [ProblemKind.NAME, ProblemKind.NO_ROUTE, ProblemKind.TIMEOUT])
def test_behind_a_jump_host_the_network_is_asked_there(kind: ProblemKind) -> None:
    assert all(
        command.endswith("# on b2")
        for command in mends.for_the_way(kind, Route("10.0.0.7", hops=("b1", "b2")))
    )
    assert "# on b2" not in "".join(mends.for_the_way(kind, Route("10.0.0.7")))


def test_without_any_key_one_is_made_first(tmp_path: Path) -> None:
    route = Route("10.0.0.7", 22, "ops", key_files=(str(tmp_path / "id_ed25519"),))
    made, copied = mends.for_login(Host("web7"), route, ())
    assert made == f"ssh-keygen -t ed25519 -f {tmp_path}/id_ed25519"
    assert copied == f"ssh-copy-id -i {tmp_path}/id_ed25519.pub ops@10.0.0.7"


@pytest.mark.parametrize(
    ("key", "weak"),
    [
        ("ssh-ed25519", False),
        ("ssh-rsa 2048", False),
        ("ssh-rsa 1024", True),
        ("ssh-dss 1024", True),
        ("", False),
    ],
)
def test_weak_host_keys(key: str, weak: bool) -> None:
    assert bool(weakness(key)) is weak


def failing(host: str = "web7") -> Examined:
    problem = Problem(ProblemKind.REFUSED, "connection refused by 10.0.0.7:22")
    notes = (Note(Verdict.FAIL, "10.0.0.7 port 22: Connection refused (0.1 s)"),)
    return Examined(
        host, Stage.TCP, Verdict.FAIL, problem.text, notes, problem, mends=("ss -tln # there",)
    )


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_lines_fit_and_commands_stay_in_one_piece(width: int) -> None:
    lines = stage_lines(failing(), hop="b1", width=width, ascii_only=True)
    assert lines[0].startswith("tcp          ! FAIL b1: connection")
    assert "             $ ss -tln # there" in lines
    assert all(len(line) <= width for line in lines if "$" not in line)
    assert all(line.isascii() for line in lines)


def test_the_last_sentence_names_the_cause_and_where_it_is() -> None:
    exam = Examination("web7", lambda one: None)
    assert closing(exam) == "web7: everything is as it should be"
    exam.report(Examined("web7", Stage.SHELL, Verdict.WARN, "noisy"))
    assert closing(exam) == "web7 can be reached; look at: shell"
    exam.report(failing("b1"))
    assert closing(exam).startswith("web7 can't be used: tcp failed on the way, at b1: connection")


@pytest.mark.parametrize(
    ("given", "shown", "said"),
    [
        ("SHA256:aaa", "SHA256:bbb: UNKNOWN", "another fingerprint"),
        ("SHA256:aaa=", "SHA256:aaa: CHANGED", "only a new host key"),
        ("", "SHA256:aaa: UNKNOWN", ""),
    ],
)
def test_a_fingerprint_that_was_not_accepted_is_told(given: str, shown: str, said: str) -> None:
    exam = Examination("web7", lambda one: None)
    assert not_accepted(exam, given) == ""
    exam.report(Examined("web7", Stage.HOST_KEY, Verdict.FAIL, f"ssh-ed25519 {shown}"))
    assert said in not_accepted(exam, given)
    assert bool(not_accepted(exam, given)) is bool(said)


def test_a_stage_ends_once_and_what_is_left_was_not_reached() -> None:
    said: list[Examined] = []
    exam = Examination("web7", said.append)
    exam.report(failing())
    exam.report(Examined("web7", Stage.TCP, Verdict.OK, "again"))
    assert exam.under_way("web7") is Stage.RESOLVE
    exam.finish()
    assert [one.verdict for one in said] == [Verdict.FAIL, *[Verdict.NOT_REACHED] * 10]
    assert exam.under_way("web7") is None


def test_every_stage_is_explained() -> None:
    assert list(ABOUT) == list(Stage)
    assert list(ON_THE_WAY) == list(Stage)[: len(ON_THE_WAY)]
