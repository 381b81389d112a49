"""Logs that hosts.yaml names, from the file to the lines, over a real SSH connection."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from opsdash.config.hosts import load_fleet
from opsdash.core.log_record import LogGap, LogQuery, LogRecord
from opsdash.core.log_state import LogPhase
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.engine.logs_alone import logs_alone
from opsdash.engine.surroundings import Surroundings
from tests.integration.test_orders import runs
from tests.ssh_server import TestServer, ssh_server
from tests.waiting import wait_for

OWN = os.getpid()
LEFT = (f"{OWN}.77", f"{OWN}.78")
"""By these arguments what a command left behind is known; other tests run beside these."""


@dataclass
class Heard:
    """The lines and notices of one host so far."""

    logs: FleetLogs
    lines: list[str] = field(default_factory=list)
    records: list[LogRecord] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    async def read(self) -> None:
        """Take all batches."""
        async for batch in self.logs.batches():
            self.notices += [one.text for one in self.logs.notices()]
            for one in batch:
                if isinstance(one, LogGap):
                    self.lines.append(f"<{one.why}>")
                else:
                    self.records.append(one)
                    self.lines.append(one.text)


@asynccontextmanager
async def reading(
    folder: Path, server: TestServer, logs: str, query: LogQuery
) -> AsyncGenerator[tuple[Heard, asyncio.Task[None]], None]:
    """The named logs of a hosts file, read from the server."""
    path = folder / "hosts.yaml"
    path.write_text(f"hosts:\n  web1:\n    address: 127.0.0.1\n    logs:\n{logs}")
    path.chmod(0o600)
    fleet = load_fleet(path)
    host = replace(server.host, logs=fleet.hosts["web1"].logs)
    fleet = replace(fleet, hosts={"web1": host})
    async with logs_alone(fleet, Surroundings(folder / "s"), query) as found:
        heard = Heard(found)
        task = asyncio.create_task(heard.read())
        try:
            yield heard, task
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_files_and_commands_are_read_to_their_end(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("one\n2026-11-28T08:00:00Z two\n")
    logs = f"""\
      app: {tmp_path}/app.log
      queue: {{command: "echo 2026-11-28T07:00:00Z ERROR early; seq 3 | grep 2; id -u"}}
      broken: {{command: "echo why >&2; exit 9"}}
"""
    async with ssh_server(tmp_path) as server:
        query = LogQuery(named=("app", "queue", "broken", "other"))
        async with reading(tmp_path, server, logs, query) as (heard, task):
            await asyncio.wait([task], timeout=30)
            assert task.done()
    assert heard.lines == ["ERROR early", "2", str(os.getuid()), "one", "two"]
    early, *_, two = heard.records
    assert (early.program, early.source, early.priority) == ("queue", "source queue", 3)
    assert (two.program, two.source) == ("app", f"{tmp_path}/app.log")
    assert sorted(heard.notices) == [
        "web1: it has no log called other",
        "web1: source broken: its command failed with exit status 9: why",
    ]


async def test_a_command_that_goes_on_comes_as_it_prints_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    queue = tmp_path / "queue"
    queue.write_text("before\n")
    command = f"sleep {LEFT[0]} & tail -n 1 -F {queue} | grep --line-buffered . | cat"
    logs = f'      queue: {{command: "{command}"}}\n'
    async with ssh_server(tmp_path) as server:
        query = LogQuery(named=("queue",), follow=True)
        async with reading(tmp_path, server, logs, query) as (heard, _):
            await wait_for(lambda: heard.lines == ["before"], within_s=20, what="the first line")
            with queue.open("a") as file:
                file.write("after\n")
            await wait_for(lambda: heard.lines == ["before", "after"], what="the next line")
            assert heard.records[0].at_s is None
            assert heard.logs.states()[0].phase is LogPhase.LIVE
            assert runs(str(queue))
        await wait_for(lambda: not runs(LEFT[0]), what="the end of what it began")
        await wait_for(lambda: not runs(str(queue)), what="the end of the command")
    assert heard.notices == []


async def test_a_break_begins_a_command_again_behind_a_gap(tmp_path: Path) -> None:
    logs = f'      queue: {{command: "echo begun; exec sleep {LEFT[1]}"}}\n'
    async with ssh_server(tmp_path) as server:
        query = LogQuery(named=("queue",), follow=True)
        async with reading(tmp_path, server, logs, query) as (heard, _):
            await wait_for(lambda: heard.lines == ["begun"], within_s=20, what="the first line")
            server.behaviour.drop_all()
            await wait_for(lambda: len(heard.lines) == 3, within_s=30, what="the second begin")
            gap = "<a command can't be gone on with: it was begun again>"
            assert heard.lines == ["begun", gap, "begun"]
        await wait_for(lambda: not runs(LEFT[1]), what="the end of both")


async def test_a_followed_command_that_ends_is_not_begun_again(tmp_path: Path) -> None:
    logs = '      all: {command: "echo all of it"}\n'
    async with ssh_server(tmp_path) as server:
        query = LogQuery(named=("all",), follow=True)
        async with reading(tmp_path, server, logs, query) as (heard, task):
            await asyncio.wait([task], timeout=30)
            assert task.done()
            assert heard.lines == ["all of it"]
            assert heard.logs.states()[0].phase is LogPhase.OVER


async def test_a_followed_file_whose_lines_tell_no_time_comes_live(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("before\n")
    async with ssh_server(tmp_path) as server:
        query = LogQuery(named=("app",), follow=True)
        async with reading(tmp_path, server, f"      app: {log}\n", query) as (heard, _):
            await wait_for(lambda: heard.lines == ["before"], within_s=20, what="the first line")
            with log.open("a") as file:
                file.write("after\n")
            await wait_for(lambda: heard.lines == ["before", "after"], what="the next line")
