"""Files over there: written whole or not at all, read whole or not at all, by every way."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.problem import ProblemKind
from opsdash.core.secret import Secret
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.files import (
    GONE,
    RemoteFile,
    fetch,
    get,
    local_file,
    look,
    put,
    put_order,
)
from opsdash.transport.local import LocalConnection
from tests.ssh_server import Behaviour
from tests.waiting import wait_for
from tests.ways import RUNS, reached

TOOLS = (
    *("sh", "cat", "head", "stat", "wc", "cut", "id", "dirname", "basename"),
    *("mktemp", "chmod", "chown", "mv", "rm", "rmdir"),
)
BLOB = bytes(range(256)) * 4_000


def alone(folder: Path, *names: str) -> bool:
    """Whether a folder holds these and nothing else: nothing of ours was left."""
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


@RUNS
async def test_a_file_is_put_with_its_mode_and_got_again(way: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    file = RemoteFile(str(there / "it's a file"))
    async with reached(way, tmp_path) as connection:
        assert (await look(connection.run, file)).digest == GONE
        facts = await put(connection.run, file, BLOB, mode=0o640)
        assert await look(connection.run, file) == facts
        assert await get(connection.run, file, max_bytes=len(BLOB)) == BLOB
    assert facts.digest == hashlib.sha256(BLOB).hexdigest()
    assert (facts.mode, facts.size_bytes) == (0o640, len(BLOB))
    assert Path(file.path).read_bytes() == BLOB
    assert alone(there, "it's a file")


async def test_what_is_replaced_keeps_its_mode_and_its_links(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o751)
    (tmp_path / "link").symlink_to("real")
    run = LocalConnection(Host("here", way=Way.LOCAL)).run
    facts = await put(run, RemoteFile(str(tmp_path / "link")), Secret("new"))
    assert (tmp_path / "link").is_symlink()
    assert ((tmp_path / "real").read_text(), facts.mode) == ("new", 0o751)
    fresh = await put(run, RemoteFile(str(tmp_path / "-fresh")), b"")
    assert (fresh.mode, fresh.size_bytes) == (0o600, 0)
    assert alone(tmp_path, "real", "link", "-fresh")


@pytest.mark.parametrize(
    ("path", "words"),
    [("{}", "it is a folder"), ("{}/no/x", "No such file"), ("relative", "begins with /")],
)
async def test_what_can_not_be_written_is_said(path: str, words: str, tmp_path: Path) -> None:
    run = LocalConnection(Host("here", way=Way.LOCAL)).run
    with pytest.raises(HostError, match=words) as caught:
        await put(run, RemoteFile(path.format(tmp_path)), b"x")
    assert caught.value.problem.hint
    assert alone(tmp_path)


@pytest.mark.parametrize("way", ["ssh", "openssh"])
async def test_a_connection_that_breaks_leaves_the_old_file(way: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "file").write_text("old")
    behaviour = Behaviour()
    async with reached(way, tmp_path, behaviour) as connection:
        order = put_order(RemoteFile(str(there / "file")), b"x" * 30_000)
        slow = order.script.replace(b"cat >./new", b"{ head -c 9; sleep 60; cat; } >./new")
        run = connection.run(Order(slow, order.stdin))
        running = asyncio.create_task(run)
        await wait_for(lambda: len(list(there.iterdir())) == 2, what="the file beside it")
        behaviour.drop_all()
        with pytest.raises(HostError) as caught:
            await running
        await wait_for(lambda: alone(there, "file"), what="the end of what was begun")
    assert caught.value.problem.kind is ProblemKind.LOST
    assert (there / "file").read_text() == "old"


async def test_input_that_is_cut_is_never_taken_for_all_of_it(tmp_path: Path) -> None:
    run = LocalConnection(Host("here", way=Way.LOCAL)).run
    order = put_order(RemoteFile(str(tmp_path / "file")), b"all of it")
    done = await run(Order(order.script, b"all of"))
    assert (done.status, done.stderr) == (
        1,
        b"of 9 bytes only 6 arrived: nothing was changed\n",
    )
    damaged = await run(Order(order.script, b"all of 1t"))
    assert damaged.stderr == b"it arrived damaged: nothing was changed\n"
    assert alone(tmp_path)


@RUNS
async def test_a_large_file_goes_both_ways_without_being_held(way: str, tmp_path: Path) -> None:
    here, there, back = (tmp_path / name for name in ("here", "there", "back"))
    here.write_bytes(BLOB * 5)
    async with reached(way, tmp_path) as connection:
        sent = await put(connection.run, RemoteFile(str(there)), await local_file(here))
        got = await fetch(connection.run, RemoteFile(str(there)), back, max_bytes=10_000_000)
    assert sent == got
    assert there.read_bytes() == back.read_bytes() == BLOB * 5


async def test_a_file_here_that_shrinks_while_it_is_sent_changes_nothing(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.write_bytes(BLOB)
    measured = await local_file(here)
    os.truncate(here, 1000)
    run = LocalConnection(Host("here", way=Way.LOCAL)).run
    with pytest.raises(HostError, match="changed meanwhile"):
        await put(run, RemoteFile(str(there)), measured)
    assert alone(tmp_path, "here")


async def test_a_file_that_is_too_long_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(BLOB)
    file = RemoteFile(str(tmp_path / "long"))
    run = LocalConnection(Host("here", way=Way.LOCAL)).run
    for most in (100, len(BLOB) - 1):
        with pytest.raises(HostError, match="is longer than") as caught:
            await get(run, file, max_bytes=most)
        assert caught.value.problem.kind is ProblemKind.TRUNCATED
        with pytest.raises(HostError, match="is longer than"):
            await fetch(run, file, tmp_path / "back", max_bytes=most)
    assert alone(tmp_path, "long")


async def test_a_file_without_a_size_is_got_too(tmp_path: Path) -> None:
    run = LocalConnection(Host("here", way=Way.LOCAL)).run
    content = await get(run, RemoteFile("/proc/self/status"), max_bytes=100_000)
    assert b"Pid:" in content


async def test_a_host_without_a_program_for_digests_is_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(tools))
    there = tmp_path / "there"
    read: list[bytes] = []

    async def run(order: Order, heard: Heard | None) -> Completed:
        plain = order.script.replace(b"openssl", b"no-openssl").replace(b"sha", b"no-sha")
        done = await LocalConnection(Host("here", way=Way.LOCAL)).run(
            Order(plain, order.stdin), heard
        )
        read.append(done.stdout)
        return done

    facts = await put(run, RemoteFile(str(there)), b"content")
    assert facts.digest == hashlib.sha256(b"content").hexdigest()
    assert read[-1] == b"content"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(
        st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]),
        min_size=1,
        max_size=60,
    ).filter(lambda name: name not in (".", "..") and not name.endswith("\n"))
)
def test_no_name_is_too_odd(name: str, tmp_path: Path) -> None:
    run = LocalConnection(Host("here", way=Way.LOCAL)).run
    file = RemoteFile(f"{tmp_path}/{name}")
    asyncio.run(put(run, file, b"content"))
    assert alone(tmp_path, name)
    (tmp_path / name).unlink()
