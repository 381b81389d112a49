"""Hardware on the real fleet: there is none of its own, so it is asked cheaply and says nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.discover import checks, collectors
from opsdash.core.problem import ProblemKind
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import Testbed
from tests.person import Person
from tests.record_cases import ask
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

BY_LOGIN = ("hardware", "links", "fserrors", "ups")
AS_ROOT = ("storage", "raid", "bmc")
CPU_MS = 60.0
"""What one run may take of a processor on a host, where there is nothing to ask."""


async def test_hardware_is_read_everywhere_and_nothing_is_found(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    person = Person(eager=False)
    async with Session(load_fleet(hosts_yaml), Surroundings(tmp_path / "state", person)) as session:

        def asked() -> bool:
            hosts = session.snapshot().hosts.values()
            return all({*BY_LOGIN, *AS_ROOT} <= host.readings.keys() for host in hosts)

        await wait_for(asked, within_s=240, what="hardware of every host")
        about = {one.id for one in checks().values() if {*BY_LOGIN, *AS_ROOT} & set(one.reads)}
        assert len(about) > 10
        for name, host in session.snapshot().hosts.items():
            for collector in BY_LOGIN:
                assert host.readings[collector].problem is None, (name, collector)
            for collector in AS_ROOT:
                problem = host.readings[collector].problem
                free = testbed.hosts[name]["sudo"] == "nopasswd"
                kind = problem.kind if problem else None
                assert kind is (None if free else ProblemKind.DENIED), (name, collector)
            assert not [one.summary for one in host.findings if one.check in about], name


@pytest.mark.parametrize("collector", BY_LOGIN + AS_ROOT)
def test_it_costs_a_host_next_to_nothing(testbed: Testbed, collector: str) -> None:
    command = collectors()[collector].command
    times = "cat /proc/$$/stat; cat /proc/uptime"
    script = f"({command}) >/dev/null 2>&1 </dev/null\n{times}\n"
    said, _ = ask(testbed.hosts["web1"], script)
    own = re.search(rb"\) .*", said)
    assert own is not None
    children = sum(map(int, own[0].split()[12:16]))
    assert children * 10.0 <= CPU_MS
