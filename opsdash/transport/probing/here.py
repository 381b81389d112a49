"""A probe from here: TCP, TLS, HTTP or a name, tried by this machine within its deadline.

What is sent is a request line, the host's name and who asks; what comes back is read up to a limit.
Headers are never repeated in words: they may hold secrets.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic

from opsdash.core.probe import Dns, Http, Outcome, Probe, Tcp, Tls
from opsdash.core.reading import Cell
from opsdash.core.visit import Visited
from opsdash.transport.probing.body import has
from opsdash.transport.probing.certificate import certificate_fields
from opsdash.transport.probing.http import BadAnswer, HttpAnswer
from opsdash.transport.probing.visit import Seen, destination, look_at, meaning
from opsdash.transport.ssh.sockets import look_up
from opsdash.transport.tcp import StreamTcp

Cells = dict[str, Cell]

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
        case Tcp():
            await _visited(probe.what, probe.timeout_s)
            return {}
        case Tls():
            return _certificate((await _visited(probe.what, probe.timeout_s)).certificate)
        case Http():
            answer = (await _visited(probe.what, probe.timeout_s)).answer
            assert answer is not None, "a visit to a URL ends with one"  # noqa: S101
            return _answered(probe.what, answer)
        case Dns(name):
            found = await look_up(name, 0)
            return {"addresses": " ".join(sorted({str(one[4][0]) for one in found}))}
        case _:
            raise ValueError("only the host itself can tell")


def _certificate(encoded: bytes) -> Cells:
    try:
        return certificate_fields(encoded)
    except ValueError:
        raise BadAnswer("its certificate can't be read") from None


async def _visited(what: Visited, patience_s: float) -> Seen:
    """What is seen at the end of a connection of this machine's."""
    seen = Seen()
    async with _connected(*destination(what), patience_s=patience_s) as tcp:
        await look_at(what, tcp, seen, verify=isinstance(what, Http) and what.verify)
    return seen


def _answered(what: Http, answer: HttpAnswer) -> Cells:
    cells: Cells = {"status": answer.status}
    if what.body:
        cells["matches"] = has(answer.body, what.body)
    return cells


@asynccontextmanager
async def _connected(
    address: str, port: int, *, patience_s: float
) -> AsyncGenerator[StreamTcp, None]:
    """A connection to the first of the addresses of a name that answers, each with its share of the
    time; it is cut at the end.
    """
    failure: OSError = OSError("no address")
    tcp: StreamTcp | None = None
    found = await look_up(address, port)
    for one in found:
        try:
            async with asyncio.timeout(patience_s / len(found)):
                tcp = StreamTcp(*await asyncio.open_connection(str(one[4][0]), port))
            break
        except OSError as error:
            failure = error
    if tcp is None:
        raise failure
    try:
        yield tcp
    finally:
        await tcp.cut()


def _failed(text: str) -> Cells:
    return {"outcome": Outcome.FAILED.value, "text": text}


def _explained(error: Exception) -> Cells:
    """Why it failed, or why nobody can say."""
    if isinstance(error, OSError) and error.errno in _OWN_FAULTS:
        text = f"this machine can't: {error.strerror}"
        hint = "raise the limit of open files here (ulimit -n)"
        return {"outcome": Outcome.UNKNOWN.value, "text": text, "hint": hint}
    return _failed(meaning(error))
