"""Every recorded answer still means what it meant, and every check says what it should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsdash.config.marked_yaml import parse_marked
from opsdash.config.probe_form import ProbeForm, aimed, probe_entry, probe_of
from opsdash.config.watch_rules_file import rules_in
from opsdash.core.discover import checks, collectors
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host, Limits
from opsdash.core.plugin import Collector, Inquiry, Tier, understand
from opsdash.core.probe import Probe
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row, SampleKey
from opsdash.core.series import Trend
from opsdash.core.snapshot import HostState, Link, LinkState, Login
from opsdash.core.watch_rule import WatchRule
from tests.case_files import Case, case_id, cases, output_of, sample_keys

NOW = 1_800_000_000.0


@pytest.mark.parametrize("case", cases("collectors"), ids=case_id)
def test_a_recorded_answer_is_understood(case: Case) -> None:
    collector = collectors()[case.plugin].of(Host("h", watch=_rules(case.content)))
    reading = understand(collector, output_of(case.content), "h", NOW)
    expect = case.content["expect"]
    kind = reading.problem.kind.value if reading.problem else None
    assert kind == expect.get("problem"), reading.problem
    assert expect.get("text", "") in (reading.problem.text if reading.problem else "")
    samples = {**reading.samples, **_rates(collector, case, reading)}
    for key, value in sample_keys(expect.get("samples", {})):
        assert samples.get(key) == pytest.approx(value, rel=1e-3, abs=1e-3), key
    absent = dict(sample_keys(dict.fromkeys(expect.get("absent", ()), 0.0)))
    assert not absent.keys() & samples.keys()
    if "rows" in expect:
        assert len(reading.rows) == len(expect["rows"])
        for row, wanted in zip(reading.rows, expect["rows"], strict=True):
            assert _listed(row, wanted) == wanted


def _rules(content: Mapping[str, Any]) -> tuple[WatchRule, ...]:
    """The watch rules that hold where this was recorded."""
    if "rules" not in content:
        return ()
    text = yaml.safe_dump({"rules": content["rules"]}, sort_keys=False)
    return tuple(rules_in(parse_marked(Path("rules.yaml"), text)).values())


def _rates(collector: Collector, case: Case, now: Reading) -> dict[SampleKey, float]:
    before = case.content.get("before")
    if before is None or collector.derive is None:
        return {}
    earlier = understand(collector, output_of(before), "h", NOW - before["elapsed_s"])
    return collector.derive(earlier, now, before["elapsed_s"])


def _listed(row: Row, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: pytest.approx(row[key], rel=1e-3) if isinstance(row.get(key), float) else row.get(key)
        for key in wanted
    }


@pytest.mark.parametrize(
    "case",
    [case for case in cases("collectors") if "problem" not in case.content["expect"]],
    ids=case_id,
)
def test_a_reading_holds_no_metric_that_its_collector_does_not_declare(case: Case) -> None:
    collector = collectors()[case.plugin].of(Host("h", watch=_rules(case.content)))
    reading = understand(collector, output_of(case.content), "h", NOW)
    declared = {metric.name for metric in collector.metrics}
    assert {name for name, _ in {**reading.samples, **_rates(collector, case, reading)}} <= declared


@pytest.mark.parametrize("case", cases("checks"), ids=case_id)
def test_a_check_finds_what_is_wrong_and_nothing_else(case: Case) -> None:
    check = checks()[case.plugin]
    state = _state(case.content)
    limits = Limits(**case.content["limits"]) if "limits" in case.content else check.limits
    before = {k: Health[v] for k, v in case.content.get("before", {}).items()}
    ahead_s = case.content.get("clock_ahead_s", 0.0)
    usual = dict(sample_keys(case.content.get("peers", {})))
    inquiry = Inquiry(
        state,
        NOW,
        limits,
        lambda one: before.get(one, Health.OK),
        ahead_s,
        lambda *key: usual.get(key),
    )
    found = list(check.judge(inquiry))
    wanted = case.content["expect"]
    assert [finding.summary for finding in found] == [one["summary"] for one in wanted]
    for finding, one in zip(found, wanted, strict=True):
        assert finding.check == check.id
        assert finding.host == state.name
        said = {key: getattr(finding, key) for key in one if key != "health"}
        assert said == {key: value for key, value in one.items() if key != "health"}
        assert finding.health is Health[one["health"]]


def _state(content: Mapping[str, Any]) -> HostState:
    """The host of a check's case: link, ages and readings."""
    link = content.get("link", {})
    readings = {name: _reading(name, given) for name, given in content.get("readings", {}).items()}
    if "missing" in content:
        readings = _all_facts_but(content["missing"]) | readings
    age_s = content.get("age_s", 1.0)
    return HostState(
        Host(
            "web1",
            interval_s=content.get("interval_s", 2),
            probes=_probes(content),
            watch=_rules(content),
        ),
        login=_login(content.get("login")),
        link=Link(
            LinkState(link.get("state", "up")),
            since=NOW - link.get("since_s", 3600.0),
            problem=_problem(link.get("problem")),
            last_up=NOW - link["last_up_s"] if "last_up_s" in link else None,
            cause=_problem(link.get("cause")),
        ),
        at=0.0 if age_s is None else NOW - age_s,
        readings=readings,
        findings=tuple(
            Finding(one["check"], "web1", Health[one["health"]], "", one["subject"])
            for one in content.get("findings", ())
        ),
        trends=_trends(content.get("trends", {})),
        host_key=content.get("host_key", ""),
        container=content.get("container"),
    )


