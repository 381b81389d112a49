"""Own probes from this machine, against servers that answer well, badly, endlessly and never."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from opsdash.core.probe import Dns, Http, Probe, Tcp, Tls, What
from opsdash.core.reading import Cell
from opsdash.transport.probing.here import probe_here
from tests.probed_servers import OK, certificate, saying, serving


async def answer(what: What, timeout_s: int = 5) -> dict[str, Cell]:
    """What came of one probe, which kept to its time."""
    began = monotonic()
    found = await probe_here(Probe("p", what, timeout_s=timeout_s))
    assert monotonic() - began < timeout_s + 2
    return found


def url(port: int, path: str = "/", scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{port}{path}"


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
