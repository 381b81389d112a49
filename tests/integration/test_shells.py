"""A shell's ssh and opsdash's own connection go one way, and the audit log knows of each."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from click.testing import CliRunner

from opsdash.activities.troubleshoot import forward_commands, shell_commands
from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.forward import HERE, Wish
from opsdash.core.host import Host, HostKeyPolicy, Way
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.engine.session import Session
from opsdash.engine.shells import shell_command
from opsdash.engine.surroundings import Surroundings
from opsdash.transport import process
from opsdash.transport.base import Completed
from tests.own_terminal import DEADLINE_S, OwnTerminal
from tests.ssh_server import ssh_server
from tests.unit.test_forward import echo, through
from tests.waiting import wait_for


def fleet(*hosts: Host, read_only: str = "") -> Fleet:
    return Fleet(MappingProxyType({one.name: one for one in hosts}), read_only=read_only)


async def said(command: ShellCommand, words: str) -> Completed:
    """What comes of a command in place of the shell: a test has no terminal for one."""
    return await process.run([*command.argv, words], timeout_s=20)


async def test_ssh_takes_the_keys_and_host_keys_of_the_hosts_file(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        command = await shell_command(fleet(server.host), "web1", tmp_path / "own")
        done = await said(command, "echo in the shell")
    assert done.stdout == b"in the shell\n", done.stderr


async def test_a_key_that_opsdash_took_is_known_to_it_and_another_is_refused(
    tmp_path: Path,
) -> None:
    async with ssh_server(tmp_path) as server:
        own = tmp_path / "own"
        server.known_hosts.rename(own)
        host = replace(server.host, host_key=HostKeyPolicy.ACCEPT_NEW)
        command = await shell_command(fleet(host), "web1", own)
        assert (await said(command, "echo in")).stdout == b"in\n"
        kind, key = own.read_text().split()[1:3]
        other = key[:-10] + ("A" * 8 if key[-10:-2] != "A" * 8 else "B" * 8) + key[-2:]
        own.write_text(f"{own.read_text().split()[0]} {kind} {other}\n")
        done = await said(command, "echo in")
    assert (done.status, done.stdout) == (255, b"")
    assert b"HOST IDENTIFICATION HAS CHANGED" in done.stderr


async def test_a_host_behind_a_bastion_is_reached_through_it(tmp_path: Path) -> None:
    async with ssh_server(tmp_path / "b") as bastion, ssh_server(tmp_path / "i") as inner:
        hosts = fleet(
            replace(bastion.host, name="bastion"), replace(inner.host, jump="bastion", name="vault")
        )
        command = await shell_command(hosts, "vault", tmp_path / "own")
        done = await said(command, "echo inside")
        assert done.stdout == b"inside\n", done.stderr
        assert len(bastion.behaviour.connections) == len(inner.behaviour.connections) == 1


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]


async def test_a_session_writes_down_each_shell(tmp_path: Path) -> None:
    here = fleet(Host("here", way=Way.LOCAL))
    async with Session(here, Surroundings(tmp_path, root=False)) as session:
        command = await session.shell("here")
        await session.shell_ended(command, ShellEnd(0))
    begun, ended = lines_of(tmp_path)
    assert (begun["phase"], begun["action"], begun["host"]) == ("begin", "shell.open", "here")
    assert (ended["phase"], ended["exit_status"]) == ("end", 0)
    assert begun["plan_id"] == ended["plan_id"]


async def test_a_session_that_is_read_only_opens_none(tmp_path: Path) -> None:
    here = fleet(Host("here", way=Way.LOCAL), read_only="--read-only")
    async with Session(here, Surroundings(tmp_path, root=False)) as session:
        with pytest.raises(HostError, match=r"read-only \(--read-only\)"):
            await session.shell("here")
    assert [one["phase"] for one in lines_of(tmp_path)] == ["refused"]


async def test_a_forward_works_again_over_the_next_connection(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server, echo() as served:
        told: list[str] = []
        around = Surroundings(tmp_path / "state", root=False)
        async with Session(fleet(server.host), around) as session:
            live = session._polling.poller.live
            await wait_for(lambda: live.get("web1") is not None)
            one = await session.forwards.open("web1", Wish(0, HERE, served), told.append)
            assert await through(one.wish.port, b"x") == b"X"
            server.behaviour.drop_all()
            await wait_for(lambda: len(told) == 2, within_s=20, what="gone and back")
            assert "waits" in told[0]
            assert "works again" in told[1]
            assert await through(one.wish.port, b"x") == b"X"
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(HERE, one.wish.port)


def test_the_command_line_wants_a_terminal_and_ports_that_are_some() -> None:
    done = CliRunner().invoke(shell_commands.COMMAND.build(), ["web1"])
    assert done.exit_code == 2  # the program makes 64 of it
    assert "needs a terminal; opsdash run HOST -- CMD" in done.stderr
    done = CliRunner().invoke(forward_commands.COMMAND.build(), ["web1", "http"])
    assert done.exit_code == 2
    assert "a port is a number from 1 to 65535" in done.stderr


def test_a_shell_from_the_command_line_ends_as_it_ended(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text("hosts:\n  here: {transport: local}\n")
    hosts.chmod(0o600)
    state = f"XDG_STATE_HOME={tmp_path} SHELL=/bin/sh PS1='in$ '"
    terminal = OwnTerminal(
        f"env {state} {sys.executable} -m opsdash shell here --hosts {hosts}", tmp_path
    )
    try:
        modes = terminal.modes
        terminal.wait_for(b"a shell on this machine (here); exit comes back")
        terminal.press(b"exit 3\n")
        assert terminal.child.wait(DEADLINE_S) == 3
        assert terminal.modes == modes
    finally:
        terminal.close()
    assert [one["exit_status"] for one in lines_of(tmp_path / "opsdash")] == [None, 3]
