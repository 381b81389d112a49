"""What is done once for all hosts of a wave, here: they wait for each other, and share its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from time import monotonic

from opsdash.core.automation import HOSTS, share_of, status_of
from opsdash.core.errors import HostError
from opsdash.core.job import Result
from opsdash.core.plan import Plan, Step
from opsdash.core.quoting import quote
from opsdash.engine.hands import Hands
from opsdash.engine.perform import order_of
from opsdash.transport.base import Completed, Heard


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A host that has come: to which step, who hears what is put out, and what it waits for."""

    step: Step
    heard: Heard
    result: asyncio.Future[Result]


class Gathering:
    """Hosts come to a step one by one; when all of a wave have come that still can, it is done for
    them. Who is called off meanwhile does not hold up the others; when nobody is left it is ended.
    """

    def __init__(self, plan: Plan, hands: Hands) -> None:
        self._hands = hands
        self._waves = {host: wave for wave in plan.waves() for host in wave}
        self._gone: set[str] = set()
        self._here: dict[str, _Waiting] = {}
        self._work: asyncio.Task[None] | None = None

    @property
    def at_work(self) -> bool:
        """Whether something is being done for all that are here."""
        return self._work is not None

    async def meet(self, host: str, step: Step, heard: Heard) -> Result:
        """Wait for the others, and do it with them: what of it belongs to this host."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._here[host] = _Waiting(step, heard, result)
        self._look()
        try:
            return await result
        finally:
            del self._here[host]
            if not self._here:
                await self._end()
            self._look()

    def gone(self, host: str) -> None:
        """It has come to its end, and will not come any more."""
        self._gone.add(host)
        self._look()

    def _look(self) -> None:
        """Begin, if all are there."""
        for host, first in self._here.items():
            wave = self._waves[host]
            missing = set(wave) - self._gone - set(self._here)
            if not missing and self._work is None:
                work = self._do(first.step, tuple(one for one in wave if one in self._here))
                self._work = asyncio.create_task(work, name=first.step.does)
                self._work.add_done_callback(self._ended)
            return

    def _ended(self, work: asyncio.Task[None]) -> None:
        """A bug of ours must not leave anybody waiting; the next step may be done together, too."""
        if self._work is work:
            self._work = None
        bug = None if work.cancelled() else work.exception()
        for waiting in self._here.values():
            if bug is not None and not waiting.result.done():
                waiting.result.set_exception(bug)

    async def _end(self) -> None:
        """What still runs is for nobody any more."""
        work, self._work = self._work, None
        if work is not None and not work.done():
            work.cancel()
            await asyncio.wait([work])

    async def _do(self, step: Step, hosts: tuple[str, ...]) -> None:
        began, order = monotonic(), order_of(step)
        named = f"{HOSTS}={quote(','.join(hosts))}; export {HOSTS}\n"
        order = replace(order, script=named.encode() + order.script)
        try:
            done = await self._hands.run_here(order, self._hear)
        except HostError as error:
            failed = Result(None, error.partial, took_s=monotonic() - began, problem=error.problem)
            found = dict.fromkeys(hosts, failed)
        else:
            found = _shares(hosts, done, monotonic() - began)
        for host, waiting in self._here.items():
            if not waiting.result.done():
                waiting.result.set_result(found[host])

    def _hear(self, piece: bytes, error: bool) -> None:
        for waiting in self._here.values():
            waiting.heard(piece, error)


def _shares(hosts: tuple[str, ...], done: Completed, took_s: float) -> dict[str, Result]:
    """Each host's part of the answer."""
    output = done.stdout.decode("utf-8", "replace")
    return {
        host: Result(
            status_of(host, output, done.status),
            share_of(host, hosts, output).encode(),
            done.stderr,
            done.truncated,
            took_s,
        )
        for host in hosts
    }
