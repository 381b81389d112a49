"""The state gives every reader what changed since, and rates only where they can be told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import isnan
from types import MappingProxyType

import pytest

from opsdash.core.finding import Finding
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, Tier, failed
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Reading, SampleKey
from opsdash.core.series import rate
from opsdash.core.snapshot import Link, LinkState
from opsdash.engine.state import State
from tests.fleet_states import Clock

BYTES, PER_S = "network.receive_bytes", "network.receive_bytes_per_s"


def unused(output: object, host: str, at: float) -> Reading:
    raise AssertionError("the state parses nothing")


def receive_rate(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    per_s = rate(before.get(BYTES), now.get(BYTES), elapsed_s)
    return {} if per_s is None else {(PER_S, ""): per_s}


def swap_rate(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    per_s = rate(before.get("swap.pages"), now.get("swap.pages"), elapsed_s)
    return {} if per_s is None else {("swap.per_s", ""): per_s}


COLLECTORS = {
    collector.name: collector
    for collector in (
        Collector("uptime", "Uptime", Tier.PULSE, unused),
        Collector(
            "network",
            "Network",
            Tier.PULSE,
            unused,
            (Metric(PER_S, "bytes/s", "received", recent=True),),
            derive=receive_rate,
        ),
        Collector("os", "Operating system", Tier.FACTS, unused),
        Collector("swap", "Swap", Tier.FACTS, unused, every_s=30.0, derive=swap_rate),
    )
}
CLOCK = Clock(at=5000.0)


def made_state(*names: str) -> State:
    hosts = {name: Host(name) for name in names or ("web1",)}
    return State(Fleet(MappingProxyType(hosts), "hosts.yaml"), COLLECTORS, CLOCK)


def pulse(
    up_s: float, received: float, *, at: float = 100.0, boot: str = "first", host: str = "web1"
) -> list[Reading]:
    """One pulse of a host: how long it is up, and its counter."""
    return [
        Reading(host, "uptime", at, {("uptime.up_s", ""): up_s}, ({"boot_id": boot},)),
        Reading(host, "network", at, {(BYTES, ""): received}),
    ]


def receive(state: State) -> float | None:
    return state.host("web1").value(PER_S)


def tail(state: State) -> list[float | None]:
    values = state.host("web1").series[PER_S].tail(100)
    return [None if isnan(value) else value for value in values]


def test_before_anything_came_nothing_is_known() -> None:
    web1 = made_state().host("web1")
    assert (web1.health, web1.at, web1.rev) == (Health.UNKNOWN, 0.0, 0)
    assert web1.age_s(5000.0) is None
    assert web1.link.state is LinkState.IDLE


def test_every_change_has_a_revision_of_its_own() -> None:
    state = made_state("web1", "web2")
    state.set_link("web1", Link(LinkState.UP, 1.0))
    state.take("web2", pulse(10, 0, host="web2"))
    state.set_judgement("web1", Health.OK, ())
    assert [state.host(name).rev for name in ("web1", "web2")] == [3, 2]
    assert state.rev == state.snapshot().rev == 3


def test_each_reader_gets_what_changed_since_it_looked() -> None:
    state = made_state("web1", "web2", "web3")
    state.set_link("web1", Link(LinkState.UP, 1.0))
    seen = state.rev
    state.set_link("web3", Link(LinkState.UP, 2.0))
    assert [changed.name for changed in state.changed_since(seen)] == ["web3"]
    assert [changed.name for changed in state.changed_since(0)] == ["web1", "web3"]
    assert state.changed_since(state.rev) == []


def test_what_says_the_same_again_is_no_change() -> None:
    state = made_state()
    finding = Finding("made", "web1", Health.WARN, "bad")
    for _ in range(2):
        state.set_link("web1", Link(LinkState.UP, 1.0))
        state.set_judgement("web1", Health.WARN, (finding,))
    assert state.rev == 2


def test_the_first_pulse_has_no_rate_and_the_second_has() -> None:
    state = made_state()
    state.take("web1", pulse(10, 1000))
    assert receive(state) is None
    state.take("web1", pulse(12, 1600))
    assert receive(state) == 300


def test_time_is_the_hosts_own_not_ours() -> None:
    state = made_state()
    state.take("web1", pulse(10, 1000, at=100))
    state.take("web1", pulse(14, 1400, at=101))
    assert receive(state) == 100


@pytest.mark.parametrize(
    ("up_s", "boot"),
    [(2, "second"), (99, "second"), (2, "first"), (10, "first")],
    ids=["reboot", "slow reboot", "clock backwards", "no time"],
)
def test_a_rate_never_spans_two_boots(up_s: float, boot: str) -> None:
    state = made_state()
    state.take("web1", pulse(10, 1000))
    state.take("web1", pulse(up_s, 5000, boot=boot))
    assert receive(state) is None


def test_a_counter_that_was_reset_has_no_rate() -> None:
    state = made_state()
    state.take("web1", pulse(10, 1000))
    state.take("web1", pulse(12, 10))
    assert receive(state) is None


def test_counters_of_an_earlier_run_give_the_first_pulse_its_rates() -> None:
    state = made_state("web1", "web2")
    gone = [Reading("web1", "a-plug-in-that-is-gone", 100.0), *pulse(1, 2, host="a-host-as-well")]
    state.seed([*pulse(10, 1000), *gone])
    state.take("web1", pulse(30, 1200))
    state.take("web2", pulse(30, 1200, host="web2"))
    assert receive(state) == 10
    assert state.host("web2").value(PER_S) is None


def test_an_average_of_the_past_is_never_shown_as_what_is_now() -> None:
    state = made_state()
    state.seed(pulse(10, 1000))
    state.take("web1", pulse(86_410, 900_000))
    assert receive(state) is None
    state.take("web1", pulse(86_412, 900_020))
    assert receive(state) == 10


def test_counters_of_an_earlier_boot_give_none() -> None:
    state = made_state()
    state.seed(pulse(10, 1000, boot="old"))
    state.take("web1", pulse(110, 2000))
    assert receive(state) is None


def broken_pulse(up_s: float) -> list[Reading]:
    """One pulse of which the counter could not be understood."""
    uptime, _ = pulse(up_s, 0)
    problem = Problem(ProblemKind.BAD_OUTPUT, "unknown form")
    return [uptime, failed(COLLECTORS["network"], "web1", 102, problem)]


def test_after_one_part_failed_rates_go_from_the_last_good_one_over_all_the_time_since() -> None:
    state = made_state()
    state.take("web1", pulse(10, 1000))
    state.take("web1", broken_pulse(12))
    assert receive(state) is None
    state.take("web1", pulse(14, 9000))
    assert receive(state) == 2000
    state.take("web1", pulse(16, 9020))
    assert receive(state) == 10


def test_after_a_part_failed_for_long_rates_wait_for_two_good_ones() -> None:
    state = made_state()
    state.take("web1", pulse(10, 1000))
    for up_s in range(12, 60, 2):
        state.take("web1", broken_pulse(up_s))
    state.take("web1", pulse(60, 9000))
    assert receive(state) is None
    state.take("web1", pulse(62, 9020))
    assert receive(state) == 10


def test_the_series_fills_and_shows_gaps() -> None:
    state = made_state()
    for up_s, received in ((10, 0), (12, 200), (14, 100), (16, 500)):
        state.take("web1", pulse(up_s, received))
    assert tail(state) == [None, 100, None, 200]


def test_a_pulse_that_lacks_a_part_leaves_what_was_known_of_it() -> None:
    state = made_state()
    state.take("web1", pulse(10, 0))
    state.take("web1", pulse(12, 200))
    state.take("web1", pulse(14, 0)[:1])
    assert state.host("web1").value("uptime.up_s") == 14
    assert receive(state) == 100
    assert tail(state) == [None, 100]


def test_the_age_is_that_of_the_newest_delivery() -> None:
    state = made_state()
    state.take("web1", pulse(10, 0, at=200))
    state.take("web1", pulse(12, 0, at=150))
    assert state.host("web1").at == 200
    assert state.host("web1").age_s(230) == 30


def test_a_snapshot_does_not_change_any_more() -> None:
    state = made_state()
    state.take("web1", pulse(10, 1000, at=100))
    before = state.snapshot()
    state.take("web1", pulse(12, 1600, at=102))
    state.set_judgement("web1", Health.CRIT, (Finding("made", "web1", Health.CRIT, "bad"),))
    kept = before.hosts["web1"]
    assert (kept.health, kept.at, kept.findings) == (Health.UNKNOWN, 100, ())
    assert kept.value("uptime.up_s") == 10
    assert kept.value(PER_S) is None
    assert (before.rev, before.at, before.source) == (1, 5000, "hosts.yaml")
    with pytest.raises(TypeError):
        before.hosts["web2"] = kept  # type: ignore[index]


def swap(up_s: float, pages: float, boot: str = "first") -> list[Reading]:
    """A fact that tells the host's time itself."""
    samples = {("swap.up_s", ""): up_s, ("swap.pages", ""): pages}
    return [Reading("web1", "swap", 100.0, samples, ({"boot_id": boot},))]


