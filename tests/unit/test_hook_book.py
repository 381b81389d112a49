"""What a hook tells and when: once each, folded, held back, and never what is silenced."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, time
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.event import FLAP_S
from opsdash.core.finding import Finding, FindingKey
from opsdash.core.health import Health
from opsdash.core.hook import Hook, Means, Quiet, Rate, Rule
from opsdash.core.selection import parse_selection
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.telling import Message, News, NewsKind
from opsdash.core.told import Standing, Told
from opsdash.engine.hook_book import MOST_HELD, SETTLE_S, Book, Moment, Turn

MIDNIGHT = 1_795_737_600.0
"""Of 27 November 2026, UTC."""

NOON = MIDNIGHT + 12 * 3600.0
FULL = Finding("disk-full", "db1", Health.CRIT, "/var 97% full", subject="/var", since=NOON)
WORK = Silence("w1", SilenceKind.MAINTENANCE, "db1", NOON, NOON + 600, reason="new disks")


class Run:
    """A hook over simulated hours: what is open in each second, and what it tells then."""

    def __init__(self, *, first_time: bool = False, at: float = NOON, **rule: Any) -> None:
        self.hook = Hook(
            "mail",
            Means.COMMAND,
            replace(Rule(parse_selection(["all"]), Health.WARN), **rule),
        )
        self.now = at
        self.book = Book(self.hook, Standing(known=not first_time), (), at)
        self.open: dict[FindingKey, Finding] = {}
        self.closed: set[FindingKey] = set()
        self.turns: list[Turn] = []
        self.waiting = 0

    def found(self, *findings: Finding) -> None:
        """These are there now."""
        self.open |= {one.key: replace(one, since=self.now) for one in findings}

    def over(self, *findings: Finding) -> None:
        """These are gone."""
        for one in findings:
            self.open.pop(one.key, None)
            self.closed.add(one.key)

    def look(self) -> list[Message]:
        """One turn, now."""
        closed, self.closed = self.closed, set()
        moment = Moment(self.now, self.now, UTC)
        turn = self.book.turn(self.open.values(), closed, moment, waiting=self.waiting)
        self.turns.append(turn)
        return turn.messages

    def pass_s(self, seconds: float, step_s: float = 1.0) -> list[Message]:
        """Turns for so long; gives all that was told."""
        told: list[Message] = []
        until = self.now + seconds
        while self.now < until:
            told += self.look()
            self.now += step_s
        return told

    def killed(self) -> Run:
        """The next run, which knows what was stored, as JSON, and nothing else."""
        told: dict[FindingKey, Told] = {}
        standing = Standing(known=True)
        for turn in self.turns:
            told |= turn.told
            for key in turn.forgotten:
                told.pop(key, None)
        standing = Standing.from_row(json.loads(json.dumps(self.book.standing.row())))
        book = Book(self.hook, standing, told.values(), self.now)
        after = Run(at=self.now)
        after.hook, after.book = self.hook, book
        after.open, after.turns = dict(self.open), list(self.turns)
        after.closed = book.ended_unseen({one.host for one in many(200)} | {"db1"}, self.open)
        return after


def kinds(messages: list[Message]) -> list[str]:
    return [one.kind.value for one in messages]


def test_what_is_raised_and_what_ends_is_told_once() -> None:
    run = Run()
    run.found(FULL)
    (raised,) = run.pass_s(3600)
    assert raised.title == "CRIT db1: disk-full /var"
    assert raised.text == "/var 97% full"
    run.over(FULL)
    (ended,) = run.pass_s(3600)
    assert ended.title == "OK db1: disk-full /var"
    assert ended.text == "over: /var 97% full"


def test_a_kill_at_any_time_tells_nothing_twice_and_loses_nothing() -> None:
    run = Run()
    run.found(FULL)
    told = run.pass_s(2)
    run = run.killed()
    told += run.pass_s(60)
    run.over(FULL)
    run = run.killed()
    assert run.closed == {FULL.key}  # it ended while nobody looked
    told += run.pass_s(60)
    told += run.killed().pass_s(60)
    assert kinds(told) == ["raised", "ended"]


def test_what_is_in_maintenance_is_not_told_and_nor_is_its_end() -> None:
    run = Run()
    run.found(replace(FULL, silence=WORK))
    assert run.pass_s(600) == []
    run.over(FULL)
    assert run.pass_s(600) == []


def test_what_is_still_there_when_maintenance_ends_is_told_then() -> None:
    run = Run()
    run.found(replace(FULL, silence=WORK))
    assert run.pass_s(600) == []
    run.open[FULL.key] = replace(FULL, silence=None)
    assert kinds(run.pass_s(600)) == ["raised"]


def test_the_end_of_what_was_told_is_told_though_it_was_acknowledged_meanwhile() -> None:
    run = Run()
    run.found(FULL)
    assert kinds(run.pass_s(5)) == ["raised"]
    run.open[FULL.key] = replace(FULL, silence=replace(WORK, kind=SilenceKind.ACK))
    assert run.pass_s(60) == []
    run.open[FULL.key] = FULL
    assert run.pass_s(60) == []  # an ack that ends is no news
    run.over(FULL)
    assert kinds(run.pass_s(5)) == ["ended"]


def test_what_gets_worse_is_told_again_and_what_gets_better_is_not() -> None:
    run = Run()
    run.found(replace(FULL, health=Health.WARN))
    run.pass_s(5)
    run.found(FULL)
    (worse,) = run.pass_s(60)
    assert worse.text == "/var 97% full (was WARN)"
    run.found(replace(FULL, health=Health.WARN))
    assert run.pass_s(60) == []
    run.found(FULL)
    assert run.pass_s(60) == []


def test_what_does_not_last_is_not_told() -> None:
    run = Run(wait_s=120.0)
    run.found(FULL)
    assert run.pass_s(119) == []
    run.over(FULL)
    assert run.pass_s(60) == []
    run.found(FULL)
    assert run.pass_s(120) == []
    assert kinds(run.pass_s(2)) == ["raised"]


def test_only_the_end_or_only_the_beginning() -> None:
    for rule, wanted in (({"raised": False}, ["ended"]), ({"ended": False}, ["raised"])):
        run = Run(**rule)
        run.found(FULL)
        told = run.pass_s(5)
        run.over(FULL)
        assert kinds(told + run.pass_s(5)) == wanted


# -- flapping ---------------------------------------------------------------------------------


def test_a_host_that_flaps_every_ten_seconds_for_a_day() -> None:
    run = Run()
    told: list[Message] = []
    for _ in range(86400 // 20):
        run.found(FULL)
        told += run.pass_s(10)
        run.over(FULL)
        told += run.pass_s(10)
    assert kinds(told) == ["raised", "ended", "raised", "ended", "flapping"]
    assert told[-1].text.startswith("came and went 3 times, told again when it is calm")
    (calm,) = run.pass_s(FLAP_S + 60)
    assert calm.kind is NewsKind.ENDED
    assert calm.text == "came and went 4320 times, over for an hour: /var 97% full"
    run.found(FULL)
    assert kinds(run.pass_s(60)) == ["raised"]


def test_what_flapped_and_stays_is_told_when_it_is_calm() -> None:
    run = Run()
    for _ in range(5):
        run.found(FULL)
        run.pass_s(10)
        run.over(FULL)
        run.pass_s(10)
    run = run.killed()
    run.found(FULL)
    (stays,) = run.pass_s(FLAP_S + 60, 10)
    assert stays.kind is NewsKind.RAISED
    assert stays.text == "came and went 6 times, stays now: /var 97% full"
    run.over(FULL)
    assert kinds(run.pass_s(60)) == ["ended"]


# -- the first time, and many at once ---------------------------------------------------------


def many(number: int) -> list[Finding]:
    return [replace(FULL, host=f"web{one}") for one in range(number)]


def test_a_fleet_that_is_ill_at_the_first_start_is_one_message() -> None:
    run = Run(first_time=True)
    run.found(*many(500))
    assert run.pass_s(SETTLE_S) == []
    (summary,) = run.pass_s(60)
    assert summary.title == "500 CRIT on 500 hosts"
    assert summary.text.splitlines()[-2:] == ["and 485 more", "(when it began to watch)"]
    assert summary.data()["count"] == 500
    assert run.killed().pass_s(60) == []
    run.over(many(1)[0])
    assert kinds(run.pass_s(5)) == ["ended"]


def test_a_first_start_on_a_healthy_fleet_tells_nothing() -> None:
    run = Run(first_time=True)
    assert run.pass_s(60) == []
    run.found(FULL)
    assert kinds(run.pass_s(5)) == ["raised"]


def test_a_switch_that_dies_is_a_handful_of_messages() -> None:
    """Its hosts are found to be down one after the other."""
    run = Run()
    told: list[Message] = []
    for one in many(200):
        run.found(one)
        told += run.pass_s(0.2, 0.2)
    told += run.pass_s(60)
    assert kinds(told) == ["raised"] * 5 + ["several"] * (len(told) - 5)
    assert len(told) <= 9
    assert sum(len(one.news) for one in told) == 200


# -- quiet hours and the rate limit -----------------------------------------------------------

NIGHT = Quiet(time(22), time(7), Health.CRIT)


def test_what_was_held_back_at_night_is_one_message_in_the_morning() -> None:
    run = Run(at=NOON + 11 * 3600, quiet=NIGHT)
    run.found(replace(FULL, health=Health.WARN))
    assert run.pass_s(3600, 10) == []
    run.over(FULL)
    run = run.killed()
    assert run.pass_s(3600, 10) == []
    run.found(replace(FULL, host="web1", health=Health.WARN))
    (morning,) = run.pass_s(12 * 3600, 10)
    assert morning.at == MIDNIGHT + 86400 + 7 * 3600
    assert [one.kind for one in morning.news] == ["raised", "ended", "raised"]
    assert morning.why == "held back in quiet hours, 22:00-07:00"


def test_what_is_critical_passes_at_night_at_once() -> None:
    run = Run(at=NOON + 11 * 3600, quiet=NIGHT)
    run.found(replace(FULL, host="web1", health=Health.WARN), FULL)
    (now,) = run.pass_s(3600, 10)
    assert now.title == "CRIT db1: disk-full /var"
    run.over(FULL)
    assert kinds(run.pass_s(60)) == ["ended"]


def test_a_rate_limit_holds_back_and_says_so() -> None:
    run = Run(rate=Rate(2, 3600.0, "2/h"))
    told: list[Message] = []
    for one in many(30):
        run.found(one)
        told += run.pass_s(60)
    told += run.pass_s(3600, 10)
    assert kinds(told) == ["raised", "raised", "several"]
    assert len(told[2].news) == 28
    assert told[2].at >= told[0].at + 3600
    assert told[2].why == "held back by the rate limit, 2/h"


def test_a_hook_that_does_not_keep_up_gets_one_message_in_place_of_many() -> None:
    run = Run()
    run.waiting = 10
    for one in many(MOST_HELD + 20):
        run.found(one)
        assert run.pass_s(1) == []
    run.waiting = 0
    (all_of_it,) = run.pass_s(20)
    assert len(all_of_it.news) == MOST_HELD
    assert all_of_it.data()["count"] == MOST_HELD + 20


def test_what_could_not_be_told_is_counted_and_its_end_is_not_told() -> None:
    run = Run()
    run.found(FULL)
    (lost,) = run.pass_s(5)
    run.turns.append(run.book.failed(lost))
    assert run.book.standing.missed == 1
    run.over(FULL)
    assert run.pass_s(60) == []
    assert "1 message before this could not be told" in replace(lost, missed=1).text
    run.book.delivered(replace(lost, missed=1))
    assert run.book.standing.missed == 0


# -- whatever happens -------------------------------------------------------------------------

steps = st.lists(
    st.tuples(st.sampled_from(["found", "over", "worse", "kill"]), st.integers(0, 3)), max_size=40
)


@given(steps, st.sampled_from([1.0, 40.0, 900.0]))
def test_no_end_without_a_beginning_and_none_twice(
    happens: list[tuple[str, int]], between_s: float
) -> None:
    run = Run()
    told: list[Message] = []
    for what, number in happens:
        run = run.killed() if what == "kill" else run
        change(run, what, many(4)[number])
        told += run.pass_s(between_s, between_s)
    told += run.pass_s(3 * FLAP_S, 30)
    news: dict[str, list[News]] = {}
    for each in (one for message in told for one in message.news):
        news.setdefault(each.host, []).append(each)
    for host, of_host in news.items():
        ended = [one.kind is NewsKind.ENDED for one in of_host]
        assert ended[-1] != any(key[0] == host for key in run.open)
        assert not ended[0]
        assert (True, True) not in pairwise(ended)


def change(run: Run, what: str, finding: Finding) -> None:
    """What happens to one host."""
    if what == "found":
        run.found(replace(finding, health=Health.WARN))
    elif what == "worse" and finding.key in run.open:
        run.found(finding)
    elif what == "over" and finding.key in run.open:
        run.over(finding)
