"""Logs for one command: hosts are reached for them alone, without a poller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from opsdash.core.fleet import Fleet
from opsdash.core.log_record import LogQuery
from opsdash.core.prompts import Asker
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.engine.poller import Reach
from opsdash.engine.privilege import Privilege
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.ways import transports_for


@asynccontextmanager
async def logs_alone(
    fleet: Fleet, around: Surroundings, query: LogQuery
) -> AsyncGenerator[FleetLogs, None]:
    """The logs of a fleet's hosts, by connections of their own, which end with the block."""
    asker = Asker(around.prompter)
    given = around.transports
    transports = (
        dict(given)
        if given is not None
        else transports_for(fleet, around.state_dir / "known_hosts", asker)
    )
    hands = FleetHands(lambda: fleet, Reach(transports, Privilege(asker, around.clock)))
    try:
        async with FleetLogs(tuple(fleet.hosts.values()), hands, query, around.clock) as logs:
            yield logs
    finally:
        await asker.close()
        await asyncio.gather(*(transport.close() for transport in transports.values()))
