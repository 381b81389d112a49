"""A TCP connection on which an SSH server has begun to speak, before any handshake is paid for.

A host that is gone, or an sshd that hangs, is found out here: it holds no handshake slot, so it
never makes a healthy host wait.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Any

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh.problems import explain, place
from opsdash.transport.ssh.trace import QUIET, Trace

CONNECT_TIMEOUT_S = 8.0
BANNER_TIMEOUT_S = 8.0
TURNED_AWAY = (b"Exceeded MaxStartups", b"Not allowed at this time")
"""What sshd says in place of its banner when too many log in at once."""


async def open_socket(address: str, port: int, trace: Trace = QUIET) -> socket.socket:
    """A connected socket whose server has sent its first bytes; HostError says why not."""
    where = place(address, port)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            began = monotonic()
            found = await look_up(address, port)
            trace.looked_up([str(one[4][0]) for one in found], monotonic() - began)
            connected = await _first_that_answers(found, trace)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise HostError(explain(error, where)) from error
    with ExitStack() as on_failure:
        on_failure.callback(connected.close)
        await wait_for_banner(connected, where, trace)
        on_failure.pop_all()
    return connected


async def look_up(address: str, port: int) -> Sequence[tuple[Any, ...]]:
    """The addresses behind a name, asked of the resolver in a thread that nobody waits for.

    A dead resolver blocks for many seconds: in the loop's own pool of threads it would hold up
    everything else there, and the end of the program.
    """
    with suppress(socket.gaierror):
        numeric = socket.AI_NUMERICHOST
        return socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=numeric)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[tuple[Any, ...]]] = loop.create_future()

    def settle(found: Sequence[tuple[Any, ...]] | BaseException) -> None:
        if answer.done():
            return
        if isinstance(found, BaseException):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: Sequence[tuple[Any, ...]] | BaseException
        try:
            found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, name=f"resolve {address}", daemon=True).start()
    return await answer


async def _first_that_answers(found: Sequence[tuple[Any, ...]], trace: Trace) -> socket.socket:
    """Try the addresses in the resolver's order; the last error is the one that counts."""
    loop = asyncio.get_running_loop()
    problem: OSError = socket.gaierror("no address")
    for family, kind, protocol, _, address in found:
        with ExitStack() as on_failure:
            attempt = socket.socket(family, kind, protocol)
            on_failure.callback(attempt.close)
            attempt.setblocking(False)
            began = monotonic()
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S / len(found)):
                    await loop.sock_connect(attempt, address)
            except OSError as error:
                problem = error
                trace.tried(str(address[0]), monotonic() - began, error)
            else:
                trace.tried(str(address[0]), monotonic() - began, None)
                on_failure.pop_all()
                return attempt
    raise problem


async def wait_for_banner(connected: socket.socket, where: str, trace: Trace = QUIET) -> None:
    """Wait until the server has sent its first bytes, and leave them there; HostError if not."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()

    def ready() -> None:
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(connected.fileno(), ready)
    try:
        async with asyncio.timeout(BANNER_TIMEOUT_S):
            await readable
        first = connected.recv(256, socket.MSG_PEEK)
    except TimeoutError:
        text = f"sshd does not answer on {where}, though the port is open"
        raise HostError(Problem(ProblemKind.NO_BANNER, text)) from None
    except OSError as error:
        raise HostError(explain(error, where)) from error
    finally:
        with suppress(OSError, ValueError):
            loop.remove_reader(connected.fileno())
    if not first:
        raise HostError(explain(ConnectionResetError(), where))
    trace.heard(first)
    if any(words in first for words in TURNED_AWAY):
        said = first.decode("utf-8", "replace").splitlines()[0]
        raise HostError(Problem(ProblemKind.DROPPED, f"sshd turns logins away: {said}"))
