"""What a screen sees of logs that are read: lines, kinds, counts, hosts that are not heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.log_record import LogQuery
from opsdash.core.problem import Problem, ProblemKind
from opsdash.engine import fleet_logs, log_desk, log_reader
from opsdash.engine.log_desk import Feed, LogDesk, LogGround
from opsdash.store.log_kinds import LogKindTable
from opsdash.store.store import Store
from tests.fleet_states import Clock
from tests.unit.test_fleet_logs import AT_S, FakeHost, entry, hands_of
from tests.waiting import wait_for

QUERY = LogQuery(lines=10, follow=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for long."""
    monkeypatch.setattr(fleet_logs, "TICK_S", 0.001)
    monkeypatch.setattr(log_desk, "KEEP_S", 0.01)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = Store(tmp_path / "history.db")
    await made.open()
    yield made
    await made.close()


def desk_of(store: Store, at_s: float = AT_S + 9, **hosts: FakeHost) -> LogDesk:
    fleet = Fleet({name: Host(name) for name in hosts}, "test")
    clock = Clock(at_s)
    return LogDesk(
        LogGround(lambda: fleet, hands_of(fleet, hosts, clock), LogKindTable(store), clock)
    )


def texts(feed: Feed) -> list[str]:
    return [feed.book[number].text for number in range(feed.book.dropped, feed.book.end)]


async def test_lines_are_held_counted_and_told_by_their_kind(store: Store) -> None:
    web = FakeHost(older=entry(1) + entry(2))
    desk = desk_of(store, web=web, db=FakeHost(older=entry(3)))
    feed = desk.open(("web", "db"), QUERY)
    await wait_for(lambda: feed.book.end == 3, within_s=3)
    rev = feed.rev
    web.coming.put_nowait(entry(2) + entry(4))  # the line whose place it is comes first
    await wait_for(lambda: feed.book.end == 4)
    assert texts(feed) == ["m1", "m2", "m3", "m4"]
    assert feed.rev > rev
    assert feed.counts.totals() == {"web": (3, 0), "db": (1, 0)}
    assert [kind.pattern for kind in feed.kinds.ranked()] == ["m<n>"]
    await desk.end()
    assert web.streaming == 0
    assert (await LogKindTable(store).all()).keys == {("", "m<n>")}


async def test_only_what_was_never_seen_before_is_new(store: Store) -> None:
    first = desk_of(store, AT_S + 1, web=FakeHost(older=entry(1)))
    feed = first.open(("web",), QUERY)
    await wait_for(lambda: feed.book.end == 1)
    assert [kind.new for kind in feed.kinds.ranked()] == [False]
    await first.end()
    other = b'{"MESSAGE": "never", "__CURSOR": "s=ab;i=9", "__REALTIME_TIMESTAMP": "1003000000"}\n'
    second = desk_of(store, web=FakeHost(older=entry(2) + other))
    feed = second.open(("web",), QUERY)
    await wait_for(lambda: feed.book.end == 2)
    assert [(kind.pattern, kind.new) for kind in feed.kinds.ranked()] == [
        ("never", True),
        ("m<n>", False),
    ]
    await second.end()


async def test_a_host_that_is_not_reached_is_missing_and_costs_the_others_nothing(
    store: Store,
) -> None:
    gone = FakeHost(problem=Problem(ProblemKind.AUTH, "no key was taken"))
    desk = desk_of(store, web=FakeHost(older=entry(1)), gone=gone)
    feed = desk.open(("web", "gone"), QUERY)
    await wait_for(lambda: feed.book.end == 1 and "gone" in feed.missing())
    assert feed.missing() == {"gone": "no key was taken"}
    assert feed.notices() == []
    await desk.end()


async def test_what_is_opened_next_ends_what_was_open_and_paused_hosts_wait(store: Store) -> None:
    web = FakeHost(older=entry(1))
    desk = desk_of(store, web=web)
    first = desk.open(("web",), QUERY)
    await wait_for(lambda: first.book.end == 1)
    first.pause(paused=True)
    web.coming.put_nowait(entry(1) + entry(2))
    second = desk.open(("web",), QUERY)
    await wait_for(lambda: web.streaming == 1 and second.rev > 0)
    assert (first.paused, second.paused) == (True, False)
    await desk.end()
    assert web.streaming == 0


async def test_what_nobody_looks_at_rests_and_goes_on_at_its_place(store: Store) -> None:
    web = FakeHost(older=entry(1))
    desk = desk_of(store, web=web)
    feed = desk.open(("web",), QUERY)
    await wait_for(lambda: web.streaming == 1 and feed.book.end == 1)
    feed.rest(resting=True)
    assert vars(feed)["rested_since_s"] == AT_S + 9
    await wait_for(lambda: web.streaming == 0)
    web.older = entry(1) + entry(2)
    feed.rest(resting=False)
    feed.rest(resting=False)
    await wait_for(lambda: feed.book.end == 2)
    assert (feed.rested_since_s, texts(feed)) == (None, ["m1", "m2"])
    await desk.end()
    assert web.streaming == 0


async def test_that_a_connection_broke_is_not_said_any_more_when_the_host_is_heard_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reader, "rest_s", lambda failures: 0.01)
    web = FakeHost(older=entry(1))
    desk = desk_of(store, web=web)
    feed = desk.open(("web",), QUERY)
    await wait_for(lambda: feed.book.end == 1)
    web.problem = Problem(ProblemKind.REFUSED, "connection refused")
    web.coming.put_nowait(HostError(web.problem))
    await wait_for(lambda: "web" in feed.missing())
    web.problem = None
    await wait_for(lambda: not feed.missing())
    assert feed.notices() == []
    await desk.end()


async def test_a_fault_of_its_own_does_not_look_like_silence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(self: Feed, batch: object) -> None:
        raise ValueError

    monkeypatch.setattr(Feed, "_take", fault)
    desk = desk_of(store, web=FakeHost(older=entry(1)))
    feed = desk.open(("web",), QUERY)
    await wait_for(lambda: bool(feed.notices()))
    assert "a fault of its own" in feed.notices()[0].text
    await desk.end()
