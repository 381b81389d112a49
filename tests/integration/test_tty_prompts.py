"""``opsdash status`` asks on the terminal that it was started from, as ssh does, or not at all."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
import termios
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opsdash.core.host import Host
from tests.integration.test_command_line import ROOT
from tests.login_server import Doors, login_server
from tests.waiting import wait_for

PASSWORD = "correct horse"


@dataclass
class Terminal:
    """``opsdash status --json`` with a terminal of its own; its output goes elsewhere."""

    leader: int
    process: Process
    seen: bytearray = field(default_factory=bytearray)

    async def shows(self, words: bytes) -> None:
        await wait_for(lambda: words in self.seen, within_s=20, what=f"{words!r}")

    def types(self, words: bytes) -> None:
        os.write(self.leader, words)

    @property
    def echoes(self) -> bool:
        flags: int = termios.tcgetattr(self.leader)[3]
        return bool(flags & termios.ECHO)

    async def report(self) -> dict[str, object]:
        output, _ = await asyncio.wait_for(self.process.communicate(), 30)
        found: dict[str, object] = json.loads(output)["hosts"][0]
        return found


@asynccontextmanager
async def status(folder: Path, host: Host, *options: str) -> AsyncGenerator[Terminal, None]:
    """The command, running in the foreground of a terminal."""
    hosts = folder / "hosts.yaml"
    hosts.write_text(
        f"hosts:\n  web1: {{address: {host.address}, port: {host.port}, user: ops, "
        f"known_hosts: [{host.known_hosts[0]}], ssh_config: {host.ssh_config}}}\n"
    )
    hosts.chmod(0o600)
    leader, follower = os.openpty()
    os.set_blocking(leader, False)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "opsdash", "status", "--hosts", str(hosts), "--json", *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(follower, termios.TIOCSCTTY, 0) and None,
    )
    terminal = Terminal(leader, process)
    loop = asyncio.get_running_loop()

    def read() -> None:
        with suppress(BlockingIOError):
            terminal.seen += os.read(leader, 65_536)

    loop.add_reader(leader, read)
    try:
        yield terminal
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        loop.remove_reader(leader)
        os.close(follower)  # not before: without anybody at its end the terminal hangs up
        os.close(leader)


async def test_a_password_is_asked_for_unseen_and_opens_the_door(tmp_path: Path) -> None:
    doors = Doors(password=PASSWORD)
    async with login_server(tmp_path, doors) as host, status(tmp_path, host) as terminal:
        await terminal.shows(b"opsdash: host web1: password of ops@web1")
        await wait_for(lambda: not terminal.echoes, what="silence")
        terminal.types(b"wrong\n")
        await terminal.shows(b"Permission denied: try again.")
        terminal.types(PASSWORD.encode() + b"\n")
        report = await terminal.report()
        assert terminal.echoes
    assert doors.tried[:2] == ["password", "password"]
    assert "login refused" not in str(report["why"])
    assert PASSWORD.encode() not in terminal.seen


async def test_an_empty_line_leaves_the_host_with_the_reason(tmp_path: Path) -> None:
    async with (
        login_server(tmp_path, Doors(password=PASSWORD)) as host,
        status(tmp_path, host) as terminal,
    ):
        await terminal.shows(b"an empty line leaves this host")
        terminal.types(b"\n")
        report = await terminal.report()
    assert report["why"] == "login refused: password of ops@web1 not given"


async def test_no_escape_of_a_hostile_server_reaches_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2Jcode\u202e \x9b31m"
    doors = Doors(rounds=[[(evil, False, "42")]])
    async with login_server(tmp_path, doors) as host, status(tmp_path, host) as terminal:
        await terminal.shows(b"code")
        await terminal.shows(b"company")
        terminal.types(b"42\n")
        report = await terminal.report()
    assert doors.tried[:1] == ["round"]
    shown = terminal.seen.decode() + str(report)
    for forbidden in ("\x1b", "\x07", "]52", "\u202e", "\x9b"):
        assert forbidden not in shown


async def test_in_batch_mode_nothing_is_asked(tmp_path: Path) -> None:
    doors = Doors(password=PASSWORD)
    async with login_server(tmp_path, doors) as host, status(tmp_path, host, "--batch") as terminal:
        report = await terminal.report()
        assert terminal.seen == b""
    assert str(report["why"]).startswith("login refused")
    assert "password" not in doors.tried


async def test_the_time_to_answer_does_not_count(tmp_path: Path) -> None:
    doors = Doors(password=PASSWORD)
    async with (
        login_server(tmp_path, doors) as host,
        status(tmp_path, host, "--deadline", "1") as terminal,
    ):
        await terminal.shows(b"password of ops@web1")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(terminal.process.wait(), 2.5)  # longer than the deadline
        terminal.types(PASSWORD.encode() + b"\n")
        await terminal.report()
    assert doors.tried[:1] == ["password"]


async def test_ctrl_c_takes_the_question_back_and_the_echo_returns(tmp_path: Path) -> None:
    async with (
        login_server(tmp_path, Doors(password=PASSWORD)) as host,
        status(tmp_path, host) as terminal,
    ):
        await terminal.shows(b"an empty line leaves this host")
        await wait_for(lambda: not terminal.echoes, what="silence")
        terminal.types(b"\x03")
        _, errors = await asyncio.wait_for(terminal.process.communicate(), 20)
        assert terminal.process.returncode == 130
        assert errors.strip() == b""
        assert terminal.echoes
