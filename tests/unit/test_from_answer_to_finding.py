"""What real hosts answered while something was wrong ends as a sentence that operators read."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from opsdash.core.discover import checks, collectors
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Inquiry, failed, understand
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Output
from opsdash.core.snapshot import HostState, Link, LinkState
from opsdash.engine.state import State
from tests.case_files import case_id, cases, output_of

WRONG = {
    ("filesystem/arch1-full", "disk-full"): {
        "/ 100% full (limit 95%), 0B left",
        "/mnt/small 95% full (limit 95%), 1.0M left",
    },
    ("filesystem/arch1-full", "inodes-full"): {"/mnt/spool 100% of inodes used (limit 95%)"},
    ("filesystem/arch1-full", "filesystem-read-only"): set(),
    ("filesystem/suse1-read-only", "filesystem-read-only"): {"/ has turned read-only (ext4)"},
    ("filesystem/suse1-read-only", "disk-full"): set(),
    ("units/web1-failed", "unit-failed"): {"shop-web.service failed (exit code 3)"},
    ("units/rc1-failed", "unit-failed"): {"shop-web failed (crashed, process 231 is gone)"},
    ("memory/web1-tmpfs-full", "memory-low"): set(),
    ("processes/web1-zombies", "zombies"): {"5 zombies (limit 5), left by sleep (8290)"},
    ("oom/web1-killed", "oom-killed"): {
        "out of memory: tail (25535) killed 12s ago, 1 in 1h (limit 1)"
    },
    ("oom/rc1-killed", "oom-killed"): {
        "out of memory: tail (25609) killed 14s ago, 1 in 1h (limit 1)"
    },
}
"""By recorded answer and check: the summaries. The memory fault leaves 19 % free: no finding."""


@pytest.mark.parametrize(("answer", "check_id"), WRONG)
def test_a_recorded_fault_becomes_its_finding(answer: str, check_id: str) -> None:
    recorded = {case_id(case): case for case in cases("collectors")}[answer]
    collector, check = collectors()[recorded.plugin], checks()[check_id]
    reading = understand(collector, output_of(recorded.content), "h", 100.0)
    state = HostState(
        Host("h"), link=Link(LinkState.UP, 1.0), at=100.0, readings={collector.name: reading}
    )
    found = check.judge(Inquiry(state, 100.0, check.limits, lambda _: Health.OK))
    assert {finding.summary for finding in found} == WRONG[answer, check_id]


def test_a_healthy_host_has_no_finding() -> None:
    recorded = {case_id(case): case for case in cases("collectors")}
    recorded_of_web1 = [name for name in collectors() if f"{name}/web1" in recorded]
    readings = {
        name: understand(
            collectors()[name], output_of(recorded[f"{name}/web1"].content), "h", 100.0
        )
        for name in recorded_of_web1
    }
    state = HostState(Host("h"), link=Link(LinkState.UP, 1.0), at=100.0, readings=readings)
    found = [
        finding
        for check in checks().values()
        for finding in check.judge(Inquiry(state, 100.0, check.limits, lambda _: Health.OK))
    ]
    assert found == []


JOURNAL_WITHOUT_KILLS = """== time
{up_s} 1.00
boot
== counters
99 {counted}
== now
1795573306 2026-11-25T02:21:46
== journal
== end
"""


def test_a_kill_that_only_the_counter_of_a_container_knows_outlives_a_failed_look() -> None:
    oom, check = collectors()["oom"], checks()["oom-killed"]
    state = State(Fleet(MappingProxyType({"h": Host("h")}), ""), {"oom": oom}, lambda: 0.0)

    def found(at: float, counted: int | None) -> list[str]:
        if counted is None:
            reading = failed(oom, "h", at, Problem(ProblemKind.TIMEOUT, "no answer"))
        else:
            text = JOURNAL_WITHOUT_KILLS.format(up_s=at, counted=counted)
            reading = understand(oom, Output(text.encode()), "h", at)
        state.take("h", [reading])
        inquiry = Inquiry(state.host("h"), at, check.limits, lambda _: Health.OK)
        return [finding.summary for finding in check.judge(inquiry)]

    assert found(100.0, 3) == []
    assert len(found(160.0, 5)) == 1
    found(220.0, None)
    after = "out of memory: 2 processes killed 2m ago (limit 1), no log names them"
    assert found(280.0, 5) == [after]
    later = [found(280.0 + 60 * minute, 5) for minute in range(1, 62)]
    assert later[50]
    assert not later[-1]
