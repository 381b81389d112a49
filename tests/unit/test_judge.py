"""The judge raises what lasts, keeps what it can't ask about, and calls new only what began."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pytest

from opsdash.core.finding import NEW_FOR_S, Finding, FindingKey
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host, Limits
from opsdash.core.plugin import Check, Collector, Inquiry, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.snapshot import HostState, Link, LinkState
from opsdash.core.thresholds import level
from opsdash.engine.judge import CHECK_ITSELF, Judge, Judgement
from opsdash.engine.state import State

T0 = 10_000.0
MUTE = Silence("m1", SilenceKind.MUTE, "all", T0, T0 + 3600, reason="planned")
DISK: FindingKey = ("web1", "disk", "/var")


def find_full(inquiry: Inquiry) -> list[Finding]:
    """A check as they are written: a finding per mount that is too full."""
    found = []
    for mount, ratio in inquiry.state.labelled("disk.used_ratio").items():
        health = level(ratio, inquiry.limits, inquiry.before(mount), margin=0.05)
        if health is not Health.OK:
            text = f"{mount} is full"
            found.append(Finding("disk", inquiry.state.name, health, text, subject=mount))
    return found


CHECK = Check("disk", "Disk", find_full, ("disk",), limits=Limits(0.8, 0.9), unit="ratio")
UP = Link(LinkState.UP, since=1.0)
DOWN = Link(LinkState.DOWN, since=1.0)


@dataclass
class Bench:
    """One host and its judge; every look is one second later unless it says when."""

    check: Check = CHECK
    others: tuple[Check, ...] = ()
    first_seen: Mapping[FindingKey, float] = field(default_factory=dict)
    known_hosts: Mapping[str, float] = field(default_factory=dict)
    state: HostState = field(default_factory=lambda: HostState(Host("web1"), link=UP, at=T0))
    now: float = T0
    machine_wide: bool = False

    def __post_init__(self) -> None:
        checks = {check.id: check for check in (self.check, *self.others)}
        whole = ["disk"] if self.machine_wide else []
        self.judge = Judge(checks, self.first_seen, self.known_hosts, machine_wide=whole)

    def look(self, *, at: float | None = None, link: Link = UP, **mounts: float) -> Judgement:
        """Judge the host with these mounts (``var=0.9``); the last reading stands if none."""
        self.now = self.now + 1 if at is None else at
        self.state = replace(self.state, link=link)
        if mounts:
            samples = {("disk.used_ratio", f"/{name}"): ratio for name, ratio in mounts.items()}
            self.deliver(Reading("web1", "disk", self.now, samples))
        return self.judge.judge(self.state, self.now)

    def deliver(self, reading: Reading) -> None:
        """A reading arrived."""
        readings = {**self.state.readings, reading.collector: reading}
        self.state = replace(self.state, readings=readings, at=self.now)


def only(judgement: Judgement) -> Finding:
    (finding,) = judgement.findings
    return finding


def test_a_finding_is_raised_at_once_where_nothing_must_last() -> None:
    said = Bench().look(var=0.85)
    assert (said.health, only(said).summary, only(said).since) == (
        Health.WARN,
        "/var is full",
        T0 + 1,
    )


def test_a_finding_that_must_last_is_raised_when_it_has() -> None:
    bench = Bench(replace(CHECK, hold_s=60))
    assert bench.look(at=T0, var=0.95).findings == ()
    assert bench.look(at=T0 + 59).findings == ()
    said = bench.look(at=T0 + 60)
    assert only(said).since == T0


def test_an_interruption_starts_the_hold_again() -> None:
    bench = Bench(replace(CHECK, hold_s=60))
    bench.look(at=T0, var=0.95)
    bench.look(at=T0 + 30, var=0.1)
    bench.look(at=T0 + 40, var=0.95)
    assert bench.look(at=T0 + 99).findings == ()
    assert only(bench.look(at=T0 + 100)).since == T0 + 40


def test_what_was_raised_once_needs_no_second_hold_when_it_gets_worse() -> None:
    bench = Bench(replace(CHECK, hold_s=60))
    bench.look(at=T0, var=0.85)
    bench.look(at=T0 + 60)
    said = bench.look(at=T0 + 61, var=0.95)
    assert (only(said).health, only(said).since) == (Health.CRIT, T0)


def test_a_clock_that_is_set_back_takes_nothing_back() -> None:
    bench = Bench(replace(CHECK, hold_s=60))
    bench.look(at=T0, var=0.85)
    bench.look(at=T0 + 60)
    said = only(bench.look(at=T0 + 30, var=0.95))
    assert (said.since, said.health) == (T0, Health.CRIT)


def test_a_value_that_dances_round_its_limit_does_not_flap() -> None:
    bench = Bench()
    healths = [bench.look(var=ratio).health for ratio in (0.79, 0.81, 0.79, 0.81, 0.76, 0.74, 0.79)]
    ok, warn = Health.OK, Health.WARN
    assert healths == [ok, warn, warn, warn, warn, ok, ok]


def test_a_check_without_fresh_data_keeps_what_it_said() -> None:
    bench = Bench()
    before = bench.look(var=0.95)
    problem = Problem(ProblemKind.TIMEOUT, "no answer")
    bench.deliver(Reading("web1", "disk", bench.now, problem=problem))
    after = bench.look()
    assert (after.findings, after.health, after.closed) == (before.findings, Health.CRIT, ())


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_a_finding_ends_when_what_it_was_read_from_is_gone_and_not_when_it_is_late(
    kind: ProblemKind,
) -> None:
    earlier: FindingKey = ("web1", "disk", "/from-an-earlier-run")
    bench = Bench()
    other = Bench(first_seen={earlier: 5.0})
    for one in (bench, other):
        one.deliver(Reading("web1", "disk", T0, problem=Problem(ProblemKind.TIMEOUT, "late")))
        one.look()
    only(bench.look(var=0.95))
    for one in (bench, other):
        one.deliver(Reading("web1", "disk", T0 + 2, problem=Problem(kind, "no longer")))
    said = bench.look()
    over = kind in (ProblemKind.UNSUPPORTED, ProblemKind.MISSING_COMMAND, ProblemKind.DENIED)
    assert said.closed == ((DISK,) if over else ())
    assert len(said.findings) == (0 if over else 1)
    assert other.look().closed == ()
    assert only(bench.look(var=0.95)).since == (bench.now if over else T0 + 2)


def test_a_judge_over_collectors_knows_what_they_deliver_and_whose_it_is() -> None:
    def unused(output: object, host: str, at: float) -> Reading:
        raise AssertionError("nothing is parsed")

    ahead: list[float] = []

    def look_on(inquiry: Inquiry) -> list[Finding]:
        ahead.append(inquiry.clock_ahead_s)
        return [Finding("own", "web1", Health.WARN, "always")]

    checks = {
        "own": Check("own", "Own", look_on, ("os",)),
        "foreign": Check("foreign", "Foreign", look_on, ("disk",)),
        "unable": Check("unable", "Unable", look_on, ("nobody-delivers-it",)),
    }
    collectors = {
        "os": Collector("os", "OS", Tier.FACTS, unused),
        "disk": Collector("disk", "Disk", Tier.FACTS, unused, machine_wide=True),
    }
    state = State(
        Fleet(MappingProxyType({"web1": Host("web1")}), "hosts.yaml"), collectors, lambda: T0
    )
    state.clock_ahead_s = 7.0
    state.set_link("web1", UP)
    disk = Reading("web1", "disk", T0)
    state.take("web1", [disk, Reading("web1", "os", T0, rows=({"container": "lxc"},))])
    judgement = Judge.over(checks, collectors).judge_into(state, "web1", T0)
    assert ahead == [7.0]
    assert [one.check for one in state.host("web1").findings] == ["own"]
    assert (judgement.health, state.host("web1").health) == (Health.WARN, Health.WARN)


def test_what_is_the_whole_machines_judges_no_container() -> None:
    bench = Bench(machine_wide=True)
    bench.state = replace(bench.state, container="lxc")
    said = bench.look(var=0.95)
    assert (said.findings, said.health) == ((), Health.OK)


def test_what_is_the_whole_machines_judges_a_machine() -> None:
    bench = Bench(machine_wide=True)
    bench.state = replace(bench.state, container="")
    assert only(bench.look(var=0.95)).health is Health.CRIT


def test_what_may_be_the_whole_machines_waits_until_it_is_known_whose_it_is() -> None:
    bench = Bench(machine_wide=True)
    said = bench.look(var=0.95)
    assert (said.findings, said.health) == ((), Health.UNKNOWN)
    bench.deliver(Reading("web1", "os", bench.now, rows=({"container": ""},)))
    bench.state = replace(bench.state, container="")
    assert only(bench.look()).health is Health.CRIT


def test_nobody_waits_for_whose_it_is_where_that_was_asked_and_not_answered() -> None:
    bench = Bench(machine_wide=True)
    problem = Problem(ProblemKind.TIMEOUT, "no answer")
    bench.deliver(Reading("web1", "os", bench.now, problem=problem))
    said = bench.look(var=0.95)
    assert (said.findings, said.health) == ((), Health.OK)


def test_a_container_is_not_waited_for_what_it_does_not_judge_by() -> None:
    bench = Bench(machine_wide=True)
    bench.state = replace(bench.state, container="lxc")
    assert bench.look().health is Health.OK


def test_nothing_is_judged_while_the_host_is_down() -> None:
    def unreachable(inquiry: Inquiry) -> list[Finding]:
        gone = inquiry.state.link.state is LinkState.DOWN
        return [Finding("gone", "web1", Health.DOWN, "gone")] if gone else []

    bench = Bench(others=(Check("gone", "Gone", unreachable),))
    bench.look(var=0.85)
    said = bench.look(link=DOWN, var=0.99)
    assert [(found.check, found.health) for found in said.findings] == [
        ("gone", Health.DOWN),
        ("disk", Health.WARN),
    ]
    assert said.health is Health.DOWN
    back = bench.look()
    assert [(found.check, found.health) for found in back.findings] == [("disk", Health.CRIT)]
    assert back.closed == (("web1", "gone", ""),)


def test_a_host_of_which_something_is_unknown_is_not_ok() -> None:
    bench = Bench()
    assert bench.look().health is Health.UNKNOWN
    assert bench.look(var=0.1).health is Health.OK


def test_a_host_that_never_delivered_is_not_ok() -> None:
    bench = Bench(replace(CHECK, reads=()))
    bench.state = replace(bench.state, at=0.0)
    assert bench.look().health is Health.UNKNOWN


def test_what_is_awaited_does_not_hide_what_is_known() -> None:
    bench = Bench(others=(Check("late", "Late", find_full, ("never",)),))
    assert bench.look(var=0.85).health is Health.WARN
    assert bench.look(var=0.1).health is Health.UNKNOWN


def test_what_is_there_at_the_first_look_is_not_new() -> None:
    bench = Bench()
    bench.look(link=Link(LinkState.CONNECTING))
    bench.look()
    assert not only(bench.look(var=0.95)).new


def test_each_source_may_take_its_time_to_arrive_first() -> None:
    late = Check("late", "Late", lambda _: [Finding("late", "web1", Health.WARN, "x")], ("facts",))
    bench = Bench(others=(late,))
    bench.look(var=0.1)
    bench.deliver(Reading("web1", "facts", bench.now))
    assert not only(bench.look()).new
    later = bench.look(var=0.95)
    assert {found.check: found.new for found in later.findings} == {"disk": True, "late": False}


def test_a_host_that_was_down_at_first_has_nothing_new_when_it_comes() -> None:
    bench = Bench()
    bench.look(link=DOWN)
    assert not only(bench.look(var=0.95)).new


def test_what_was_there_at_the_first_look_is_not_new_when_its_hold_ends() -> None:
    bench = Bench(replace(CHECK, hold_s=60))
    bench.look(at=T0, var=0.95)
    assert not only(bench.look(at=T0 + 60)).new


def test_what_begins_later_is_new_for_a_while() -> None:
    bench = Bench()
    bench.look(at=T0, var=0.1)
    assert only(bench.look(at=T0 + 1, var=0.95)).new
    assert only(bench.look(at=T0 + NEW_FOR_S)).new
    assert not only(bench.look(at=T0 + 1 + NEW_FOR_S)).new


def test_what_ended_and_came_back_is_new_again() -> None:
    bench = Bench()
    bench.look(var=0.95)
    bench.look(var=0.1)
    assert only(bench.look(at=T0 + 50, var=0.95)).new
    assert only(bench.look()).since == T0 + 50


def test_what_an_earlier_run_found_keeps_its_since() -> None:
    bench = Bench(replace(CHECK, hold_s=600), first_seen={DISK: 77.0}, known_hosts={"web1": 5.0})
    said = bench.look(var=0.95)
    assert (only(said).since, only(said).new, said.closed) == (77.0, False, ())


@pytest.mark.parametrize(
    ("first_judged", "since", "new"),
    [
        (T0 - 9000, T0 - 60, True),
        (T0 - 9000, T0 - 9000, False),
        (T0 - 50, T0 - 60, False),
        (T0 - 9000, None, True),
        (None, T0 - 60, False),
    ],
    ids=["began since", "long ago", "was there at first", "began now", "host never judged"],
)
def test_a_second_run_knows_what_the_first_one_met(
    first_judged: float | None, since: float | None, new: bool
) -> None:
    known_hosts = {} if first_judged is None else {"web1": first_judged}
    bench = Bench(first_seen={} if since is None else {DISK: since}, known_hosts=known_hosts)
    assert only(bench.look(var=0.95)).new is new


def test_what_an_earlier_run_found_of_a_collector_waits_until_that_one_has_spoken() -> None:
    def find_unread(inquiry: Inquiry) -> list[Finding]:
        unread = [one for one in inquiry.state.readings.values() if one.problem]
        return [
            Finding("unread", "web1", Health.UNKNOWN, "?", subject=one.collector) for one in unread
        ]

    unread = Check("unread", "Unread", find_unread)
    earlier: dict[FindingKey, float] = {
        ("web1", "unread", "units"): 7.0,
        ("web1", "unread", "load"): 8.0,
        ("web1", "unread", "no-collector"): 9.0,
    }
    reads_units = Check("units-fail", "Units", lambda _: [], ("units", "load"))
    bench = Bench(unread, (reads_units,), first_seen=earlier)
    assert bench.look().closed == (("web1", "unread", "no-collector"),)
    problem = Problem(ProblemKind.DENIED, "not for you")
    bench.deliver(Reading("web1", "units", bench.now, problem=problem))
    said = bench.look()
    assert (only(said).subject, only(said).since, said.closed) == ("units", 7.0, ())
    bench.deliver(Reading("web1", "load", bench.now))
    assert bench.look().closed == (("web1", "unread", "load"),)


def test_what_ended_is_told_once() -> None:
    bench = Bench()
    bench.look(var=0.95, home=0.95)
    assert bench.look(var=0.1, home=0.95).closed == (DISK,)
    assert bench.look().closed == ()


def test_what_ended_between_two_runs_is_told_when_it_can_be() -> None:
    bench = Bench(first_seen={DISK: 77.0, ("db1", "disk", "/"): 5.0})
    assert bench.look().closed == ()
    assert bench.look(var=0.1).closed == (DISK,)


def test_nothing_has_ended_while_the_connection_is_being_made() -> None:
    gone: FindingKey = ("web1", "gone", "")

    def unreachable(inquiry: Inquiry) -> list[Finding]:
        down = inquiry.state.link.state is LinkState.DOWN
        return [Finding("gone", "web1", Health.DOWN, "gone")] if down else []

    bench = Bench(Check("gone", "Gone", unreachable), first_seen={gone: 77.0})
    bench.state = replace(bench.state, at=0.0)  # it has not delivered anything in this run
    for state in (LinkState.IDLE, LinkState.CONNECTING):
        assert bench.look(link=Link(state)).closed == ()
    assert only(bench.look(link=DOWN)).since == 77.0
    assert bench.look(link=Link(LinkState.CONNECTING)).closed == ()
    assert bench.look(link=UP).closed == (gone,)


def test_a_host_that_is_reached_anew_is_still_judged_by_what_it_last_delivered() -> None:
    old = Check(
        "old", "Old", lambda inquiry: [Finding("old", "web1", Health.UNKNOWN, "no data for long")]
    )
    bench = Bench(old)
    bench.look(var=0.1)
    assert bench.look(link=Link(LinkState.CONNECTING)).health is Health.UNKNOWN


def test_what_ends_before_it_was_raised_was_never_open() -> None:
    bench = Bench(replace(CHECK, hold_s=60))
    bench.look(var=0.95)
    assert bench.look(var=0.1).closed == ()


@pytest.mark.parametrize(
    ("own", "at_70", "at_95"),
    [
        (Limits(0.5, None), Health.WARN, Health.WARN),
        (Limits(None, 0.6), Health.CRIT, Health.CRIT),
        (Limits(0.5, 0.6), Health.CRIT, Health.CRIT),
        (Limits(None, None), Health.OK, Health.OK),
    ],
)
def test_a_host_may_have_limits_of_its_own_and_never_is_one(
    own: Limits, at_70: Health, at_95: Health
) -> None:
    bench = Bench()
    bench.state = replace(bench.state, host=Host("web1", thresholds={"disk": own}))
    assert bench.look(var=0.7).health is at_70
    assert bench.look(var=0.95).health is at_95


def failing(bench: Bench) -> Callable[[Inquiry], list[Finding]]:
    """find_full(), but it fails whenever the host is more than full."""

    def judge(inquiry: Inquiry) -> list[Finding]:
        if inquiry.state.value("disk.used_ratio", "/var") == 9:
            raise KeyError("mount")
        return find_full(inquiry)

    return judge


@pytest.mark.parametrize("hold_s", [0.0, 600.0])
def test_a_check_that_fails_is_unknown_at_once_and_takes_nothing_back(hold_s: float) -> None:
    bench = Bench(first_seen={DISK: 77.0})
    check = replace(CHECK, judge=failing(bench), hold_s=hold_s)
    bench.judge = Judge({"disk": check}, bench.first_seen)
    bench.look(var=0.95)
    said = bench.look(var=9)
    assert said.health is Health.CRIT
    assert said.closed == ()
    assert [(found.subject, found.summary) for found in said.findings] == [
        ("/var", "/var is full"),
        (CHECK_ITSELF, "check disk failed: KeyError: 'mount'"),
    ]
    mended = bench.look(var=0.95)
    assert only(mended).subject == "/var"
    assert mended.closed == (("web1", "disk", CHECK_ITSELF),)


def test_a_check_that_fails_leaves_the_others_alone() -> None:
    broken = Check("broken", "Broken", lambda _: 1 / 0, ("disk",))  # type: ignore[arg-type,return-value]
    said = Bench(others=(broken,)).look(var=0.85)
    assert [(found.check, found.health) for found in said.findings] == [
        ("disk", Health.WARN),
        ("broken", Health.UNKNOWN),
    ]


def test_the_worst_comes_first_then_the_newest() -> None:
    bench = Bench()
    bench.look(old=0.85)
    bench.look(old=0.85, young=0.85)
    said = bench.look(old=0.85, young=0.85, worst=0.95)
    assert [found.subject for found in said.findings] == ["/worst", "/young", "/old"]


def test_advice_and_controls_come_from_the_check_unless_the_finding_has_its_own() -> None:
    check = replace(CHECK, advice="look", controls=("CIS 1.1",))
    assert only(Bench(check).look(var=0.85)).advice == "look"
    assert only(Bench(check).look(var=0.85)).controls == ("CIS 1.1",)

    def judge(inquiry: Inquiry) -> list[Finding]:
        return [replace(find_full(inquiry)[0], advice="think")]

    assert only(Bench(replace(check, judge=judge)).look(var=0.85)).advice == "think"


def test_what_is_muted_does_not_count() -> None:
    bench = Bench()
    bench.judge.silence_of = lambda host, finding: MUTE if finding.subject == "/var" else None
    said = bench.look(var=0.95, tmp=0.85)
    assert said.health is Health.WARN
    assert [(found.subject, found.muted) for found in said.findings] == [
        *(("/tmp", False), ("/var", True))
    ]
    assert bench.look(tmp=0.1, var=0.95).health is Health.OK
