"""One HTTP POST, by asyncio's own streams: a deadline holds, and a trickle of bytes ends by it.

No redirect is followed and no proxy used; TLS is verified, always.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from opsdash import __version__
from opsdash.core.errors import HostError
from opsdash.core.hook import Outcome
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.secret import Secret

_MOST_BYTES = 65_536
_AGAIN = (408, 425, 429)
_HINTS = {
    401: "the token in its URL is not taken: make a new one there",
    403: "the token in its URL is not taken, or may not do this",
    404: "there is nothing at its URL: make it anew there",
    410: "its URL is not in use any more: make a new one there",
}
_OFTEN_WRONG = "look at the URL, and at body: in hooks.yaml: the server does not take it so"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and by which name the receiver knows it again."""

    url: Secret
    body: bytes
    id: str


async def post(request: Request, *, timeout_s: float) -> Outcome:
    """Send it; no word of what comes of it holds more of the URL than the server's name."""
    parts = urlsplit(request.url.reveal().decode())
    try:
        async with asyncio.timeout(timeout_s):
            status, words = await _exchange(parts, request)
    except TimeoutError:
        text = f"{parts.hostname} did not answer within {timeout_s:.0f}s"
        return Outcome(told=False, text=text, hint=_REACH, again=True)
    except ssl.SSLCertVerificationError as error:
        text = f"{parts.hostname}: its certificate is not trusted: {error.verify_message}"
        return Outcome(told=False, text=text, hint="mend the certificate, or trust its CA here")
    except (OSError, asyncio.IncompleteReadError) as error:
        said = _reason(error)
        return Outcome(told=False, text=f"{parts.hostname}: {said}", hint=_REACH, again=True)
    except HostError as error:
        return Outcome(told=False, text=error.problem.text, hint=error.problem.hint)
    return _judged(parts, status, words)


_REACH = "see whether this machine reaches it"


def _reason(error: Exception) -> str:
    """Why, without the address: asyncio puts its own words in place of the system's."""
    if isinstance(error, socket.gaierror):
        return "its name can't be resolved"
    number = getattr(error, "errno", None)
    known = os.strerror(number) if isinstance(number, int) and number > 0 else ""
    return known or getattr(error, "strerror", None) or type(error).__name__


def _judged(parts: SplitResult, status: int, words: str) -> Outcome:
    said = f"{parts.hostname} says {status} {words}".strip()
    if 200 <= status < 300:
        return Outcome(told=True, text=f"{status} {words}".strip())
    if 300 <= status < 400:
        return Outcome(told=False, text=said, hint="it sends elsewhere: name the final URL")
    again = status >= 500 or status in _AGAIN
    return Outcome(told=False, text=said, hint=_HINTS.get(status, _OFTEN_WRONG), again=again)


async def _exchange(parts: SplitResult, request: Request) -> tuple[int, str]:
    """Send all, and read the status and its words."""
    tls = parts.scheme == "https"
    context = await asyncio.to_thread(ssl.create_default_context) if tls else None
    port = parts.port or (443 if tls else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    try:
        writer.write(_head(parts, request) + request.body)
        await writer.drain()
        while True:
            status, words = _understood(await reader.readline(), parts)
            if not 100 <= status < 200:
                return status, words
            await _skip_head(reader)
    except ValueError:  # a line without an end
        raise HostError(_no_http(parts)) from None
    finally:
        writer.transport.abort()


async def _skip_head(reader: asyncio.StreamReader) -> None:
    seen = 0
    while (line := await reader.readline()).strip() and seen < _MOST_BYTES:
        seen += len(line)


def _head(parts: SplitResult, request: Request) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = (
        f"POST {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"User-Agent: opsdash/{__version__}",
        "Content-Type: application/json",
        f"Content-Length: {len(request.body)}",
        f"Idempotency-Key: {request.id}",
        "Accept: */*",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def _understood(line: bytes, parts: SplitResult) -> tuple[int, str]:
    """``HTTP/1.1 204 No Content``; ConnectionError where it closed without a word."""
    if not line:
        raise ConnectionResetError(None, "closed the connection without an answer")
    version, _, rest = line.decode("latin-1").strip().partition(" ")
    code, _, words = rest.partition(" ")
    if not version.startswith("HTTP/") or not (code.isascii() and code.isdigit()):
        raise HostError(_no_http(parts))
    return int(code[:3]), words[:60]


def _no_http(parts: SplitResult) -> Problem:
    text = f"{parts.hostname} does not speak HTTP on port {parts.port or parts.scheme}"
    return Problem(ProblemKind.BAD_OUTPUT, text, "look at the URL: address and port")
