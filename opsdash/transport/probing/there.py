"""A visit from a host: by connections that it makes for us, so that it needs no tool for that.

What is said is a line for each part, in words that are the same wherever the answer is; each has
the way from here to the host and back in its time, too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from ssl import SSLCertVerificationError
from time import monotonic

from opsdash.core.clock import now
from opsdash.core.errors import HostError
from opsdash.core.probe import Http, Tls
from opsdash.core.problem import ProblemKind
from opsdash.core.text import clean_line, count
from opsdash.core.visit import Visited
from opsdash.transport.base import Completed
from opsdash.transport.probing.certificate import certificate_fields, certificate_subject
from opsdash.transport.probing.http import BadAnswer, HttpAnswer
from opsdash.transport.probing.visit import Seen, destination, look_at, meaning
from opsdash.transport.tcp import Tcp

OpenTcp = Callable[[str, int], Awaitable[Tcp]]

_ANSWERS = frozenset({ProblemKind.REFUSED, ProblemKind.TIMEOUT})
"""What says something of what is visited; all else, of the host that should."""

DAY_S = 86_400.0


async def visit_from(open_tcp: OpenTcp, what: Visited, timeout_s: float) -> Completed:
    """What a host sees there: lines as its output, and 0 as its status if all is as it should be.

    HostError when the host can't make connections, or is not there itself.
    """
    walk = _Walk(open_tcp, what)
    try:
        async with asyncio.timeout(timeout_s):
            good = await walk.go()
    except TimeoutError:
        good = walk.failed(f"no answer within {timeout_s:.0f}s")
    except (OSError, UnicodeError, BadAnswer) as error:
        good = walk.failed(meaning(error))
    except HostError as error:
        if error.problem.kind not in _ANSWERS:
            raise
        good = walk.failed(error.problem.text)
    text = "".join(f"{clean_line(line, 1000)}\n" for line in walk.lines)
    return Completed(0 if good else 1, text.encode())


class _Walk:
    """One visit, part by part; `lines` has what is to be said of it."""

    def __init__(self, open_tcp: OpenTcp, what: Visited) -> None:
        self._open_tcp = open_tcp
        self._what = what
        self._seen = Seen()
        self._connected = False
        self.lines: list[str] = []

    async def go(self) -> bool:
        """Whether all is as it should be."""
        what = self._what
        verify = what.verify if isinstance(what, Http) else True
        try:
            await self._look(what, verify=verify)
        except SSLCertVerificationError as error:
            # nothing is asked of whom one does not trust, but what it shows can be looked at
            address, port = destination(what)
            name = what.name if isinstance(what, Tls) else ""
            await self._look(Tls(address, port, name), verify=False)
            self._tell_tls()
            self.lines.append(f"trust: NOT trusted: {error.verify_message}")
            return False
        self._tell_tls()
        if self._seen.certificate:
            trust = "trusted by this machine" if verify else "not looked at"
            self.lines.append(f"trust: {trust}")
        return self._seen.answer is None or self._tell_answer(self._seen.answer)

    def failed(self, why: str) -> bool:
        """Say in which part it failed."""
        if not self._connected:
            part = "connect"
        elif self._seen.certificate or not _is_secure(self._what):
            self._tell_tls()
            part = "answer"
        else:
            part = "tls"
        self.lines.append(f"{part}: {why}")
        return False

    async def _look(self, what: Visited, *, verify: bool) -> None:
        began = monotonic()
        tcp = await self._open_tcp(*destination(what))
        if not self._connected:
            self.lines.append(f"connect: open, {_ms(monotonic() - began)}")
        self._connected = True
        try:
            await look_at(what, tcp, self._seen, verify=verify)
        finally:
            await tcp.close()

    def _tell_tls(self) -> None:
        seen = self._seen
        if not seen.certificate:
            return
        self.lines.append(f"tls: {seen.protocol}, {seen.cipher}, {_ms(seen.tls_s)}")
        try:
            known = certificate_fields(seen.certificate)
            subject = certificate_subject(seen.certificate)
        except ValueError:
            self.lines.append("certificate: it can't be read")
            return
        ends = float(str(known["expires_at"]))
        left = int((ends - now()) // DAY_S)
        days = f"{count(left, 'day')} left" if left >= 0 else f"over for {count(-left, 'day')}"
        until = time.strftime("%Y-%m-%d", time.gmtime(ends))
        self.lines += [
            f"certificate: {subject or 'no subject'}; for {known['names'] or 'no name'}",
            f"issuer: {known['issuer']}",
            f"expires: {until}, {days}",
        ]

    def _tell_answer(self, answer: HttpAnswer) -> bool:
        size = answer.size_bytes
        length = "more than 64 KiB" if size is None else count(size, "byte")
        first = _ms(answer.began_s)
        self.lines.append(f"answer: status {answer.status}, {length}, first byte after {first}")
        return answer.status < 400


def _is_secure(what: Visited) -> bool:
    return isinstance(what, Tls) or (isinstance(what, Http) and what.url.startswith("https:"))


def _ms(seconds: float) -> str:
    """In one word, with a point: that is how the comparison of outputs knows it."""
    return f"{seconds * 1000:.1f}ms"
