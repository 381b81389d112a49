"""Forwarded ports: what is typed for one, what goes through it, and what becomes of it."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.errors import HostError
from opsdash.core.forward import HERE, Wish, parse_wish, place
from opsdash.core.problem import Problem, ProblemKind
from opsdash.engine import forwards as engine_forwards
from opsdash.engine.forwards import Forwards
from opsdash.transport import local_port
from opsdash.transport.local_port import LocalPort
from opsdash.transport.openssh.tcp import refusal
from opsdash.transport.tcp import Tcp, open_here
from tests.waiting import wait_for

PORTS = st.integers(1, 65535)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("80", Wish(80, "localhost", 80)),
        (" 8080:80 ", Wish(8080, "localhost", 80)),
        ("8080:localhost:80", Wish(8080, "localhost", 80)),
        ("0:80", Wish(0, "localhost", 80)),
        ("5432:db.internal:5432", Wish(5432, "db.internal", 5432)),
        ("8080:[2001:db8::1]:80", Wish(8080, "2001:db8::1", 80)),
    ],
)
def test_a_wish_is_written_as_for_ssh(text: str, wish: Wish) -> None:
    assert parse_wish(text) == wish


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a port is a number"),
        ("http", "a port is a number"),
        ("0", "from 1 to 65535"),
        ("65536:80", "from 0 to 65535"),
        ("8080:0", "from 1 to 65535"),
        ("8080:::1:80", "in brackets"),
        ("8080:-oProxyCommand:80", "must not begin with '-'"),
        ("8080:a;b:80", "must not hold ';'"),
        ("8080:a b:80", "white space"),
        ("8080::80", "must not be empty"),
        ("٨٠", "a port is a number"),
    ],
)
def test_what_is_none_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_wish(text)


@given(PORTS, st.sampled_from(["localhost", "a-b.c", "10.0.0.1", "::1", "fe80::1%eth0"]), PORTS)
def test_what_is_written_is_read_again(port: int, host: str, to_port: int) -> None:
    wish = Wish(port, host, to_port)
    assert parse_wish(f"{port}:{place(host, to_port)}") == wish


@given(st.text(max_size=30))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(ValueError):
        wish = parse_wish(text)
        assert 0 <= wish.port <= 65535
        assert not wish.to_host.startswith("-")


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server on a free port that says what it hears, in capitals."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data.upper())
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, HERE, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def through(port: int, data: bytes) -> bytes:
    """All that comes back through a port for all that is sent, the end of it included."""
    reader, writer = await asyncio.open_connection(HERE, port)
    try:
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_bytes_go_both_ways_to_the_last_one_and_are_counted() -> None:
    async with echo() as served:
        port = LocalPort(lambda: open_here(HERE, served))
        number = await port.listen(0)
        sent = b"a" * 3_000_000
        assert await through(number, sent) == b"A" * 3_000_000
        await wait_for(lambda: not port.open)
        assert (port.made, port.sent_bytes, port.received_bytes) == (1, 3_000_000, 3_000_000)
        await port.close()


async def test_a_connection_that_leads_nowhere_is_cut_and_the_next_one_is_tried() -> None:
    async with echo() as served:
        answers: list[Problem | None] = [Problem(ProblemKind.REFUSED, "nobody listens"), None]

        async def dial() -> Tcp:
            problem = answers.pop(0)
            if problem is not None:
                raise HostError(problem)
            return await open_here(HERE, served)

        port = LocalPort(dial)
        number = await port.listen(0)
        with pytest.raises(ConnectionError):  # and not an empty answer
            await through(number, b"x")
        assert port.said == "nobody listens"
        assert await through(number, b"x") == b"X"
        assert port.said == ""
        await port.close()


async def test_closing_cuts_what_is_open() -> None:
    async with echo() as served:
        port = LocalPort(lambda: open_here(HERE, served))
        number = await port.listen(0)
        reader, writer = await asyncio.open_connection(HERE, number)
        writer.write(b"x")
        assert await reader.read(1) == b"X"
        assert port.open == 1
        await port.close()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(HERE, number)


async def test_a_port_that_is_in_use_is_told_with_another_one() -> None:
    async with echo() as taken:
        with pytest.raises(HostError, match=f"port {taken} of this machine is in use") as caught:
            await LocalPort(lambda: open_here(HERE, 1)).listen(taken)
        assert f"take another, as {taken + 1}:{taken}" in caught.value.problem.hint


def test_a_port_of_root_is_told_with_one_that_is_free_to_take() -> None:
    problem = local_port._not_ours(80, OSError(errno.EACCES, "Permission denied"))
    assert problem.text == "only root may listen on port 80 of this machine"
    assert problem.hint == "take one from 1024 on: 8080:80"


class Fake:
    """A connection to a host that makes TCP connections from here, or says why not."""

    problem: Problem | None = None

    async def open_tcp(self, host: str, port: int) -> Tcp:
        if self.problem is not None:
            raise HostError(self.problem)
        return await open_here(HERE, port)


async def test_a_forward_outlives_its_connection_and_tells_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_forwards, "LOOK_S", 0.01)
    live: dict[str, Any] = {"web1": Fake()}
    told = list[str]()
    forwards = Forwards(live.get, lambda: 7.0)
    async with echo() as served:
        one = await forwards.open("web1", Wish(0, "localhost", served), told.append)
        assert (one.host, one.since, one.up, one.said) == ("web1", 7.0, True, "")
        assert await through(one.wish.port, b"x") == b"X"
        live.clear()
        assert not forwards.all()[0].up
        with pytest.raises(ConnectionError):
            await through(one.wish.port, b"x")
        await wait_for(lambda: told == [f"the forward of {one.at} waits: web1 is not connected"])
        live["web1"] = Fake()
        assert await through(one.wish.port, b"x") == b"X"
        await wait_for(lambda: told[1:] == [f"the forward of {one.at} works again"])
        await forwards.close_all()
        assert forwards.all() == ()


async def test_what_sshd_forbids_is_refused_and_what_only_sleeps_is_told() -> None:
    fake = Fake()
    live: dict[str, Any] = {}
    forwards = Forwards(live.get, lambda: 7.0)
    with pytest.raises(HostError, match="web1 is not connected now"):
        await forwards.open("web1", Wish(0, "localhost", 1), print)
    live["web1"] = fake
    fake.problem = Problem(ProblemKind.DENIED, "sshd forbids it")
    with pytest.raises(HostError, match="sshd forbids it"):
        await forwards.open("web1", Wish(0, "localhost", 1), print)
    assert forwards.all() == ()
    fake.problem = Problem(ProblemKind.REFUSED, "nobody \x1b[2Jlistens")
    one = await forwards.open("web1", Wish(0, "localhost", 1), print)
    assert one.said == "nobody listens"
    await forwards.close(one.id)
    await forwards.close(one.id)
    await forwards.close_all()


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        (
            "channel 2: open failed: connect failed: Connection refused\r\n",
            ProblemKind.REFUSED,
            "no connection to localhost:1: Connection refused",
        ),
        (
            "x\nchannel 3: open failed: administratively prohibited: open failed\r\n",
            ProblemKind.DENIED,
            "sshd on web1 forwards nothing to localhost:1",
        ),
        ("", ProblemKind.REFUSED, "no connection to localhost:1: refused by the host"),
    ],
)
def test_what_a_master_complains_of_is_understood(said: str, kind: ProblemKind, text: str) -> None:
    problem = refusal(said, "web1", "localhost:1")
    assert (problem.kind, problem.text) == (kind, text)
