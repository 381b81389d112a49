"""The audit log: what is written, what it refuses, and what it says when somebody was at it."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.audit import AuditEntry, Phase
from opsdash.core.errors import AuditError
from opsdash.core.event import EventKind
from opsdash.store import audit as audit_module
from opsdash.store.audit import AuditTrail
from opsdash.store.audit_check import verify
from opsdash.store.audit_file import AuditFiles, Head
from opsdash.store.store import Store
from opsdash.transport.syslog import Syslog

BEGIN = AuditEntry(
    1000.0, "tom", "web1", "service.restart", Phase.BEGIN, "p1", 1, "systemctl restart nginx",
    target="nginx", from_where="desk pts/3",
)  # fmt: skip
END = replace(BEGIN, at=1001.0, phase=Phase.END, exit_status=0)

WRITER = """
import sys
from pathlib import Path
from opsdash.core.audit import AuditEntry, Phase
from opsdash.store.audit_file import AuditFiles
files = AuditFiles(Path(sys.argv[1]), most_bytes=40_000)
for number in range(200):
    files.append([AuditEntry(1.0, "tom", "web1", "run", Phase.BEGIN, sys.argv[2], number)])
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    one = Store(tmp_path / "history.db")
    await one.open()
    yield one
    await one.close()


@pytest.fixture
def trail(tmp_path: Path, store: Store) -> AuditTrail:
    return AuditTrail(tmp_path, store)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def lines(path: Path) -> list[bytes]:
    """The lines of a log."""
    return path.read_bytes().splitlines(keepends=True)


async def test_what_is_written_can_be_read_and_is_whole(trail: AuditTrail, path: Path) -> None:
    await trail.write(BEGIN)
    await trail.write(END)
    found = await trail.entries()
    assert [(one.seq, one.phase, one.command) for one in found] == [
        (1, Phase.BEGIN, "systemctl restart nginx"),
        (2, Phase.END, "systemctl restart nginx"),
    ]
    verdict = await trail.verify()
    assert (verdict.whole, verdict.entries, verdict.notes) == (True, 2, ())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_folder_that_it_makes_is_the_users_own(tmp_path: Path, store: Store) -> None:
    await AuditTrail(tmp_path / "a" / "opsdash", store).write(BEGIN)
    assert stat.S_IMODE((tmp_path / "a" / "opsdash").stat().st_mode) == 0o700


async def test_passwords_and_escapes_stay_out(trail: AuditTrail, path: Path) -> None:
    bad = replace(BEGIN, command="mysql -phunter2 --token s3cret\x1b[31m", text="password=hunter2")
    await trail.write(bad)
    assert b"hunter2" not in path.read_bytes()
    assert b"s3cret" not in path.read_bytes()
    assert "\x1b" not in (await trail.entries())[0].command


async def test_a_very_long_command_is_cut_and_names_its_digest(trail: AuditTrail) -> None:
    await trail.write(replace(BEGIN, command="x" * 100_000))
    found = (await trail.entries())[0].command
    assert len(found) < 20_000
    assert "(100000 characters, sha256 " in found
    assert (await trail.verify()).whole


async def test_many_at_once_each_wait_for_their_own_line(trail: AuditTrail, path: Path) -> None:
    await asyncio.gather(*(trail.write(replace(BEGIN, step=n)) for n in range(500)))
    assert len(lines(path)) == 500
    verdict = await trail.verify()
    assert (verdict.whole, verdict.entries) == (True, 500)


def test_three_programs_append_to_one_chain(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*argv, name]) for name in ("p1", "p2", "p3")]
    assert [one.wait(60) for one in writers] == [0, 0, 0]
    files = AuditFiles(tmp_path)
    assert len(files.full_files()) > 2
    last = files.append([BEGIN])
    verdict = verify(files, {last.count: last.hash})
    assert (verdict.whole, verdict.entries) == (True, 601)


