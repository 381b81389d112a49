"""Hands for one command: they reach hosts by connections of their own, without a poller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from opsdash.core.fleet import Fleet
from opsdash.core.prompts import Asker
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.poller import Reach
from opsdash.engine.privilege import Privilege
from opsdash.engine.root_script import root_rule
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.ways import transports_for


@asynccontextmanager
async def hands_alone(fleet: Fleet, around: Surroundings) -> AsyncGenerator[FleetHands, None]:
    """Hands that reach a fleet's hosts when their turn comes. At the end of the block every
    connection is closed, and the password that was typed is forgotten.
    """
    asker = Asker(around.prompter)
    given = around.transports
    transports = (
        dict(given)
        if given is not None
        else transports_for(fleet, around.state_dir / "known_hosts", asker)
    )
    privilege = Privilege(asker, around.clock, root_rule())
    try:
        yield FleetHands(lambda: fleet, Reach(transports, privilege))
    finally:
        privilege.forget()
        await asker.close()
        await asyncio.gather(*(transport.close() for transport in transports.values()))
