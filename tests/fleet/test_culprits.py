"""Who is to blame for disks that are held up: named where root is had, on no other host."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.health import Health
from opsdash.core.snapshot import LinkState
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.test_faults import becomes_so
from tests.fleet.testbed import Testbed, said
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

LIMIT = "thresholds: {disk-pressed: {warn: 3%, crit: never}}"
"""The machine's disks are faster than what the fault writes: they are never held up for long."""


async def test_io_load_is_named_with_its_process(
    impatient: None, testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    text = hosts_yaml.read_text()
    for host in ("web1", "rpm1"):
        text = text.replace(f"  {host}: {{", f"  {host}: {{{LIMIT}, ", 1)
    hosts_yaml.write_text(text)
    async with Session(load_fleet(hosts_yaml), Surroundings(tmp_path / "state")) as session:

        def hosts_up() -> bool:
            states = session.snapshot().hosts.values()
            return all(state.link.state is LinkState.UP for state in states)

        def named() -> bool:
            why = session.snapshot().hosts["web1"].why
            words = "machine's disks stall work"
            return why is not None and why.summary.startswith(words) and "/s" in why.summary

        await wait_for(hosts_up, within_s=240, what="all hosts")
        with testbed.with_fault("web1", "io"):
            await becomes_so(session, "web1", named, "the process that writes is named")
            why = session.snapshot().hosts["web1"].why
            assert why is not None
            assert why.health is Health.WARN
            assert "most disk: " in why.evidence
            assert "(root)" in why.evidence
            # the neighbour sees the same disks held up, and does nothing there
            found = session.snapshot().hosts["rpm1"].findings
            assert "disk-pressed" not in [one.check for one in found], said(
                session.snapshot().hosts["rpm1"]
            )
