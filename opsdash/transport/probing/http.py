"""As much of HTTP/1.1 as a probe takes: one GET, the status, and the beginning of the body."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import SplitResult

from opsdash.core.probe import BODY_BYTES

HEAD_BYTES = 65_536
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?\r?")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;.*)?\r?\n")


class BadAnswer(Exception):
    """What came is no answer of HTTP; in words, without what came."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status, and as much of the body as is looked through."""

    status: int
    body: bytes


async def fetch(
    parts: SplitResult, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> HttpAnswer:
    """Ask for a URL on a connection that stands. BadAnswer when it is not HTTP that answers."""
    reader, writer = streams
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    writer.write(
        f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: opsdash\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode("ascii")
    )
    await writer.drain()
    while True:
        head = await _head(reader)
        found = _STATUS.fullmatch(head[0])
        if found is None:
            raise BadAnswer("what answers there does not speak HTTP")
        status = int(found[1])
        if status >= 200 or status == 101:
            break
    headers = _headers(head[1:])
    if status in (101, 204, 304):
        return HttpAnswer(status, b"")
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return HttpAnswer(status, await _chunks(reader))
    length = headers.get(b"content-length", b"")
    most = min(BODY_BYTES, int(length)) if re.fullmatch(rb"[0-9]{1,18}", length) else BODY_BYTES
    return HttpAnswer(status, await _up_to(reader, most))


async def _head(reader: asyncio.StreamReader) -> list[bytes]:
    """The lines before the first empty one."""
    lines: list[bytes] = []
    size = 0
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            if error.partial or lines:
                raise BadAnswer("it closed the connection in the middle of its answer") from None
            raise BadAnswer("it closed the connection without an answer") from None
        except asyncio.LimitOverrunError:
            raise BadAnswer("what answers there does not speak HTTP") from None
        size += len(line)
        if size > HEAD_BYTES:
            raise BadAnswer("its headers are longer than 64 KiB")
        line = line.rstrip(b"\r\n")
        if not line:
            return lines or [b""]
        lines.append(line)


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        found[name.strip().lower()] = value.strip()
    return found


async def _up_to(reader: asyncio.StreamReader, most: int) -> bytes:
    body = bytearray()
    while len(body) < most and (some := await reader.read(most - len(body))):
        body += some
    return bytes(body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A body in chunks, as far as it is read."""
    body = bytearray()
    while len(body) < BODY_BYTES:
        try:
            found = _CHUNK.fullmatch(await reader.readuntil(b"\n"))
            if found is None:
                raise BadAnswer("its body is broken")
            size = int(found[1], 16)
            if size == 0:
                break
            body += await _up_to(reader, min(size, BODY_BYTES - len(body)))
            if len(body) < BODY_BYTES:
                await reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise BadAnswer("it closed the connection in the middle of its answer") from None
    return bytes(body)
