"""Fleet tests need the fleet that $OPSDASH_FLEET names; each begins with a healthy one."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.health import Health
from opsdash.engine.session import Session, Surroundings
from tests.fleet.testbed import Testbed, hosts_file, open_testbed
from tests.waiting import wait_for


@pytest.fixture(scope="session")
def testbed() -> Iterator[Testbed]:
    """The fleet, without any fault."""
    if "OPSDASH_FLEET" not in os.environ:
        pytest.skip("$OPSDASH_FLEET names no test fleet")
    found = open_testbed()
    for host in found.hosts:
        found.fault(host, "clear")
    yield found
    for host in found.hosts:
        found.fault(host, "clear")


@pytest.fixture
def hosts_yaml(testbed: Testbed, tmp_path: Path) -> Path:
    """The hosts file of the fleet."""
    return hosts_file(testbed, tmp_path / "hosts.yaml")


@pytest.fixture
async def session(hosts_yaml: Path, tmp_path: Path) -> AsyncGenerator[Session, None]:
    """The whole fleet being watched, every host of it healthy."""
    async with Session(load_fleet(hosts_yaml), Surroundings(tmp_path / "state")) as running:
        await wait_for(
            lambda: all(s.health is Health.OK for s in running.snapshot().hosts.values()),
            within_s=60,
            what="a healthy fleet",
        )
        yield running
