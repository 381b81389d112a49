"""What a host sees over the network: by each way to it, from servers of all kinds."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.plan import Step, StepKind
from opsdash.core.probe import Http, Tcp, Tls
from opsdash.core.problem import ProblemKind
from opsdash.core.visit import Visit, Visited
from opsdash.core.volatile import Volatile
from opsdash.engine.perform import perform
from opsdash.transport.probing import visit as visit_module
from opsdash.transport.probing.there import visit_from
from opsdash.transport.tcp import Tcp as Connected
from opsdash.transport.tcp import open_here
from tests.fake_hands import FakeHand, FakeHands
from tests.probed_servers import OK, certificate, saying, serving
from tests.ssh_server import Behaviour
from tests.waiting import wait_for
from tests.ways import RUNS, reached

HERE = "127.0.0.1"


def masked(text: bytes) -> list[str]:
    """Lines as they are compared: what is the same but for its time is equal."""
    return Volatile().mask(text.decode()).splitlines()


async def seen(what: Visited, timeout_s: float = 5) -> tuple[int, list[str]]:
    """The status, and what was said."""
    done = await visit_from(open_here, what, timeout_s)
    return done.status, masked(done.stdout)


@asynccontextmanager
async def secured(
    folder: Path, *names: str, days: tuple[int, int] = (-2, 30)
) -> AsyncGenerator[tuple[int, ssl.SSLContext], None]:
    """A server with TLS for these names, and what one trusts who trusts it."""
    context = certificate(folder, days, *names)
    trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    async with serving(saying(OK + b"Content-Length: 5\r\n\r\nhello"), context) as port:
        yield port, trust


@RUNS
async def test_a_host_tells_of_a_port_and_of_a_url(way: str, tmp_path: Path) -> None:
    async with (
        serving(saying(OK + b"\r\nhello")) as port,
        reached(way, tmp_path) as connection,
    ):
        opened = await visit_from(connection.open_tcp, Tcp(HERE, port), 5)
        asked = await visit_from(connection.open_tcp, Http(f"http://{HERE}:{port}/"), 5)
    assert (opened.status, masked(opened.stdout)) == (0, ["connect: open, <took>"])
    assert asked.status == 0
    assert masked(asked.stdout)[1:] == ["answer: status 200, 5 bytes, first byte after <took>"]
    async with reached(way, tmp_path) as connection:
        closed = await visit_from(connection.open_tcp, Tcp(HERE, port), 5)
    assert closed.status == 1
    assert closed.stdout.startswith(b"connect: no connection to ")


@pytest.mark.parametrize("way", ["ssh", "openssh"])
async def test_a_host_whose_sshd_makes_no_connections_tells_nothing_of_the_port(
    way: str, tmp_path: Path
) -> None:
    async with reached(way, tmp_path, Behaviour(forwards=False)) as connection:
        with pytest.raises(HostError) as caught:
            await visit_from(connection.open_tcp, Tcp(HERE, 22), 5)
    assert caught.value.problem.kind is ProblemKind.DENIED


async def test_a_trusted_certificate_is_told_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with secured(tmp_path, "localhost", "shop.example") as (port, trust):
        monkeypatch.setattr(visit_module, "trusting", lambda: trust)
        status, lines = await seen(Tls("localhost", port, ""))
        named = await seen(Tls("localhost", port, "shop.example"))
        other = await seen(Tls("localhost", port, "other.example"))
        asked = await seen(Http(f"https://localhost:{port}/"))
    assert status == named[0] == 0
    assert [line.partition(":")[0] for line in lines] == [
        "connect", "tls", "certificate", "issuer", "expires", "trust",
    ]  # fmt: skip
    assert lines[1].startswith("tls: TLSv1.3, TLS_")
    assert lines[2:] == [
        "certificate: CN=shop; for localhost shop.example",
        "issuer: shop",
        "expires: <date>, 29 days left",
        "trust: trusted by this machine",
    ]
    assert other[0] == 1
    assert other[1][-1].startswith("trust: NOT trusted: Hostname mismatch")
    assert asked[0] == 0
    assert asked[1][-1] == "answer: status 200, 5 bytes, first byte after <took>"


async def test_what_is_not_trusted_is_shown_and_asked_for_nothing(tmp_path: Path) -> None:
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.read(1000))

    async with serving(serve, certificate(tmp_path, (-60, -1), "localhost")) as port:
        status, lines = await seen(Http(f"https://localhost:{port}/?token=x"))
        await wait_for(lambda: bool(requests))
    assert status == 1
    assert requests == [b""]
    assert "expires: <date>, over for 2 days" in lines
    assert lines[-1].startswith("trust: NOT trusted: ")


async def test_without_verification_it_is_asked_as_any_other(tmp_path: Path) -> None:
    async with secured(tmp_path, "other.example") as (port, _):
        status, lines = await seen(Http(f"https://localhost:{port}/", verify=False))
    assert status == 0
    assert lines[-2:] == [
        "trust: not looked at",
        "answer: status 200, 5 bytes, first byte after <took>",
    ]


@pytest.mark.parametrize(
    ("what", "part", "then", "told"),
    [
        (Http, b"HTTP/1.1 404 No\r\nContent-Length: 99999999\r\n\r\nx" + b"x" * 65_536, "hang",
         "answer: status 404, 99999999 bytes, first byte after <took>"),
        (Http, OK + b"\r\n" + b"x" * 70_000, "repeat",
         "answer: status 200, more than 64 KiB, first byte after <took>"),
        (Http, b"SSH-2.0-x\r\n\r\n", "close", "answer: what answers there does not speak HTTP"),
        (Http, b"", "hang", "answer: no answer within 1s"),
        (Tls, b"", "hang", "tls: no answer within 1s"),
    ],
)  # fmt: skip
async def test_what_answers_otherwise_is_told_with_the_part_in_which_it_did(
    what: type[Http] | type[Tls], part: bytes, then: str, told: str
) -> None:
    async with serving(saying(part, then=then)) as port:
        aim = Tls(HERE, port, "") if what is Tls else Http(f"http://{HERE}:{port}/")
        status, lines = await seen(aim, timeout_s=1)
    assert (status, lines[-1]) == (0 if "200" in told else 1, told)


async def test_what_speaks_no_tls_is_told_so() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()

    async with serving(serve) as port:
        status, lines = await seen(Tls(HERE, port, ""))
    assert (status, lines) == (1, ["connect: open, <took>", "tls: no TLS there"])


async def test_a_hostile_certificate_brings_no_escape_to_the_screen(tmp_path: Path) -> None:
    async with secured(tmp_path, "a\x1b[2Jb", "x\ny") as (port, _):
        status, lines = await seen(Tls(HERE, port, ""))
    text = "\n".join(lines)
    assert status == 1
    assert "\x1b" not in text
    assert not any(line.startswith("y") for line in lines)


@dataclass
class _Reaching(FakeHand):
    """A hand whose host is this machine, whatever address it is given."""

    port: int = 0

    async def open_tcp(self, host: str, port: int) -> Connected:
        assert (host, port) == ("db1.example", 22)
        return await open_here(HERE, self.port)


async def test_a_host_of_the_fleet_is_reached_at_its_own_address() -> None:
    line = Visit(Tcp("db1", 22), of_fleet=True).line
    step = Step(StepKind.CONNECT, "connect", path=line, timeout_s=5, reads_only=True)
    hands = FakeHands()
    async with serving(saying()) as port:
        hand = _Reaching(Host("web1"), hands, port)
        result = await perform(step, hand, hands, (), lambda piece, error: None)
    assert (result.status, masked(result.stdout)) == (0, ["connect: open, <took>"])


async def test_a_step_that_means_no_visit_is_refused() -> None:
    hands = FakeHands()
    step = Step(StepKind.CONNECT, "connect", path="gopher://db1:70", reads_only=True)
    hand = FakeHand(Host("web1"), hands)
    result = await perform(step, hand, hands, (), lambda piece, error: None)
    assert result.problem is not None
    assert "none of tcp, tls, http and https" in result.problem.text
