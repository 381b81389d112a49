"""Own probes from this machine, against servers that answer well, badly, endlessly and never."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opsdash.core.probe import Dns, Http, Probe, Tcp, Tls, What
from opsdash.core.reading import Cell
from opsdash.transport.probing.here import probe_here

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncGenerator[int, None]:
    """A server on a port of its own; what it still does at the end is ended."""
    tasks: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def saying(*parts: bytes, then: str = "close") -> Serve:
    """A server that reads a request and sends these parts; then it closes, hangs, or repeats the
    last one without end.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        while then == "repeat":
            writer.write(parts[-1])
            await writer.drain()
        if then == "hang":
            await asyncio.Event().wait()

    return serve


async def answer(what: What, timeout_s: int = 5) -> dict[str, Cell]:
    """What came of one probe, which kept to its time."""
    began = monotonic()
    found = await probe_here(Probe("p", what, timeout_s=timeout_s))
    assert monotonic() - began < timeout_s + 2
    return found


def url(port: int, path: str = "/", scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{port}{path}"


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("parts", "then", "body", "wanted"),
    [
        ((OK + b"\r\nhello",), "close", "hel+o", {"status": 200, "matches": True}),
        ((OK + b"Content-Length: 5\r\n\r\nhello",), "hang", "x", {"status": 200, "matches": False}),
        ((b"HTTP/1.0 503 Busy\r\n\r\n",), "close", "", {"status": 503}),
        ((b"HTTP/1.1 204\r\n\r\n",), "hang", "", {"status": 204}),
        ((b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", OK + b"\r\n"), "close", "", {"status": 200}),
        (
            (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",),
            "hang",
            "^hello$",
            {"status": 200, "matches": True},
        ),
        ((OK + b"\r\n", b"x" * 65_536), "repeat", "x", {"status": 200, "matches": True}),
        (
            (OK + b"Content-Length: 99999999999999\r\n\r\n", b"x" * 65_536),
            "hang",
            "(x+x+)+y",
            {"status": 200, "matches": False},
        ),
    ],
)
async def test_an_answer_is_a_status_and_a_look_at_the_body(
    parts: tuple[bytes, ...], then: str, body: str, wanted: dict[str, Cell]
) -> None:
    async with serving(saying(*parts, then=then)) as port:
        found = await answer(Http(url(port), body=body))
    assert found["outcome"] == "answered", found
    assert {key: found[key] for key in wanted} == wanted
    took_s = found["time_s"]
    assert isinstance(took_s, float)
    assert 0 <= took_s < 5


@pytest.mark.parametrize(
    ("parts", "then", "text"),
    [
        ((), "close", "it closed the connection without an answer"),
        ((b"HTTP/1.1 200 OK\r\nServ",), "close",
         "it closed the connection in the middle of its answer"),
        ((b"SSH-2.0-OpenSSH_9.6\r\n\r\n",), "close", "what answers there does not speak HTTP"),
        ((b"\x1b[2J" * 30_000,), "repeat", "what answers there does not speak HTTP"),
        ((OK, b"X-Pad: " + b"y" * 8000 + b"\r\n"), "repeat", "its headers are longer than 64 KiB"),
        ((OK, b"x" * 70_000), "hang", "what answers there does not speak HTTP"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",), "hang", "its body is broken"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc",), "close",
         "it closed the connection in the middle of its answer"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_said_so_without_its_words(
    parts: tuple[bytes, ...], then: str, text: str
) -> None:
    async with serving(saying(*parts, then=then)) as port:
        found = await answer(Http(url(port)))
    assert (found["outcome"], found["text"]) == ("failed", text)


@pytest.mark.parametrize("kind", ["http", "https", "tls"])
async def test_a_server_that_says_nothing_is_left_in_time(kind: str) -> None:
    async with serving(saying(then="hang")) as port:
        what = Tls("127.0.0.1", port, "") if kind == "tls" else Http(url(port, scheme=kind))
        found = await answer(what, timeout_s=1)
    assert (found["outcome"], found["text"]) == ("failed", "no answer in time")


async def test_a_port_takes_connections_or_not() -> None:
    async with serving(saying()) as port:
        assert (await answer(Tcp("127.0.0.1", port)))["outcome"] == "answered"
        assert (await answer(Tcp("localhost", port)))["outcome"] == "answered"
    closed = await answer(Tcp("127.0.0.1", port))
    assert (closed["outcome"], closed["text"]) == ("failed", "connection refused")


async def test_what_speaks_something_else_speaks_no_tls() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()

    async with serving(serve) as port:
        found = await answer(Tls("127.0.0.1", port, ""))
    assert (found["outcome"], found["text"]) == ("failed", "no TLS there")


async def test_a_name_has_addresses_or_not() -> None:
    found = await answer(Dns("localhost"))
    assert "127.0.0.1" in str(found["addresses"]).split()
    gone = await answer(Dns("nothing.invalid"))
    assert (gone["outcome"], gone["text"]) == ("failed", "its name has no address")


def certificate(folder: Path, days: tuple[int, int], *names: str) -> ssl.SSLContext:
    """A self-signed certificate that is valid between these days from now, for these names."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop")])
    building = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 7)
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    if names:
        listed = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        building = building.add_extension(listed, critical=False)
    made = building.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem")
    return context


@pytest.mark.parametrize(
    ("days", "names", "told"),
    [((-2, 30), ("www.example.org", "*.example.net"), "www.example.org *.example.net"),
     ((-60, -1), (), "shop"), ((1, 9), ("a" * 60,), "a" * 60)],
)  # fmt: skip
async def test_a_certificate_is_told_whether_it_is_valid_or_not(
    tmp_path: Path, days: tuple[int, int], names: tuple[str, ...], told: str
) -> None:
    async with serving(saying(), certificate(tmp_path, days, *names)) as port:
        found = await answer(Tls("127.0.0.1", port, "www.example.org"))
        untrusted = await answer(Http(url(port, scheme="https")))
    assert found["outcome"] == "answered"
    assert (found["names"], found["issuer"]) == (told, "shop")
    expires_at = found["expires_at"]
    assert isinstance(expires_at, float)
    assert expires_at == pytest.approx(datetime.now(UTC).timestamp() + days[1] * 86_400, abs=60)
    assert untrusted["outcome"] == "failed"
    assert str(untrusted["text"]).startswith("its certificate is not trusted: ")


async def test_https_that_need_not_be_trusted_is_asked_as_any_other(tmp_path: Path) -> None:
    context = certificate(tmp_path, (-60, -1), "other.example")
    async with serving(saying(OK + b"\r\nhello"), context) as port:
        found = await answer(Http(url(port, scheme="https"), body="hello", verify=False))
    assert (found["outcome"], found["status"], found["matches"]) == ("answered", 200, True)