@pytest.mark.parametrize(
    ("later", "rate"),
    [
        (swap(130, 600), 20.0),
        (swap(190, 2700), 30.0),
        (swap(191, 2700), None),  # an average of the past, not what is now
        (swap(130, 600, boot="second"), None),
        (swap(20, 10), None),
        (swap(100, 0), None),
    ],
)
def test_a_fact_has_rates_over_its_own_time(later: list[Reading], rate: float | None) -> None:
    state = made_state()
    state.take("web1", swap(100, 0))
    state.take("web1", pulse(101, 0))
    state.take("web1", pulse(103, 0))
    state.take("web1", later)
    assert state.host("web1").value("swap.per_s") == rate


def test_a_fact_that_failed_once_does_not_cost_the_next_its_rate() -> None:
    state = made_state()
    state.take("web1", swap(100, 0))
    problem = Problem(ProblemKind.TIMEOUT, "no answer")
    state.take("web1", [failed(COLLECTORS["swap"], "web1", 130, problem)])
    state.take("web1", swap(160, 600))
    assert state.host("web1").value("swap.per_s") == 10.0


def test_a_fact_of_an_earlier_run_gives_the_first_rate() -> None:
    state = made_state()
    state.seed(swap(100, 0))
    state.take("web1", swap(130, 600))
    assert state.host("web1").value("swap.per_s") == 20.0


