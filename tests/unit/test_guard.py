"""What a plan wants before it runs, and what is refused whatever is typed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time

import pytest

from opsdash.core.confirm import Asked, Tier, headless_refusal, tier
from opsdash.core.fleet import Fleet
from opsdash.core.guard import Guard
from opsdash.core.guardrail import Guardrail, Guardrails, Window
from opsdash.core.host import Host
from opsdash.core.plan import Danger, HostSteps, Plan, Step, StepKind
from opsdash.core.selection import parse_selection

FLEET = Fleet(
    {
        "web1": Host("web1"),
        "web2": Host("web2"),
        "db1": Host("db1", tags=frozenset({"prod"})),
        "rtr1": Host("rtr1", tags=frozenset({"core"})),
    }
)
READ_ONLY = replace(FLEET, read_only="--read-only")
FRIDAY_NOON = datetime(2026, 11, 27, 12, 0).timestamp()  # noqa: DTZ001 - local, as windows are
NIGHT = Window(frozenset(range(5)), time(22), time(5), "mon-fri 22:00-05:00")


def plan(
    *hosts: str, script: str = "systemctl restart nginx", danger: Danger = Danger.OUTAGE
) -> Plan:
    """A restart on these hosts."""
    step = Step(StepKind.RUN, "restart", script, reads_only=danger is Danger.READS)
    steps = tuple(HostSteps(name, (step,)) for name in hosts)
    return Plan("p1", "service.restart", "Restart nginx", danger, steps, target="nginx")


def rules(*found: Guardrail, tags: tuple[str, ...] = ("prod",)) -> Guardrails:
    """Guardrails of these rules."""
    return Guardrails(found, tags)


def under(guardrails: Guardrails) -> Fleet:
    """The fleet under these."""
    return replace(FLEET, guardrails=guardrails)


def test_what_only_reads_asks_nothing() -> None:
    assert tier(plan("db1", "web1", danger=Danger.READS), FLEET).tier is Tier.NONE


def test_a_plan_that_says_it_reads_but_has_a_step_that_does_not_is_asked_for() -> None:
    step = Step(StepKind.RUN, "restart", "systemctl restart nginx")
    sly = Plan("p1", "own.look", "Look", Danger.READS, (HostSteps("web1", (step,)),))
    assert tier(sly, FLEET).tier is Tier.YES_NO
    assert Guard(READ_ONLY).refusal(sly, FRIDAY_NOON)


@pytest.mark.parametrize(
    ("made", "wanted", "answer"),
    [
        (plan("web1"), Tier.YES_NO, "y"),
        (plan("web1", "web2"), Tier.NUMBER, "2"),
        (plan("web1", "web2", "db1"), Tier.WORD, "prod"),
        (plan("web1", danger=Danger.DATA_LOSS), Tier.WORD, "destroy"),
        (plan("db1", danger=Danger.DATA_LOSS), Tier.WORD, "prod"),
    ],
)
def test_the_more_it_can_break_the_more_is_typed(made: Plan, wanted: Tier, answer: str) -> None:
    asked = tier(made, FLEET)
    assert (asked.tier, asked.answer) == (wanted, answer)
    assert "service.restart nginx" in asked.sentence


def test_a_word_names_the_hosts_that_want_it() -> None:
    assert tier(plan("web1", "db1"), FLEET).sentence == (
        "service.restart nginx on 2 hosts, db1 has the tag prod: type prod"
    )


def test_tags_are_the_users_to_choose_and_a_rule_may_want_a_word_of_its_own() -> None:
    chosen = rules(
        Guardrail("core", "all sites.", hosts=parse_selection(["rtr*"]), confirm="ROUTER"),
        tags=("core",),
    )
    assert tier(plan("db1"), under(chosen)).tier is Tier.YES_NO
    assert tier(plan("rtr1"), under(chosen)).answer == "ROUTER core"


@pytest.mark.parametrize(
    ("asked", "yes", "value", "passes"),
    [
        (Asked(Tier.NONE), False, None, True),
        (Asked(Tier.YES_NO, "y", "s"), False, None, False),
        (Asked(Tier.YES_NO, "y", "s"), True, None, True),
        (Asked(Tier.YES_NO, "y", "s"), False, "y", True),
        (Asked(Tier.NUMBER, "12", "s"), True, None, False),
        (Asked(Tier.NUMBER, "12", "s"), False, "12", True),
        (Asked(Tier.NUMBER, "12", "s"), True, "11", False),
        (Asked(Tier.WORD, "prod", "s"), True, None, False),
        (Asked(Tier.WORD, "prod", "s"), True, "PROD", False),
        (Asked(Tier.WORD, "prod", "s"), False, "prod", True),
        (Asked(Tier.YES_NO, "y", "s"), True, "", False),
    ],
)
def test_yes_answers_a_yes_or_no_and_nothing_more(
    asked: Asked, yes: bool, value: str | None, passes: bool
) -> None:
    assert (headless_refusal(asked, yes=yes, value=value) == "") is passes


@pytest.mark.parametrize("typed", ["", " ", "n", "1", "x"])
def test_only_a_yes_is_a_yes(typed: str) -> None:
    assert not Asked(Tier.YES_NO, "y").accepts(typed)
    assert Asked(Tier.YES_NO, "y").accepts("Y ")


def test_read_only_refuses_every_change_and_no_look() -> None:
    guard = Guard(READ_ONLY)
    assert guard.refusal(plan("web1"), FRIDAY_NOON) == (
        "service.restart nginx would change hosts, and this is read-only (--read-only)"
    )
    assert guard.refusal(plan("web1", danger=Danger.READS), FRIDAY_NOON) == ""


def test_a_host_that_left_the_fleet_is_refused() -> None:
    assert "web9 is not in the fleet" in Guard(FLEET).refusal(plan("web9"), FRIDAY_NOON)


@pytest.mark.parametrize(
    ("rule", "hosts", "said"),
    [
        (Guardrail("r", "why.", deny=True), ("web1",), "forbids service.restart nginx on web1"),
        (Guardrail("r", "why", ("host.*",), deny=True), ("web1",), ""),
        (Guardrail("r", "why", hosts=parse_selection(["db*"]), deny=True), ("web1",), ""),
        (
            Guardrail("r", "why", hosts=parse_selection(["tag:prod"]), deny=True),
            ("web1", "db1"),
            "on db1",
        ),
        (Guardrail("r", "why", commands=(re.compile(r"\brm\b"),), deny=True), ("web1",), ""),
        (Guardrail("r", "why", commands=(re.compile("nginx"),), deny=True), ("web1",), "forbids"),
        (Guardrail("r", "why", max_hosts=1), ("web1",), ""),
        (Guardrail("r", "why", max_hosts=1), ("web1", "web2"), "on 1 host at once, not on 2"),
        (Guardrail("r", "why", only=(NIGHT,)), ("web1",), "not now (Fri 12:00); only mon-fri"),
        (Guardrail("r", "why", never=(NIGHT,)), ("web1",), ""),
    ],
)
def test_a_guardrail_refuses_what_it_speaks_of(
    rule: Guardrail, hosts: tuple[str, ...], said: str
) -> None:
    refusal = Guard(under(rules(rule))).refusal(plan(*hosts), FRIDAY_NOON)
    assert said in refusal
    assert bool(said) == bool(refusal)


def test_what_reads_is_refused_by_a_deny_alone() -> None:
    look = plan("web1", "web2", danger=Danger.READS)
    assert Guard(under(rules(Guardrail("r", "w", max_hosts=1)))).refusal(look, FRIDAY_NOON) == ""
    assert Guard(under(rules(Guardrail("r", "w", deny=True)))).refusal(look, FRIDAY_NOON)


@pytest.mark.parametrize(
    ("day", "hour", "within"),
    [
        (27, 22, True),
        (27, 23, True),
        (28, 4, True),
        (28, 5, False),
        (28, 22, False),
        (29, 3, False),
        (30, 3, False),
        (30, 22, True),
        (23, 4, False),
        (24, 4, True),
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(
    day: int, hour: int, within: bool
) -> None:
    """27 November 2026 is a Friday."""
    assert NIGHT.holds(datetime(2026, 11, day, hour)) is within  # noqa: DTZ001


def test_all_day_is_all_day() -> None:
    sunday = Window(frozenset({6}), time(0), time(0), "sun")
    assert sunday.holds(datetime(2026, 11, 29, 0))  # noqa: DTZ001
    assert sunday.holds(datetime(2026, 11, 29, 23, 59))  # noqa: DTZ001
    assert not sunday.holds(datetime(2026, 11, 30, 0))  # noqa: DTZ001
