"""Logs for one command: hosts are reached for them alone, without a poller."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from opsdash.core.fleet import Fleet
from opsdash.core.log_record import LogQuery
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.engine.hands_alone import hands_alone
from opsdash.engine.surroundings import Surroundings


@asynccontextmanager
async def logs_alone(
    fleet: Fleet, around: Surroundings, query: LogQuery
) -> AsyncGenerator[FleetLogs, None]:
    """The logs of a fleet's hosts, by connections of their own, which end with the block."""
    hosts = tuple(fleet.hosts.values())
    async with (
        hands_alone(fleet, around) as hands,
        FleetLogs(hosts, hands, query, around.clock) as logs,
    ):
        yield logs
