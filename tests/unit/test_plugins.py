"""Plug-ins keep the rules that nobody should have to remember."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from opsdash.core.discover import checks, collectors
from opsdash.core.plugin import NO_LIMITS, Check, Collector, Tier
from opsdash.core.reading import MetricKind
from tests.case_files import CASES, Case, case_id, cases

KINDS: Mapping[str, Mapping[str, Collector | Check]] = {
    "collectors": collectors(),
    "checks": checks(),
}
AWKS = [
    *([["mawk"]] if shutil.which("mawk") else []),
    *([["gawk", "--posix"]] if shutil.which("gawk") else []),
    *([["busybox", "awk"]] if shutil.which("busybox") else []),
]
UNITS = {"s": "_s", "bytes": "_bytes", "bytes/s": "_bytes_per_s", "ratio": "_ratio", "ms": "_ms"}


def every_collector() -> list[Collector]:
    return list(collectors().values())


@pytest.mark.parametrize("kind", KINDS)
def test_every_plugin_has_a_case_and_every_case_a_plugin(kind: str) -> None:
    assert {path.name for path in (CASES / kind).iterdir()} == set(KINDS[kind])
    assert {case.plugin for case in cases(kind)} == set(KINDS[kind])


@pytest.mark.parametrize("case", [*cases("collectors"), *cases("checks")], ids=case_id)
def test_every_case_says_where_it_comes_from(case: Case) -> None:
    assert str(case.content.get("source", "")).strip()
    assert "expect" in case.content


@pytest.mark.parametrize("collector", every_collector(), ids=lambda c: c.name)
def test_a_collector_reads_files_or_runs_a_command(collector: Collector) -> None:
    assert bool(collector.reads) == (collector.tier is Tier.PULSE)
    assert bool(collector.command) == (collector.tier in (Tier.FACTS, Tier.DEMAND))


@pytest.mark.parametrize("collector", every_collector(), ids=lambda c: c.name)
def test_a_metric_is_named_after_its_collector_and_unit(collector: Collector) -> None:
    for metric in collector.metrics:
        assert metric.name.startswith(f"{collector.name}.")
        assert metric.help
        ending = UNITS.get(metric.unit, "")
        if metric.kind is MetricKind.GAUGE:
            assert metric.name.endswith(ending)


@pytest.mark.parametrize("check", list(checks().values()), ids=lambda c: c.id)
def test_a_check_reads_collectors_that_exist(check: Check) -> None:
    assert set(check.reads) <= collectors().keys()
    assert check.title
    assert bool(check.unit) == (check.limits != NO_LIMITS)


@pytest.mark.parametrize("check_id", ["swapping", "listen-overflow", "zombies"])
def test_what_two_looks_in_a_row_must_show_is_held_until_the_second(check_id: str) -> None:
    check = checks()[check_id]
    assert check.hold_s > max(collectors()[name].every_s for name in check.reads)


@pytest.mark.parametrize("awk", AWKS, ids=lambda argv: argv[0])
def test_every_awk_knows_the_patterns_of_the_pulse(awk: list[str]) -> None:
    for collector in every_collector():
        for read in collector.reads:
            assert not re.search(r"[/\\{]|\[:", read.keep), read
            kept = [
                line
                for case in cases("collectors")
                if case.plugin == collector.name
                for line in str(case.content.get("files", {}).get(read.path, "")).splitlines()
            ]
            program = f"/{read.keep}/" if read.keep else "1"
            text = "\n".join(kept) + "\n"
            done = subprocess.run(
                [*awk, program], input=text, capture_output=True, text=True, check=True
            )
            if not read.keep:
                assert done.stdout == text
            else:
                wanted = [line for line in kept if re.search(read.keep, line)]
                assert done.stdout.splitlines() == wanted
                assert wanted


@pytest.mark.parametrize("collector", every_collector(), ids=lambda c: c.name)
@pytest.mark.parametrize("shell", [s for s in ("dash", "bash", "busybox") if shutil.which(s)])
def test_every_shell_can_parse_the_command(collector: Collector, shell: str) -> None:
    argv = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    done = subprocess.run(
        argv, input=collector.command, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
