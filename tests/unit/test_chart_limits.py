"""Which metric tells what is wrong, and the limits that are drawn across it."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from opsdash.activities.monitor.chart_limits import limits_on, telling
from opsdash.activities.monitor.chart_past import remembered
from opsdash.core.discover import checks
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host, Limits
from opsdash.core.metric_words import key_of, name_of, short_name, worded
from opsdash.core.reading import SampleKey
from opsdash.widgets.line import Role

KEYS: tuple[SampleKey, ...] = (
    ("cpu.busy_ratio", ""),
    ("load.one", ""),
    ("filesystem.used_ratio", "/"),
    ("filesystem.used_ratio", "/var"),
    ("filesystem.inodes_used_ratio", "/var"),
    ("probes.time_s", "shop"),
)


@pytest.mark.parametrize(
    ("check", "subject", "key"),
    [
        ("cpu-saturated", "", ("cpu.busy_ratio", "")),
        ("disk-full", "/var", ("filesystem.used_ratio", "/var")),
        ("inodes-full", "/var", ("filesystem.inodes_used_ratio", "/var")),
        ("disk-time-to-full", "/var", ("filesystem.used_ratio", "/var")),
        ("load-high", "", ("load.one", "")),
        ("disk-full", "/gone", None),
        ("unit-failed", "nginx.service", None),
        ("no-such-check", "", None),
    ],
)
def test_a_finding_leads_to_the_metric_that_shows_it(
    check: str, subject: str, key: SampleKey | None
) -> None:
    assert telling([Finding(check, "a", Health.WARN, "x", subject)], KEYS) == key


def test_the_worst_finding_that_any_metric_shows_is_taken() -> None:
    found = [
        Finding("unit-failed", "a", Health.CRIT, "x", "nginx.service"),
        Finding("cpu-saturated", "a", Health.WARN, "x"),
    ]
    assert telling(found, KEYS) == ("cpu.busy_ratio", "")


def test_limits_have_their_names_and_are_the_hosts_own_where_it_has_any() -> None:
    usual = limits_on(Host("a"), "filesystem.used_ratio", "ratio")
    assert [(mark.at, mark.text, mark.role) for mark in usual] == [
        (0.95, "CRIT from 95% disk-full", Role.CRIT),
        (0.85, "WARN from 85% disk-full", Role.WARN),
    ]
    own = Host("a", thresholds=MappingProxyType({"disk-full": Limits(None, 0.5)}))
    assert [mark.at for mark in limits_on(own, "filesystem.used_ratio", "ratio")] == [0.5]
    assert limits_on(Host("a"), "load.one", "tasks") == []


def test_every_metric_that_a_check_names_is_one_that_is_remembered() -> None:
    known = remembered()
    named = {check.id: check.metric for check in checks().values() if check.metric}
    assert {name: metric for name, metric in named.items() if metric not in known} == {}
    assert len(named) >= 12
    units = {name: (checks()[name].unit, known[metric].unit) for name, metric in named.items()}
    assert {name: pair for name, pair in units.items() if pair[0] != pair[1]} == {}


def test_metrics_have_short_names_and_values_their_unit() -> None:
    assert key_of("mem") == ("memory.used_ratio", "")
    assert name_of(("filesystem.used_ratio", "/var")) == "filesystem.used_ratio[/var]"
    assert short_name(("memory.used_ratio", "")) == "mem"
    assert short_name(("filesystem.used_ratio", "/")) == ""
    said = [worded("ratio")(value) for value in (0, 0.0004, 0.031, 0.42, 0.996, 1)]
    assert said == ["0%", "0%", "3.1%", "42%", "99%", "100%"]
    assert [worded("s")(value) for value in (0, 0.012, 3, 7200)] == ["0s", "12ms", "3s", "2h"]
    assert worded("bytes/s")(2048) == "2.0K/s"
    assert worded("tasks")(1.5) == "1.5"
