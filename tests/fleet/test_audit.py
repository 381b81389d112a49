"""A change of real hosts is refused, or proven: its log is whole, and no more when altered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.audit import Phase
from opsdash.core.errors import Refused
from opsdash.core.plan import Danger, HostSteps, Plan, Step, StepKind
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.workshop import workshop_alone
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

KINDS = ("web1", "rc1", "box1")
"""systemd, OpenRC, busybox."""


def plan(path: str) -> Plan:
    """A file is left on each kind of host."""
    steps = (Step(StepKind.RUN, "leave a file", f"echo here > {path}", undo=f"rm -f {path}"),)
    hosts = tuple(HostSteps(name, steps) for name in KINDS)
    return Plan(f"p{path.rpartition('.')[2]}", "run", "Run", Danger.CHANGES, hosts, who="ann")


async def test_read_only_reaches_no_host(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    path = f"/tmp/opsdash-refused.{tmp_path.name}"
    fleet = replace(load_fleet(hosts_yaml), read_only="--read-only")
    async with workshop_alone(fleet, Surroundings(tmp_path / "state")) as shop:
        with pytest.raises(Refused, match="read-only"):
            await shop.runner.begin(plan(path))
    for name in KINDS:
        assert "there" not in testbed.inside(name, f"[ -e {path} ] && echo there || :")


async def test_a_change_is_proven_until_the_log_is_altered(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    path = f"/tmp/opsdash-audit.{tmp_path.name}"
    log = tmp_path / "state" / "audit.jsonl"
    try:
        async with workshop_alone(load_fleet(hosts_yaml), Surroundings(tmp_path / "state")) as shop:
            await (await shop.runner.begin(plan(path))).wait()
            for name in KINDS:
                assert "here" in testbed.inside(name, f"cat {path}")
            entries = await shop.audit.entries()
            ended = {one.host: one.exit_status for one in entries if one.phase is Phase.END}
            assert ended == dict.fromkeys(KINDS, 0)
            assert (await shop.audit.verify()).whole
            written = log.read_bytes()
            log.write_bytes(written.replace(b"echo here", b"echo Here", 1))
            assert "was edited" in (await shop.audit.verify()).fault
            log.write_bytes(b"".join(written.splitlines(keepends=True)[:-1]))
            assert "cut at the end" in (await shop.audit.verify()).fault
    finally:
        for name in KINDS:
            testbed.inside(name, f"rm -f {path}")
