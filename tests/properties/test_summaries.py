"""Whatever a host calls its mounts and units, a finding is one clean line that fits a row."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.discover import checks
from opsdash.core.finding import SUMMARY_WIDTH
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.series import Trend
from opsdash.core.snapshot import HostState, Link, LinkState
from opsdash.core.text import clean, clean_label

label = st.text(max_size=300)
ratio = st.floats(0, 1)


def state_with(name: str, share: float, link: Link) -> HostState:
    """A host with everything wrong, all of it called `name`."""
    mount: Row = {
        **dict.fromkeys(("mount", "device", "type"), name),
        "used_ratio": share,
        "available_bytes": share * 1e18,
        "writable": True,
        "read_only": True,
    }
    unit: Row = {"unit": name, "description": name, "result": name, "since": name}
    silent = Problem(ProblemKind.SILENT, name)
    label_of = name if name.isprintable() else clean_label(name)
    return HostState(
        Host("web1"),
        host_key=f"ssh-rsa {round(share * 2047)}",
        trends={
            "filesystem.available_bytes": {label_of: _trend(6e18, share * 1e18)},
            "units.restarts": {label_of: _trend(0.0, 900.0)},
        },
        link=link,
        at=1000.0,
        readings={
            "cpu": Reading("web1", "cpu", 1000.0, {("cpu.busy_ratio", ""): share}),
            "memory": Reading("web1", "memory", 1000.0, {("memory.used_ratio", ""): share}),
            "filesystem": Reading(
                "web1", "filesystem", 1000.0, {("filesystem.inodes_used_ratio", name): share},
                (mount,),
            ),
            "units": Reading(
                "web1", "units", 1000.0, {("units.restarts", name): 1.0}, rows=(unit,)
            ),
            **_hour_old(name, share),
            "os": Reading("web1", "os", 1000.0, problem=silent),
        },
    )  # fmt: skip


def _trend(first: float, last: float) -> Trend:
    made = Trend()
    for minute in range(61):
        made.add(1000.0 - 3600 + minute * 60, first + (last - first) * minute / 60)
    return made


def _hour_old(name: str, share: float) -> dict[str, Reading]:
    """Booted just now, by a clock that is wrong, without a time source."""
    told = {("clock.booted_at", ""): share * 1e12, ("clock.up_s", ""): 9.0}
    source: Row = {"by": name, "synchronised": False}
    return {
        "uptime": Reading("web1", "uptime", 1000.0, {("uptime.up_s", ""): 10.0}),
        "clock": Reading("web1", "clock", 1000.0, told),
        "timesync": Reading("web1", "timesync", 1000.0, rows=(source,)),
        "boots": Reading("web1", "boots", 1000.0, rows=({"clean": False, "by": name},)),
    }


@pytest.mark.parametrize("check", list(checks().values()), ids=lambda check: check.id)
@settings(max_examples=60)
@given(name=label, share=ratio, up=st.booleans(), before=st.sampled_from(Health))
def test_a_summary_is_one_clean_line_that_fits(
    check: Check, name: str, share: float, up: bool, before: Health
) -> None:
    problem = Problem(ProblemKind.REFUSED, name)
    link = Link(LinkState.UP if up else LinkState.DOWN, since=1.0, problem=problem, last_up=1.0)
    state = state_with(name, share, link)
    for finding in check.judge(Inquiry(state, 1001.0, check.limits, lambda _: before)):
        assert len(finding.summary) <= SUMMARY_WIDTH
        for said in (finding.summary, finding.subject):
            assert clean(said) == said
            assert not {"\n", "\t", "\x1b"} & set(said)


def test_a_figure_is_never_cut_off_a_summary() -> None:
    state = state_with("/" + "x" * 300, 1.0, Link(LinkState.UP, since=1.0))
    summaries = [
        finding.summary
        for name in (
            *("disk-full", "inodes-full", "unit-failed", "filesystem-read-only"),
            *("disk-time-to-full", "unit-flapping", "clock-off", "host-key-weak"),
        )
        for finding in checks()[name].judge(
            Inquiry(state, 1001.0, checks()[name].limits, lambda _: Health.OK)
        )
    ]
    assert len(summaries) == 8
    assert all(summary.endswith(("left", ")")) for summary in summaries)
