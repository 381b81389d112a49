"""The program on a real terminal, over hosts that attack it: run by the pty test, in a process."""

from __future__ import annotations

from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.core.source import FleetSource
from tests.fleet_states import EVIL, Memory, hostile_fleet
from tests.looks import THEMES


async def start() -> FleetSource:
    return Memory(hostile_fleet(), notices=(EVIL,))


async def stop() -> None:
    return None


if __name__ == "__main__":
    OpsdashApp(start, stop, Looks(THEMES, "night", ascii_only=False)).run()