async def test_a_line_that_a_crash_cut_off_is_closed_and_told(
    trail: AuditTrail, path: Path, tmp_path: Path, store: Store
) -> None:
    await trail.write(BEGIN)
    with path.open("ab") as file:
        file.write(b'{"action":"serv')
    notes = (await trail.verify()).notes
    assert "the last line is not finished" in notes[0]
    await AuditTrail(tmp_path, store).write(END)
    found = await trail.entries()
    assert [one.phase for one in found] == [Phase.BEGIN, Phase.REPAIR, Phase.END]
    assert found[1].text == "a line of 15 bytes was cut off by a crash, and is closed"
    assert (await trail.verify()).whole


async def test_a_torn_line_that_lacks_its_newline_alone_is_closed_too(
    trail: AuditTrail, path: Path, tmp_path: Path, store: Store
) -> None:
    AuditFiles(tmp_path).append([BEGIN])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    await trail.write(END)
    verdict = await trail.verify()
    assert (verdict.whole, verdict.entries) == (True, 2)


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (lambda one: [one[0].replace(b"nginx", b"nginy"), *one[1:]], "entry 1 was edited"),
        (lambda one: [one[0].replace(b",", b", ", 1), *one[1:]], "edited, or put in"),
        (lambda one: one[1:], "entry 1 is missing: cut out"),
        (lambda one: [one[0], one[3]], "entries 2 to 3 are missing: cut out"),
        (lambda one: [one[0], one[2], one[1], one[3]], "entry 2 is missing: moved to a later"),
        (lambda one: [one[0], one[1], one[0], *one[2:]], "entry 1 stands after entry 2: put in"),
        (lambda one: [one[0], b"{}\n", *one[1:]], "edited, or put in"),
        (lambda one: [one[0], b"[" * 9000 + b"\n", *one[1:]], "edited, or put in"),
        (lambda one: one[:2], "cut at the end: entries 3 to 4 are missing"),
        (lambda one: [], "cut at the end: entries 1 to 4 are missing"),
    ],
)
async def test_verify_says_what_is_wrong_first(
    trail: AuditTrail, path: Path, alter: object, said: str
) -> None:
    for entry in (BEGIN, END, BEGIN, END):
        await trail.write(entry)
    path.write_bytes(b"".join(alter(lines(path))))  # type: ignore[operator]
    verdict = await trail.verify()
    assert said in verdict.fault
    assert verdict.place.startswith(str(path))


async def test_a_log_that_was_written_anew_is_not_the_one_that_is_remembered(
    trail: AuditTrail, path: Path, tmp_path: Path
) -> None:
    await trail.write(BEGIN)
    await trail.write(END)
    path.unlink()
    AuditFiles(tmp_path).append([replace(BEGIN, who="nobody")])
    AuditFiles(tmp_path).append([END])
    verdict = await trail.verify()
    assert verdict.fault == "entry 1 is not the one that is remembered: the log was rewritten"


async def test_a_chain_whose_end_nobody_remembers_is_no_proof(
    trail: AuditTrail, tmp_path: Path
) -> None:
    head = AuditFiles(tmp_path).append([BEGIN])
    assert "head missing" in (await trail.verify()).fault
    assert (await trail.verify(head)).whole
    assert "cut at the end" in (await trail.verify(Head(2, "0" * 64))).fault


async def test_writing_on_after_a_cut_tail_tells_of_it(
    trail: AuditTrail, path: Path, tmp_path: Path, store: Store
) -> None:
    for entry in (BEGIN, END, BEGIN, END):
        await trail.write(entry)
    path.write_bytes(b"".join(lines(path)[:2]))
    again = AuditTrail(tmp_path, store)
    for _ in range(4):
        await again.write(BEGIN)
    found = await trail.entries()
    assert found[2].text == "the log does not end with entry 4, which is remembered as its last"
    assert [one.phase for one in found].count(Phase.REPAIR) == 1
    assert "entry 3 is not the one that is remembered" in (await trail.verify()).fault


async def test_an_empty_log_is_whole(trail: AuditTrail) -> None:
    verdict = await trail.verify()
    assert (verdict.whole, verdict.entries) == (True, 0)


