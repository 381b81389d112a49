"""One contract for every way to a host: this machine, SSH, and a recording."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from opsdash.core.discover import collectors
from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import ProblemKind
from opsdash.core.reading import Output, Reading
from opsdash.transport.base import Connection
from opsdash.transport.local import LocalConnection
from opsdash.transport.ssh.transport import SshTransport
from tests.ssh_server import Behaviour, ssh_server
from tests.ways import PULSE, RUNS, WAYS, reached

FACTS = [c for c in collectors().values() if c.tier is Tier.FACTS]


async def beats(connection: Connection, wanted: int) -> list[list[Reading]]:
    """The first pulses of a connection."""
    found: list[list[Reading]] = []
    async with aclosing(connection.pulse(PULSE, 1)) as pulses:
        async for readings in pulses:
            found.append(readings)
            if len(found) == wanted:
                break
    return found


@WAYS
async def test_every_pulse_has_a_reading_of_every_pulse_collector(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        first, second = await beats(connection, 2)
    for readings in (first, second):
        assert {r.collector for r in readings} == {c.name for c in PULSE}
        memory = next(r for r in readings if r.collector == "memory")
        assert memory.problem is None
        assert (memory.get("memory.total_bytes") or 0) > 1_000_000


@WAYS
async def test_facts_come_as_one_reading_for_each_collector_that_was_due(
    way: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path) as connection:
        readings = await connection.collect(FACTS)
    assert [r.collector for r in readings] == [c.name for c in FACTS]
    assert all(r.source or r.problem for r in readings)  # many a machine has no RAID, no UPS


@WAYS
async def test_closing_twice_is_no_error(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        await connection.close()
        await connection.close()
        assert connection is not None


@RUNS
async def test_a_script_runs_to_its_end_with_its_status_and_both_outputs(
    way: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path) as connection:
        done = await connection.execute(
            b"printf 'a\\377b'; echo oops >&2; exit 7\n", timeout_s=10, max_bytes=1000
        )
    assert (done.status, done.stdout, done.stderr) == (7, b"a\xffb", b"oops\n")
    assert not done.truncated


@RUNS
async def test_a_script_that_takes_too_long_is_a_time_out(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError) as caught:
            await connection.execute(b"sleep 60\n", timeout_s=0.3, max_bytes=1000)
    assert caught.value.problem.kind is ProblemKind.TIMEOUT


@RUNS
async def test_endless_output_is_cut_and_marked(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        done = await connection.execute(b"yes\n", timeout_s=20, max_bytes=50_000)
    assert done.truncated
    assert len(done.stdout) == 50_000


@RUNS
async def test_a_section_that_hangs_floods_or_fails_costs_no_other_section(
    way: str, tmp_path: Path
) -> None:
    def section(name: str, command: str) -> Collector:
        def parse(output: Output, host: str, at: float) -> Reading:
            return Reading(host, name, at, {("said", output.data.decode().strip()): output.status})

        return Collector(
            name, name, Tier.FACTS, parse, command=command, timeout_s=1, max_bytes=2000
        )

    due = [
        section("good", "echo fine"),
        section("hangs", "sleep 30"),
        section("floods", "yes"),
        section("fails", "echo 'it''s bad'; exit 3"),
        section("kills", "kill -9 $$"),
        section("last", "cat; echo end"),
    ]
    async with reached(way, tmp_path) as connection:
        readings = {r.collector: r for r in await connection.collect(due)}
    assert readings["good"].samples == {("said", "fine"): 0}
    assert readings["fails"].samples == {("said", "its bad"): 3}
    assert readings["last"].samples == {("said", "end"): 0}
    kinds = {name: r.problem.kind for name, r in readings.items() if r.problem}
    assert kinds["hangs"] is ProblemKind.TIMEOUT
    assert kinds["floods"] is ProblemKind.TRUNCATED


async def test_noise_of_a_login_shell_never_gets_into_a_reading(tmp_path: Path) -> None:
    noisy = Behaviour(
        before=b"\x1b]52;c;evil\x07Welcome!\n\x1e0 0\n\xff\xfe" + b"x" * 20_000 + b"\n"
    )
    async with ssh_server(tmp_path, noisy) as server:
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connection = await transport.connect(server.host)
        (readings,) = await beats(connection, 1)
        facts = await connection.collect(FACTS)
        await transport.close()
    assert [r.problem for r in readings if r.collector != "pressure"] == [None] * (len(PULSE) - 1)
    assert [r.problem for r in facts if r.collector in ("os", "filesystem")] == [None, None]


@RUNS
async def test_a_flood_of_error_output_neither_hangs_nor_is_kept(way: str, tmp_path: Path) -> None:
    script = b"head -c 300000 /dev/zero | tr '\\0' e >&2; echo done\n"
    async with reached(way, tmp_path) as connection:
        done = await connection.execute(script, timeout_s=20, max_bytes=1_000_000)
        cut = await connection.execute(script, timeout_s=20, max_bytes=1_000)
    assert (done.stdout, len(done.stderr)) == (b"done\n", 300_000)
    assert len(cut.stderr) <= 65_536


@RUNS
async def test_a_script_whose_time_is_over_gives_what_it_said(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError) as caught:
            await connection.execute(b"echo first; sleep 60\n", timeout_s=1, max_bytes=1000)
    assert caught.value.partial == b"first\n"


async def test_a_host_without_coreutils_has_problems_and_no_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    readings = await LocalConnection(Host("here", way=Way.LOCAL)).collect(FACTS)
    for reading in readings:
        assert reading.problem is not None, reading
        assert (reading.samples, reading.rows) == ({}, ())
