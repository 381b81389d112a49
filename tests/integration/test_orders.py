"""One contract for a person's command by every way: its input, its end, and nothing left of it."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from pathlib import Path

import pytest

from opsdash.core.errors import HostError
from opsdash.core.problem import ProblemKind
from opsdash.core.secret import Secret
from opsdash.transport.base import Completed, Connection, Elevation, Order
from opsdash.transport.elevate import Root, elevation
from tests.ssh_server import Behaviour
from tests.sudo_in_path import FakeSudo
from tests.waiting import wait_for
from tests.ways import RUNS, reached


def runs(mark: str) -> bool:
    """Whether a process with this among its arguments is there."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                return True
    return False


@RUNS
async def test_an_order_has_its_status_and_both_outputs_and_nothing_to_read(
    way: str, tmp_path: Path
) -> None:
    heard: list[tuple[bytes, bool]] = []
    async with reached(way, tmp_path) as connection:
        script = b"cat; printf 'a\\377b'; echo \"don't\" >&2; exit 7"
        done = await connection.run(Order(script), lambda data, bad: heard.append((data, bad)))
    assert (done.status, done.stdout, done.stderr) == (7, b"a\xffb", b"don't\n")
    assert b"".join(data for data, bad in heard if not bad) == done.stdout
    assert b"".join(data for data, bad in heard if bad) == done.stderr


@RUNS
async def test_an_orders_input_is_exactly_what_was_given(way: str, tmp_path: Path) -> None:
    blob = bytes(range(256)) * 8_000 + b"no newline at the end"
    async with reached(way, tmp_path) as connection:
        done = await connection.run(Order(b"sha256sum", blob))
        secret = await connection.run(Order(b'read -r a; echo "<$a>"; wc -c', Secret("s\n")))
    assert done.stdout.split()[0].decode() == hashlib.sha256(blob).hexdigest()
    assert secret.stdout.split() == [b"<s>", b"0"]


@RUNS
async def test_an_order_that_does_not_read_its_input_is_no_failure(
    way: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path) as connection:
        done = await connection.run(Order(b"exec <&-; echo done", b"x" * 1_000_000))
        told = await connection.run(Order(b"exit 3", b"x" * 1_000_000))
    assert (done.status, done.stdout, told.status) == (0, b"done\n", 3)


@RUNS
async def test_a_long_script_is_no_argument_and_shows_in_no_process_list(
    way: str, tmp_path: Path
) -> None:
    script = b"x='" + b"long " * 40_000 + b"'\necho ${#x}; tr '\\0' ' ' </proc/$$/cmdline"
    async with reached(way, tmp_path) as connection:
        done = await connection.run(Order(script))
    assert done.stdout.startswith(b"200000\n")
    assert b"long" not in done.stdout


@RUNS
async def test_endless_output_of_both_kinds_ends_the_order_at_its_cap(
    way: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path) as connection:
        order = Order(b"echo begun; head -c 1000000000 /dev/zero >&2; sleep 601", max_bytes=50_000)
        done = await connection.run(order)
    assert done.truncated
    assert done.stdout in (b"begun\n", b"")
    assert len(done.stdout) + len(done.stderr) == 50_000


STUBBORN = b"""trap '' TERM
timeout 999 sh -c "trap '' TERM; sleep MARK; sleep MARK"
(setsid sleep MARK; true) & sleep MARK; sleep MARK"""


@RUNS
@pytest.mark.parametrize("kind", ["gentle", "stubborn"])
async def test_a_cancelled_order_leaves_no_process(way: str, kind: str, tmp_path: Path) -> None:
    mark = f"7{abs(hash((way, kind))) % 10_000_000}.5"
    body = STUBBORN if kind == "stubborn" else b"sleep MARK & sleep MARK; sleep MARK"
    order = Order(body.replace(b"MARK", mark.encode()))
    async with reached(way, tmp_path) as connection:
        running = asyncio.create_task(connection.run(order))
        await wait_for(lambda: runs(mark), what="the command's beginning")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await wait_for(lambda: not runs(mark), what="the command's end")
        assert (await connection.run(Order(b"echo still here"))).stdout == b"still here\n"


@RUNS
async def test_an_order_whose_time_is_over_leaves_no_process_and_what_it_said(
    way: str, tmp_path: Path
) -> None:
    mark = f"8{abs(hash(way)) % 10_000_000}.5"
    order = Order(f"echo first; sleep {mark}; echo second".encode(), timeout_s=1)
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError) as caught:
            await connection.run(order)
        await wait_for(lambda: not runs(mark), what="the command's end")
    assert caught.value.problem.kind is ProblemKind.TIMEOUT
    assert caught.value.partial == b"first\n"


