"""Hosts that are powered off for real: drained before, gone then, and back by the test fleet."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from opsdash.core.job import RunState
from opsdash.core.problem import ProblemKind
from opsdash.core.snapshot import HostState
from tests.fleet.test_do import applied, plan_of, watched
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

DRAINED = "/root/opsdash-drained"


def gone(state: HostState) -> bool:
    """Whether nobody can get in there any more, for a reason that a host has which is off."""
    problem = state.link.problem
    return problem is not None and problem.kind in (
        ProblemKind.LOST,
        ProblemKind.SILENT,
        ProblemKind.NO_ROUTE,
        ProblemKind.TIMEOUT,
        ProblemKind.REFUSED,
        ProblemKind.DROPPED,
    )


KINDS = pytest.mark.parametrize(
    ("host", "user"), [("suse1", None), ("rc1", "root"), ("box1", "root")], ids=lambda one: str(one)
)
"""systemd by sudo, OpenRC and busybox by root's own login: they have no sudo."""


@KINDS
async def test_a_host_is_restarted_and_is_back_in_another_boot(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, host: str, user: str | None
) -> None:
    async with watched(hosts_yaml, tmp_path, host, user=user) as session:
        job = await applied(session, plan_of(session, "host.reboot", "fleet-again"))
    assert job.in_state(RunState.DONE), job.runs
    looked, _, back, _ = job.runs[host].results
    assert looked.stdout.splitlines()[0] != back.stdout.splitlines()[0]


@KINDS
async def test_a_host_is_drained_and_powered_off(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, host: str, user: str | None
) -> None:
    async with (
        AsyncExitStack() as at_end,
        watched(hosts_yaml, tmp_path, host, user=user) as session,
    ):
        drain = f"touch {DRAINED} && sync"
        plan = plan_of(session, "host.poweroff", "fleet-off", drain=drain)
        assert [step.does for step in plan.steps_of(host)][1] == "drain it"
        at_end.callback(testbed.fault, host, "down", "off")
        job = await applied(session, plan)
        assert job.in_state(RunState.DONE), job.runs
        await wait_for(lambda: not testbed.running(host), within_s=60, what=f"{host} to be off")
        await wait_for(
            lambda: gone(session.snapshot().hosts[host]), within_s=120, what="that to show"
        )
        await asyncio.to_thread(testbed.fault, host, "down", "on")
        await asyncio.to_thread(testbed.fault, host, "down", "off")
        await wait_for(
            lambda: not gone(session.snapshot().hosts[host]), within_s=240, what=f"{host} again"
        )
        assert testbed.inside(host, f"ls {DRAINED}; rm -f {DRAINED}").strip() == DRAINED
