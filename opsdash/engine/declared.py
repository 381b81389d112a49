"""A session that follows the files which declare its fleet."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from opsdash.config.fleet_files import FleetFiles
from opsdash.core.errors import ConfigError
from opsdash.core.text import clean_line, count
from opsdash.engine.session import Session

LOG = logging.getLogger(__name__)

REST_S = 0.2
"""A file that has not changed for so long has been written to its end."""


class DeclaredFleet:
    """Keeps a session at what its files say; while something is wrong with them, at what they
    said before.
    """

    def __init__(self, session: Session, files: FleetFiles) -> None:
        self._session = session
        self._files = files
        self._turn = asyncio.Lock()
        self.faults: tuple[str, ...] = ()

    async def stirred(self) -> bool:
        """Whether any file has changed since it was read, and is at rest again."""
        return not self._turn.locked() and await stirred(self._files)

    async def read_again(self) -> str:
        """Put the files in force, unless something is wrong with them; says what came of it."""
        async with self._turn:
            try:
                fleet = await asyncio.to_thread(self._files.read)
            except ConfigError as error:
                self.faults = tuple(clean_line(str(fault)) for fault in error.faults)
                LOG.warning("the hosts files are wrong: %s", "; ".join(self.faults))
                what = count(len(self.faults), "fault")
                return f"{self._source} has {what}: the hosts from before stay"
            mended, self.faults = bool(self.faults), ()
            change = await self._session.change_fleet(fleet)
        again = "is right again" if mended else "read again"
        return f"{self._source} {again}: {change}"

    @property
    def _source(self) -> str:
        return Path(self._session.fleet.source).name or "the hosts file"


async def stirred(files: FleetFiles) -> bool:
    """Whether any of these files has changed since it was read, and is at rest again."""

    before = await asyncio.to_thread(files.changed)
    if not before:
        return False
    await asyncio.sleep(REST_S)
    return before == await asyncio.to_thread(files.changed)