@pytest.mark.parametrize("way", ["ssh", "openssh"])
@pytest.mark.parametrize("stdin", [None, b"x" * 1_000_000])
async def test_a_connection_that_breaks_is_lost_and_ends_the_command(
    way: str, stdin: bytes | None, tmp_path: Path
) -> None:
    mark = f"9{abs(hash((way, stdin))) % 10_000_000}.5"
    behaviour = Behaviour()
    async with reached(way, tmp_path, behaviour) as connection:
        order = Order(f"cat >/dev/null; sleep {mark}".encode(), stdin)
        running = asyncio.create_task(connection.run(order))
        await wait_for(lambda: runs(mark), what="the command's beginning")
        behaviour.drop_all()
        with pytest.raises(HostError) as caught:
            await running
        await wait_for(lambda: not runs(mark), what="the command's end")
    assert caught.value.problem.kind is ProblemKind.LOST


@RUNS
async def test_what_stays_behind_with_the_output_open_delays_nobody(
    way: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path) as connection:
        done = await connection.run(Order(b"sleep 2 & echo started; exit 4", timeout_s=1.5))
    assert (done.status, done.stdout) == (4, b"started\n")


async def test_the_greeting_of_a_login_shell_is_no_output(tmp_path: Path) -> None:
    noisy = Behaviour(before=b"Welcome!\x1e" + b"x" * 20_000 + b"\n")
    async with reached("ssh", tmp_path, noisy) as connection:
        done = await connection.run(Order(b"printf '\\036 mine'"))
    assert done.stdout == b"\x1e mine"


@RUNS
async def test_nul_in_a_script_is_refused_before_anything_runs(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError) as caught:
            await connection.run(Order(b"echo \0"))
    assert caught.value.problem.kind is ProblemKind.UNSUPPORTED


async def test_a_recording_runs_nothing(tmp_path: Path) -> None:
    async with reached("replay", tmp_path) as connection:
        with pytest.raises(HostError, match="is a recording: nothing runs there"):
            await connection.run(Order(b"true"))


# root


async def by_password(connection: Connection, password: str, stdin: bytes | None) -> Completed:
    by = elevation(Root.PASSWORD, Secret(password))
    return await connection.run(Order(b"cat; echo done", stdin, root=True), by=by)


@RUNS
@pytest.mark.parametrize("stdin", [None, b"own \0 input"])
async def test_a_password_is_given_once_when_sudo_asks_and_is_no_input(
    way: str, stdin: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = FakeSudo(tmp_path / "bin", "password", monkeypatch)
    async with reached(way, tmp_path) as connection:
        done = await by_password(connection, "the right one", stdin)
    assert (done.status, done.stdout, done.stderr) == (0, (stdin or b"") + b"done\n", b"")
    assert sudo.seen == ["the right one"]


@RUNS
async def test_a_wrong_password_is_tried_once(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = FakeSudo(tmp_path / "bin", "password", monkeypatch)
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError, match=r"^needs root: sudo refused the password$"):
            await by_password(connection, "a wrong one", b"input")
    assert sudo.seen == ["a wrong one"]


async def test_a_sudo_that_does_not_ask_never_gets_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = FakeSudo(tmp_path / "bin", "nopasswd", monkeypatch)
    async with reached("ssh", tmp_path) as connection:
        done = await by_password(connection, "the right one", b"own input ")
    assert (done.stdout, sudo.seen) == (b"own input done\n", [])


@RUNS
async def test_a_refusal_is_no_failed_command_and_a_failed_command_no_refusal(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = Elevation("sudo -n --")
    failing = Order(b"echo it failed >&2; exit 1", root=True)
    FakeSudo(tmp_path / "no", "never", monkeypatch)
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError, match=r"^needs root: sudo does not let it$"):
            await connection.run(failing, by=by)
    FakeSudo(tmp_path / "yes", "nopasswd", monkeypatch)
    async with reached(way, tmp_path) as connection:
        done = await connection.run(failing, by=by)
    assert (done.status, done.stderr) == (1, b"it failed\n")


async def test_without_a_way_only_what_takes_no_password_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeSudo(tmp_path / "bin", "nopasswd", monkeypatch)
    async with reached("ssh", tmp_path) as connection:
        done = await connection.run(Order(b"echo risen", root=True))
    assert done.stdout == b"risen\n"
