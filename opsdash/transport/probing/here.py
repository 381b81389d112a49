"""A probe from here: TCP, TLS, HTTP or a name, tried by this machine within its deadline.

What is sent is a request line, the host's name and who asks; what comes back is read up to a limit.
Headers are never repeated in words: they may hold secrets.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from threading import Lock
from time import monotonic
from urllib.parse import urlsplit

from opsdash.core.probe import Dns, Http, Outcome, Probe, Tcp, Tls
from opsdash.core.reading import Cell
from opsdash.transport.probing.body import has
from opsdash.transport.probing.certificate import certificate_fields
from opsdash.transport.probing.http import BadAnswer, fetch
from opsdash.transport.ssh.sockets import look_up

Cells = dict[str, Cell]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

TRUST_READ_EVERY_S = 600
_reading = Lock()

_OWN_FAULTS = frozenset({errno.ENFILE, errno.EMFILE, errno.ENOMEM})
"""They say nothing of what was probed."""


async def probe_here(probe: Probe) -> Cells:
    """The cells of the row (as collectors.probe_answers has them) without its name and time."""
    began = monotonic()
    found: Cells = {"kind": probe.kind, "origin": "here"}
    try:
        async with asyncio.timeout(probe.timeout_s):
            answer = await _tried(probe)
    except TimeoutError:
        return found | _failed("no answer in time")
    except (OSError, UnicodeError, BadAnswer) as error:
        return found | _explained(error)
    took_s = monotonic() - began
    return found | {"outcome": Outcome.ANSWERED.value, "time_s": took_s} | answer


async def _tried(probe: Probe) -> Cells:
    match probe.what:
        case Tcp(address, port):
            async with _connected(address, port, patience_s=probe.timeout_s):
                return {}
        case Tls(address, port, name):
            tls = _anything(), name or address
            async with _connected(address, port, tls, patience_s=probe.timeout_s) as (_, writer):
                return _certificate(writer.get_extra_info("ssl_object"))
        case Http():
            return await _http(probe.what, probe.timeout_s)
        case Dns(name):
            found = await look_up(name, 0)
            return {"addresses": " ".join(sorted({str(one[4][0]) for one in found}))}
        case _:
            raise ValueError("only the host itself can tell")


def _certificate(tls: ssl.SSLObject) -> Cells:
    try:
        return certificate_fields(tls.getpeercert(binary_form=True) or b"")
    except ValueError:
        raise BadAnswer("its certificate can't be read") from None


async def _http(what: Http, patience_s: float) -> Cells:
    parts = urlsplit(what.url)
    address, tls = parts.hostname or "", None
    if parts.scheme == "https":
        tls = (await asyncio.to_thread(_trusting) if what.verify else _anything()), address
    port = parts.port or (443 if tls else 80)
    async with _connected(address, port, tls, patience_s=patience_s) as streams:
        answer = await fetch(parts, streams)
    cells: Cells = {"status": answer.status}
    if what.body:
        cells["matches"] = has(answer.body, what.body)
    return cells


def _trusting() -> ssl.SSLContext:
    """TLS with whom this machine trusts: read again now and then, since it takes 45 ms."""
    with _reading:
        return _trusting_since(int(monotonic() // TRUST_READ_EVERY_S))


@lru_cache(maxsize=1)
def _trusting_since(_turn: int) -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=1)
def _anything() -> ssl.SSLContext:
    """TLS with whoever answers: what is shown is looked at, not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def _connected(
    address: str, port: int, tls: tuple[ssl.SSLContext, str] | None = None, *, patience_s: float
) -> AsyncGenerator[Streams, None]:
    """A connection to the first of the addresses of a name that answers, each with its share of the
    time; it is cut at the end. `tls` tells how TLS is spoken, and the name that is asked for.
    """
    failure: OSError = OSError("no address")
    streams: Streams | None = None
    context, name = tls or (None, None)
    found = await look_up(address, port)
    for one in found:
        try:
            async with asyncio.timeout(patience_s / len(found)):
                streams = await asyncio.open_connection(
                    str(one[4][0]), port, ssl=context, server_hostname=name
                )
            break
        except ssl.SSLError:
            raise
        except OSError as error:
            failure = error
    if streams is None:
        raise failure
    try:
        yield streams
    finally:
        streams[1].transport.abort()
        with suppress(OSError, ssl.SSLError):
            await streams[1].wait_closed()


def _failed(text: str) -> Cells:
    return {"outcome": Outcome.FAILED.value, "text": text}


_MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "its name has no address"),
    (UnicodeError, "its name has no address"),
    (ssl.SSLError, "no TLS there"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "it closed the connection"),
    (BrokenPipeError, "it closed the connection"),
)


def _explained(error: Exception) -> Cells:
    """Why it failed, or why nobody can say."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _failed(f"its certificate is not trusted: {error.verify_message}")
    if isinstance(error, BadAnswer):
        return _failed(str(error))
    if isinstance(error, OSError) and error.errno in _OWN_FAULTS:
        text = f"this machine can't: {error.strerror}"
        hint = "raise the limit of open files here (ulimit -n)"
        return {"outcome": Outcome.UNKNOWN.value, "text": text, "hint": hint}
    for kind, meaning in _MEANINGS:
        if isinstance(error, kind):
            return _failed(meaning)
    number = error.errno if isinstance(error, OSError) else None
    return _failed(os.strerror(number).lower() if number and number > 0 else "no connection")
