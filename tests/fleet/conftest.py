"""Fleet tests need the fleet that $OPSDASH_FLEET names; each begins with a healthy one."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.discover import checks, collectors
from opsdash.core.health import Health
from opsdash.engine import polling as polling_module
from opsdash.engine import prober
from opsdash.engine import session as session_module
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import Testbed, hosts_file, open_testbed, said
from tests.waiting import wait_for

SOON_S, FACTS_S, LOGIN_S = 5.0, 15.0, 6.0
"""Holds, facts and logins in a hurry: ten hosts are asked, on the machine that runs them all, and
that must not be what makes them busy.
"""


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

        def sick() -> list[str]:
            states = running.snapshot().hosts.values()
            return [said(state) for state in states if state.health is not Health.OK]

        try:
            # the load of five minutes that a test before has caused takes its time to sink
            await wait_for(lambda: not sick(), within_s=600, what="a healthy fleet")
        except AssertionError as error:
            raise AssertionError(f"{error}: {'; '.join(sick())}") from None
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds, facts and login probes within seconds, so that each fault shows within seconds."""
    held = {name: replace(c, hold_s=min(c.hold_s, SOON_S)) for name, c in checks().items()}
    asked = {name: replace(c, every_s=min(c.every_s, FACTS_S)) for name, c in collectors().items()}
    monkeypatch.setattr(polling_module, "checks", lambda: held)
    monkeypatch.setattr(session_module, "collectors", lambda: asked)
    monkeypatch.setattr(prober, "EVERY_S", LOGIN_S)