async def test_what_can_not_be_written_is_an_error_with_a_next_step(
    trail: AuditTrail, path: Path
) -> None:
    path.mkdir()
    with pytest.raises(AuditError, match="the audit log can't be written: Is a directory") as told:
        await trail.write(BEGIN)
    assert "nothing was changed" in told.value.hint


async def test_a_link_in_its_place_is_not_followed(trail: AuditTrail, path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(AuditError):
        await trail.write(BEGIN)
    assert not path.with_name("elsewhere").exists()


async def test_a_disk_that_is_full_leaves_no_half_line(
    trail: AuditTrail, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await trail.write(BEGIN)
    before = path.read_bytes()
    real = os.write

    def full(number: int, data: bytes) -> int:
        if len(data) < 200:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(number, bytes(data)[:250])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(AuditError, match="No space left on device"):
        await trail.write(END)
    assert path.read_bytes() == before
    monkeypatch.undo()
    await trail.write(END)
    assert (await trail.verify()).entries == 2


async def test_one_that_is_called_off_leaves_the_others_alone(trail: AuditTrail) -> None:
    first = asyncio.create_task(trail.write(BEGIN))
    second = asyncio.create_task(trail.write(END))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert [one.phase for one in await trail.entries()] == [Phase.BEGIN, Phase.END]
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_syslog_is_told_of_each_end(tmp_path: Path, store: Store) -> None:
    address = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address)
        await AuditTrail(tmp_path, store, tell=Syslog(address).tell).write(BEGIN)
        said = heard.recv(1000).decode()
    digest = json.loads((tmp_path / "audit.jsonl").read_bytes())["hash"]
    assert said == f"<85>opsdash[{os.getpid()}]: audit: entry 1 hash {digest} by tom"


def test_without_a_syslog_nothing_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        Syslog(str(tmp_path / "none")).tell("x")
    assert caplog.messages == ["syslog can't be told: [Errno 2] No such file or directory"]


async def test_what_was_done_last_is_told_by_plan(trail: AuditTrail) -> None:
    failed = replace(END, at=1004.0, plan_id="p2", exit_status=1)
    running = replace(BEGIN, at=1005.0, plan_id="p3", action="host.reboot", target="")
    for entry in (
        BEGIN,
        END,
        replace(BEGIN, at=1002.0, plan_id="p2"),
        replace(BEGIN, at=1003.0, plan_id="p2", host="web10"),
        failed,
        running,
    ):
        await trail.write(entry)
    found = await trail.last_done("web1", 0.0)
    assert [(one.plan_id, one.action, one.ok, one.text) for one in found] == [
        ("p3", "host.reboot", None, ""),
        ("p2", "service.restart", False, "exit status 1"),
        ("p1", "service.restart", True, ""),
    ]
    assert [one.plan_id for one in await trail.last_done("web1", 1004.5)] == ["p3"]


async def test_what_was_done_is_read_again_when_more_was(trail: AuditTrail) -> None:
    assert await trail.done_since(0.0) == []
    await trail.write(BEGIN)
    await trail.write(END)
    first = await trail.done_since(0.0)
    assert [one.words for one in first] == ["tom: service.restart nginx, ok"]
    assert first[0].event().kind is EventKind.ACTED
    assert await trail.done_since(1001.5) == []
    await trail.write(replace(BEGIN, plan_id="p2", at=2000.0))
    assert [one.words for one in await trail.done_since(0.0)] == [
        "tom: service.restart nginx, end not known",
        "tom: service.restart nginx, ok",
    ]


async def test_a_log_that_can_not_be_read_tells_nothing(trail: AuditTrail, path: Path) -> None:
    path.mkdir()
    assert await trail.done_since(0.0) == []
    assert await trail.last_done("web1", 0.0) == []


async def test_so_many_ends_are_kept_and_no_more(
    trail: AuditTrail, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "KEPT_HEADS", 3)
    for _ in range(6):
        await trail.write(BEGIN)
    rows = await store.query("SELECT count FROM audit_head ORDER BY count")
    assert [row[0] for row in rows] == [3, 4, 5, 6]
    assert (await trail.verify()).whole