def os_reading(row: Mapping[str, str] | None) -> Reading:
    return Reading("web1", "os", 100, rows=(row,) if row is not None else ())


def test_a_container_is_told_from_its_os_row_and_not_forgotten() -> None:
    state = made_state()
    assert state.host("web1").container is None
    state.take("web1", [os_reading({"id": "debian", "container": "lxc"})])
    assert state.host("web1").container == "lxc"
    state.take("web1", pulse(10, 0))
    state.take("web1", [os_reading(None)])
    assert state.host("web1").container == "lxc"
    state.take("web1", [os_reading({"id": "debian", "container": ""})])
    assert state.host("web1").container == ""


async def test_whoever_waits_is_woken_by_the_next_change_only() -> None:
    state = made_state()
    state.take("web1", pulse(10, 0))
    waiting = asyncio.create_task(state.change())
    await asyncio.sleep(0)
    assert not waiting.done()
    state.set_link("web1", Link(LinkState.UP, 1.0))
    await waiting


def test_a_change_of_health_is_news_but_the_first_one_found_is_not() -> None:
    state = made_state()
    bad = Finding("c", "web1", Health.CRIT, "/ 97% full")
    state.set_judgement("web1", Health.UNKNOWN, ())
    state.set_judgement("web1", Health.OK, ())
    assert state.snapshot().changes == ()
    state.set_judgement("web1", Health.CRIT, (bad,))
    state.set_judgement("web1", Health.CRIT, (bad, bad))
    state.set_judgement("web1", Health.OK, ())
    told = [(c.before, c.after, c.summary) for c in state.snapshot().changes]
    assert told == [
        (Health.CRIT, Health.OK, "/ 97% full"),
        (Health.OK, Health.CRIT, "/ 97% full"),
    ]


def test_a_trend_is_kept_of_what_is_marked_so_and_over_a_reboot() -> None:
    marked = Collector(
        "uptime", "Uptime", Tier.PULSE, unused, (Metric("uptime.up_s", "s", "up", trend=True),)
    )
    state = State(
        Fleet(MappingProxyType({"web1": Host("web1")}), "hosts.yaml"),
        {**COLLECTORS, "uptime": marked},
        CLOCK,
    )
    state.take("web1", pulse(1000, 0, at=100.0))
    state.take("web1", pulse(5, 0, at=200.0, boot="second"))
    held = state.host("web1")
    known = held.trend("uptime.up_s")
    assert known is not None
    assert known.since(0.0) == [(100.0, 1000.0), (200.0, 5.0)]
    assert held.trend("network.receive_bytes") is None
    assert held.trend("uptime.up_s", "eth0") is None


def test_what_was_read_before_a_run_is_in_its_trends_and_nowhere_else() -> None:
    marked = Collector(
        "uptime", "Uptime", Tier.PULSE, unused, (Metric("uptime.up_s", "s", "up", trend=True),)
    )
    fleet = Fleet(MappingProxyType({"web1": Host("web1")}), "hosts.yaml")
    state = State(fleet, {**COLLECTORS, "uptime": marked}, CLOCK)
    state.recall([pulse(60.0 * minute, 0, at=60.0 * minute)[0] for minute in (1, 2, 3)])
    held = state.host("web1")
    known = held.trend("uptime.up_s")
    assert known is not None
    assert known.since(0) == [(60.0, 60.0), (120.0, 120.0), (180.0, 180.0)]
    assert (held.at, dict(held.readings)) == (0.0, {})
