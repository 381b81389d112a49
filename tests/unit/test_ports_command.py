"""The command of the collectors of ports, run for real: whoever listens here is found by it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsdash.collectors.ports import PORTS
from opsdash.core.plugin import understand
from opsdash.core.reading import Output, Reading, Row

TOOLS = ("awk", "ls", "grep", "xargs", "od")
KINDS = ["as it is", *(["busybox"] if shutil.which("busybox") else [])]

NAMELESS = """
import socket, sys
open("/proc/self/comm", "wb").write(b"a) \\"b\\n\\x1b[2J\\tc")
one = socket.create_server(("127.0.0.1", 0))
print(one.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=KINDS)
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A search path with this machine's own programs, or busybox' in their place."""
    path = os.environ["PATH"]
    if request.param == "as it is":
        return path
    busybox = shutil.which("busybox") or ""
    for name in TOOLS:
        (tmp_path / name).symlink_to(busybox)
    return f"{tmp_path}:{path}"


def look(tools: str) -> Reading:
    """What the command tells of this machine."""
    done = subprocess.run(
        ["sh", "-c", PORTS.command],
        env={"PATH": tools, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    reading = understand(PORTS, Output(done.stdout), "h", 0.0)
    assert reading.problem is None
    return reading


def at_port(reading: Reading, port: int) -> list[Row]:
    return [row for row in reading.rows if row["port"] == port]


@pytest.fixture
def odd_one() -> Iterator[tuple[int, int]]:
    """A process of the worst name that listens: its port and its id."""
    with subprocess.Popen(
        [sys.executable, "-c", NAMELESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        yield int(child.stdout.readline()), child.pid
        child.communicate()


def test_who_listens_is_found_with_its_process(tools: str, odd_one: tuple[int, int]) -> None:
    port, pid = odd_one
    with (
        socket.create_server(("", 0)) as to_all,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(("127.0.0.1", 0))
        with socket.create_connection(("127.0.0.1", to_all.getsockname()[1])):
            reading = look(tools)
        (odd,) = at_port(reading, port)
        (own,) = at_port(reading, to_all.getsockname()[1])
        (udp,) = at_port(reading, datagrams.getsockname()[1])
    assert (odd["pid"], odd["scope"], odd["address"]) == (pid, "self", "127.0.0.1")
    assert odd["name"] == 'a) "b c'
    assert (own["pid"], own["scope"], own["processes"]) == (os.getpid(), "all", 1)
    assert (udp["proto"], udp["pid"]) == ("udp", os.getpid())
    assert (reading.get("ports.connections", "established") or 0) >= 2
    assert reading.rows[0]["scope"] == "all"


def test_a_file_that_is_named_like_a_socket_is_none(tools: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        inode = os.fstat(other.fileno()).st_ino
        liar = tmp_path / f"x -> socket:[{inode}]"
        liar.touch()
        forged = tmp_path / f"y\n\n/proc/1/fd:\nl 3 -> socket:[{inode}]"
        forged.parent.mkdir(parents=True)
        forged.touch()
        with (
            liar.open() as one,
            forged.open() as two,
            subprocess.Popen(
                [sys.executable, "-c", "import sys; sys.stdin.read()"],
                stdin=subprocess.PIPE,
                pass_fds=(one.fileno(), two.fileno()),
            ) as child,
        ):
            (row,) = at_port(look(tools), other.getsockname()[1])
            child.communicate()
    assert (row["pid"], row["processes"]) == (os.getpid(), 1)
