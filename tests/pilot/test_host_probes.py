"""The section of the host page about own probes: failed first, each with what it told and when."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from opsdash.core.discover import checks
from opsdash.core.finding import urgency
from opsdash.core.health import Health, worst
from opsdash.core.host import Limits
from opsdash.core.plugin import Inquiry
from opsdash.core.probe import Command, Dns, File, Http, Origin, Probe, Process, Tcp, Tls
from opsdash.core.reading import Row
from opsdash.core.snapshot import HostState
from tests.fleet_states import EVIL, NOW, reading, up
from tests.screens import LARGE, SMALL, assert_snapshot, on_stage

PROBES = (
    Probe("site", Http("https://www.example.org/", body="Welcome"), Origin.HERE),
    Probe("health", Http("http://127.0.0.1:8080/health", (200,))),
    Probe("certificate", Tls("127.0.0.1", 443, "www.example.org")),
    Probe("postgres", Tcp("10.0.4.3", 5432), Origin.HERE, slow=Limits(0.5, 2.0)),
    Probe("resolver", Dns("www.example.org")),
    Probe("nginx", Process("nginx", at_least=2)),
    Probe("nightly-dump-of-all-databases", File("/var/backups/db-*.dump", 26 * 3600.0)),
    Probe("mailq", Command(("/usr/lib/nagios/plugins/check_mailq",)), every_s=300),
    Probe("metrics", Http("http://127.0.0.1:9100/metrics"), severity=Health.WARN),
    Probe("replica", Command(("/usr/local/bin/check_replica",))),
)
DAY_S = 86_400.0


def told(probe: Probe, told_s: float = 12.0, **cells: str | float | bool) -> Row:
    return {"probe": probe.name, "kind": probe.kind, "at": NOW - told_s, **cells}


ANSWERS = (
    told(PROBES[0], outcome="answered", status=200, matches=True, time_s=0.214),
    told(PROBES[1], outcome="answered", status=503, time_s=0.02),
    told(PROBES[2], outcome="answered", begins_at=NOW - DAY_S, expires_at=NOW + 71 * DAY_S,
         names="www.example.org", time_s=0.04),
    told(PROBES[3], outcome="answered", time_s=0.83),
    told(PROBES[4], outcome="answered", addresses="192.0.2.7 2001:db8::7", time_s=0.01),
    told(PROBES[5], outcome="answered", count=4),
    told(PROBES[6], outcome="answered", age_s=52 * 3600.0, size_bytes=5.2e8,
         path="/var/backups/db-2.dump"),
    told(PROBES[7], told_s=260.0, outcome="answered", status=0, said="OK: mailq is empty",
         performance="unsent=0;2;4;0"),
    told(PROBES[8], outcome="unknown", text="the host has no curl or wget",
         hint="install it there, or probe with from: here"),
)  # fmt: skip


def probed(probes: tuple[Probe, ...], answers: tuple[Row, ...]) -> HostState:
    """A host with these answers, judged as the program judges them."""
    state = up("web1")
    state = replace(
        state,
        host=replace(state.host, probes=probes),
        readings=MappingProxyType(
            {**state.readings, "probes": reading("probes", rows=answers, at=NOW - 12)}
        ),
    )
    check = checks()["probe-failed"]
    found = check.judge(Inquiry(state, NOW, check.limits, lambda _: Health.OK))
    findings = tuple(sorted((replace(one, since=NOW - 660) for one in found), key=urgency))
    return replace(state, findings=findings, health=worst(one.health for one in findings))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_probes_stand_with_what_they_told(size: tuple[int, int]) -> None:
    async with on_stage([probed(PROBES, ANSWERS)], size) as stage:
        await stage.press("enter")
        if size == SMALL:
            top = stage.text
            while "PROBES  " not in "\n".join(stage.lines[:4]):
                await stage.press("j")
            assert_snapshot("host-probes-top-80x24", top)
        assert_snapshot(f"host-probes-{size[0]}x{size[1]}", stage.text)


async def test_a_host_without_probes_has_no_such_section() -> None:
    async with on_stage([up("web1")], LARGE) as stage:
        await stage.press("enter")
        assert "PROBES" not in stage.text


async def test_an_old_answer_shows_its_age_and_nothing_moves() -> None:
    old = told(PROBES[5], told_s=900.0, outcome="answered", count=4)
    async with on_stage([probed((PROBES[5],), (old,))], LARGE) as stage:
        await stage.press("enter")
        row = next(line for line in stage.lines if "nginx" in line and "no answer for 15m" in line)
        assert "15m?" in "\n".join(stage.lines)
        assert row


async def test_what_a_host_says_stays_text() -> None:
    evil = told(PROBES[9], outcome="answered", status=0, said=EVIL)
    worse = told(PROBES[4], outcome="failed", text=EVIL)
    async with on_stage([probed((PROBES[9], PROBES[4]), (evil, worse))], LARGE) as stage:
        await stage.press("enter")
        assert "evil[/red]" in stage.text
        assert "\x1b" not in stage.text
        assert "\u202e" not in stage.text
