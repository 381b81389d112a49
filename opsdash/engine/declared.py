"""A session that follows the files which declare its fleet."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from opsdash.config import importing
from opsdash.config.fleet_files import FleetFiles
from opsdash.config.importers.plan import ImportPlan, write_import
from opsdash.core.errors import ConfigError
from opsdash.core.offer import Offer, Preview
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
        self._plan: ImportPlan | None = None
        self.faults: tuple[str, ...] = ()

    async def heed(self) -> str:
        """Read the files again if any has changed since, and is at rest; says what came of it."""
        if self._turn.locked() or not await stirred(self._files):
            return ""
        async with self._turn:
            # somebody may just have read them
            changed = await asyncio.to_thread(self._files.changed)
            return await self._read() if changed else ""

    async def read_again(self) -> str:
        """Put the files in force, unless something is wrong with them; says what came of it."""
        async with self._turn:
            return await self._read()

    async def _read(self) -> str:
        try:
            fleet = await asyncio.to_thread(self._files.read)
        except ConfigError as error:
            self.faults = tuple(clean_line(str(fault)) for fault in error.faults)
            LOG.warning("the hosts files are wrong: %s", "; ".join(self.faults))
            what = count(len(self.faults), "fault")
            return f"{self._source} has {what}: hosts stay as before"
        mended, self.faults = bool(self.faults), ()
        change = await self._session.change_fleet(fleet)
        again = "is right again" if mended else "read again"
        return f"{self._source} {again}: {change}"

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The hosts of other programs that could be taken over."""
        return self._files.offers

    async def preview(self, kind: str, path: str = "") -> Preview:
        """What importing a file would write; ConfigError."""
        self._plan, shown = await asyncio.to_thread(importing.preview, kind, path)
        return shown

    async def take_over(self, preview: Preview) -> str:
        """Write what was looked at, and put it in force; ConfigError if it can't be written."""
        plan = self._plan
        if plan is None or plan.text != preview.text:
            return "nothing is written: another import was looked at meanwhile"
        await asyncio.to_thread(write_import, plan)
        LOG.info("imported %s into %s", preview.source, preview.target)
        return await self.read_again()

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
