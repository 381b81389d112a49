"""The forwarded ports of a session: they outlive the connections that they go over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from opsdash.core.errors import HostError
from opsdash.core.forward import Forward, Tell, Wish
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.base import Connection
from opsdash.transport.local_port import LocalPort
from opsdash.transport.tcp import Tcp

LOOK_S = 0.5
"""How often it is looked whether the hosts are connected."""


@dataclass(slots=True)
class _Open:
    """One that is open: as it was when it began, its port here, who hears of it, and whether its
    host was connected when that was looked at last.
    """

    begun: Forward
    port: LocalPort
    tell: Tell
    up: bool = True


class Forwards:
    """Opens and closes them, over the connections that poll: `live` gives a host's."""

    def __init__(
        self, live: Callable[[str], Connection | None], clock: Callable[[], float]
    ) -> None:
        self._live, self._clock = live, clock
        self._open: dict[int, _Open] = {}
        self._numbers = count(1)
        self._watching: asyncio.Task[None] | None = None

    def all(self) -> tuple[Forward, ...]:
        """Those that are open, as they stand now."""
        return tuple(self._now(one) for one in self._open.values())

    async def open(self, host: str, wish: Wish, tell: Tell) -> Forward:
        """Forward a port; HostError says why not."""
        said = await self._tried(host, wish)
        port = LocalPort(lambda: self._dial(host, wish))
        port.said = said
        wish = replace(wish, port=await port.listen(wish.port))
        number = next(self._numbers)
        begun = Forward(number, host, wish, self._clock())
        self._open[number] = _Open(begun, port, tell)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch(), name="forwards")
        return self._now(self._open[number])

    async def close(self, number: int) -> None:
        """End one, with all connections through it."""
        one = self._open.pop(number, None)
        if one is not None:
            await one.port.close()

    async def close_all(self) -> None:
        """End them all."""
        await asyncio.gather(*(self.close(number) for number in tuple(self._open)))
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    async def _tried(self, host: str, wish: Wish) -> str:
        """Connect once: what sshd forbids is refused now, what only does not answer yet is told."""
        try:
            tried = await self._dial(host, wish)
        except HostError as error:
            if error.problem.kind in (ProblemKind.REFUSED, ProblemKind.TIMEOUT):
                return error.problem.text
            raise
        await tried.close()
        return ""

    async def _dial(self, host: str, wish: Wish) -> Tcp:
        connection = self._live(host)
        if connection is None:
            text = f"{host} is not connected now"
            hint = "ctrl+r tries again; the doctor examines the way"
            raise HostError(Problem(ProblemKind.LOST, text, hint))
        return await connection.open_tcp(wish.to_host, wish.to_port)

    def _now(self, one: _Open) -> Forward:
        port = one.port
        return replace(
            one.begun,
            up=self._live(one.begun.host) is not None,
            open=port.open,
            made=port.made,
            sent_bytes=port.sent_bytes,
            received_bytes=port.received_bytes,
            said=port.said,
        )

    async def _watch(self) -> None:
        """Tell when one waits for its host, and when it works again, as long as any is open."""
        while self._open:
            await asyncio.sleep(LOOK_S)
            for one in self._open.values():
                up, host = self._live(one.begun.host) is not None, one.begun.host
                if up is not one.up:
                    one.up = up
                    goes = "works again" if up else f"waits: {host} is not connected"
                    one.tell(f"the forward of {one.begun.at} {goes}")