def _probes(content: Mapping[str, Any]) -> tuple[Probe, ...]:
    """Own probes, as hosts.yaml has them."""
    forms = {
        name: ProbeForm.model_validate(probe_entry(given))
        for name, given in content.get("probes", {}).items()
    }
    made = [probe_of(name, form) for name, form in forms.items()]
    return tuple(aimed(one, "web1", "192.0.2.1") for one in made if one)


def _all_facts_but(missing: list[str]) -> dict[str, Reading]:
    """Fresh readings of every other facts collector, however many there will be."""
    facts = [one.name for one in collectors().values() if one.tier is Tier.FACTS]
    return {name: _reading(name, {}) for name in facts if name not in missing}


def _trends(named: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, dict[str, Trend]]:
    """``filesystem.available_bytes{/var}: [[600, 8e9], [0, 4e9]]``: corners as seconds ago and
    value, with a point a minute on the way from one to the next.
    """
    found: dict[str, dict[str, Trend]] = {}
    for name, corners in named.items():
        metric, _, label = name.partition("{")
        trend = found.setdefault(metric, {}).setdefault(label.removesuffix("}"), Trend())
        trend.add(NOW - corners[0][0], corners[0][1])
        for (from_s, first), (to_s, last) in pairwise(corners):
            steps = max(1, round((from_s - to_s) / 60))
            for step in range(1, steps + 1):
                ago_s = from_s + (to_s - from_s) * step / steps
                trend.add(NOW - ago_s, first + (last - first) * step / steps)
    return found


def _reading(name: str, given: Mapping[str, Any]) -> Reading:
    return Reading(
        "web1",
        name,
        NOW - given.get("age_s", 1.0),
        dict(sample_keys(given.get("samples", {}))),
        tuple(given.get("rows", ())),
        _problem(given.get("problem")),
    )


def _login(said: dict[str, Any] | None) -> Login | None:
    """A login probe as a case writes it."""
    if said is None:
        return None
    return Login(
        NOW - said.get("age_s", 5.0),
        said.get("took_s", 0.3),
        _problem(said.get("problem")),
        said.get("usual_s"),
    )


def _problem(given: Mapping[str, str] | None) -> Problem | None:
    return Problem(ProblemKind(given["kind"]), given["text"]) if given else None
