"""A visit over a connection that stands: TLS, the certificate, one GET; from here or from there."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from opsdash.core.probe import Http, Tls
from opsdash.core.visit import Visited
from opsdash.transport.probing.http import BadAnswer, HttpAnswer, fetch
from opsdash.transport.probing.tls import TlsTcp, anything, trusting
from opsdash.transport.tcp import Tcp


@dataclass
class Seen:
    """What a visit has met so far, and how many seconds each part took: also when it failed."""

    protocol: str = ""
    cipher: str = ""
    certificate: bytes = b""
    tls_s: float = 0.0
    answer: HttpAnswer | None = None


def destination(what: Visited) -> tuple[str, int]:
    """The address and port that are connected to."""
    if not isinstance(what, Http):
        return what.address, what.port
    parts = urlsplit(what.url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


async def look_at(what: Visited, tcp: Tcp, seen: Seen, *, verify: bool) -> None:
    """Look at it over a connection to its destination, and note what is seen in `seen`.

    With `verify` a certificate must be one that this machine trusts, and ssl.SSLError (as for what
    speaks no TLS) says that it is not. BadAnswer when what answers is no HTTP, OSError when the
    connection breaks.
    """
    if isinstance(what, Tls):
        await _secured(tcp, what.name or what.address, seen, verify=verify)
    elif isinstance(what, Http):
        parts = urlsplit(what.url)
        if parts.scheme == "https":
            tcp = await _secured(tcp, parts.hostname or "", seen, verify=verify)
        seen.answer = await fetch(parts, tcp)


async def _secured(tcp: Tcp, name: str, seen: Seen, *, verify: bool) -> TlsTcp:
    context = await asyncio.to_thread(trusting) if verify else anything()
    began = monotonic()
    secured = TlsTcp(tcp, context, name)
    await secured.shake()
    seen.tls_s = monotonic() - began
    seen.protocol, seen.cipher = secured.tls.version() or "", (secured.tls.cipher() or ("",))[0]
    seen.certificate = secured.tls.getpeercert(binary_form=True) or b""
    return secured


_MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "its name has no address"),
    (UnicodeError, "its name has no address"),
    (ssl.SSLError, "no TLS there"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "it closed the connection"),
    (BrokenPipeError, "it closed the connection"),
)


def meaning(error: Exception) -> str:
    """Why a visit failed, in the words of whoever runs networks."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, BadAnswer):
        return str(error)
    for kind, words in _MEANINGS:
        if isinstance(error, kind):
            return words
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number).lower() if number and number > 0 else "no connection"
