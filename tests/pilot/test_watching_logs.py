"""Watch rules by the palette: where lines are that mean something comes first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opsdash.config.marked_yaml import parse_marked
from opsdash.config.watch_rules_file import rules_in
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState
from tests.fleet_states import NOW, up
from tests.pilot.test_acting import typed
from tests.screens import LARGE, SMALL, assert_snapshot, on_stage

RULES = """\
rules:
  hung: {title: A task hangs in the kernel, pattern: x, severity: critical, source: kernel}
  logins: {title: Many logins fail, pattern: x, severity: warning, count: 20, source: [sshd, su]}
  quiet: {title: "The clock jumps [b]", pattern: x, severity: warning, source: chronyd}
  deadly: {title: All paths are lost, pattern: x, severity: critical, source: multipathd}
"""


def watched(name: str, **lines: int) -> HostState:
    rows: tuple[Row, ...] = tuple({"rule": rule, "count": n} for rule, n in lines.items())
    state = up(name)
    rules = tuple(rules_in(parse_marked(Path("r.yaml"), RULES)).values())
    reading = Reading(name, "logwatch", NOW, rows=rows)
    host = replace(state.host, watch=rules)
    return replace(state, host=host, readings={**state.readings, "logwatch": reading})


def deaf(name: str) -> HostState:
    state = watched(name)
    problem = Problem(ProblemKind.UNSUPPORTED, "no log may be read")
    reading = Reading(name, "logwatch", NOW, problem=problem)
    return replace(state, readings={**state.readings, "logwatch": reading})


async def test_the_rules_that_have_lines_come_first_with_their_hosts() -> None:
    hosts = [watched("web1", hung=2, logins=3), watched("db1", hung=1), deaf("edge1")]
    for size, name in ((SMALL, "80x24"), (LARGE, "160x50")):
        async with on_stage(hosts, size) as stage:
            await typed(stage, "watch-rules")
            assert_snapshot(f"watch-rules-{name}", stage.text)


async def test_without_any_rule_that_is_said() -> None:
    async with on_stage([up("web1")]) as stage:
        await typed(stage, "watch-rules")
        assert "no watch rule holds" in stage.text
