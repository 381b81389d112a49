"""As much of HTTP/1.1 as a probe takes: one GET, the status, and the beginning of the body."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from time import monotonic
from urllib.parse import SplitResult

from opsdash.core.probe import BODY_BYTES
from opsdash.transport.probing.inbox import Inbox
from opsdash.transport.tcp import Tcp

HEAD_BYTES = 65_536
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?\r?")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;.*)?\r?\n")


class BadAnswer(Exception):
    """What came is no answer of HTTP; in words, without what came."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status, as much of the body as is looked through, the size of all of it in bytes (None:
    not known), and after how many seconds the answer began.
    """

    status: int
    body: bytes
    size_bytes: int | None = 0
    began_s: float = 0.0


async def fetch(parts: SplitResult, tcp: Tcp) -> HttpAnswer:
    """Ask for a URL on a connection that stands. BadAnswer when it is not HTTP that answers."""
    inbox = Inbox(tcp)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    asked = monotonic()
    await tcp.write(
        f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: opsdash\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode("ascii")
    )
    while True:
        head = await _head(inbox)
        began_s = monotonic() - asked
        found = _STATUS.fullmatch(head[0])
        if found is None:
            raise BadAnswer("what answers there does not speak HTTP")
        status = int(found[1])
        if status >= 200 or status == 101:
            break
    headers = _headers(head[1:])
    if status in (101, 204, 304):
        return HttpAnswer(status, b"", 0, began_s)
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        body, whole = await _chunks(inbox)
        return HttpAnswer(status, body, len(body) if whole else None, began_s)
    length = headers.get(b"content-length", b"")
    if re.fullmatch(rb"[0-9]{1,18}", length):
        body = await _up_to(inbox, min(BODY_BYTES, int(length)))
        return HttpAnswer(status, body, int(length), began_s)
    body = await _up_to(inbox, BODY_BYTES)
    return HttpAnswer(status, body, len(body) if len(body) < BODY_BYTES else None, began_s)


async def _head(inbox: Inbox) -> list[bytes]:
    """The lines before the first empty one."""
    lines: list[bytes] = []
    size = 0
    while True:
        try:
            line = await inbox.line()
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


async def _up_to(inbox: Inbox, most: int) -> bytes:
    body = bytearray()
    while len(body) < most and (some := await inbox.some(most - len(body))):
        body += some
    return bytes(body)


async def _chunks(inbox: Inbox) -> tuple[bytes, bool]:
    """A body in chunks, as far as it is read, and whether that is all of it."""
    body = bytearray()
    while len(body) < BODY_BYTES:
        try:
            found = _CHUNK.fullmatch(await inbox.line())
            if found is None:
                raise BadAnswer("its body is broken")
            size = int(found[1], 16)
            if size == 0:
                return bytes(body), True
            body += await _up_to(inbox, min(size, BODY_BYTES - len(body)))
            if len(body) < BODY_BYTES:
                await inbox.line()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise BadAnswer("it closed the connection in the middle of its answer") from None
    return bytes(body), False
