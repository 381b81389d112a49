"""Lines of many hosts come in the order of their times, none is lost, and nobody waits for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.log_record import LogEntry, LogGap, LogQuery, LogRecord
from opsdash.engine.log_merger import HOLD_S, MOST_WAITING, SILENT_S, Lane, Merger
from opsdash.engine.log_wanted import Wanted
from tests.fleet_states import Clock

BEGAN = 1000.0


def line(text: str, at_s: float | None = None, host: str = "h") -> LogRecord:
    """A record that says little."""
    return LogRecord(at_s, host, text, "journal")


def texts(entries: list[LogEntry]) -> list[str]:
    """What they say."""
    return [one.text if isinstance(one, LogRecord) else f"<{one.dropped}>" for one in entries]


def live(merger: Merger, host: str, ahead_s: float = 0.0) -> Lane:
    """A lane that is followed."""
    lane = merger.lane(host, "journal", ahead_s)
    lane.older, lane.drops = False, True
    return lane


def test_what_is_older_is_waited_for_and_comes_in_order_at_once() -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    fast, slow = merger.lane("a", "journal", 0.0), merger.lane("b", "journal", 0.0)
    fast.put([line("a1", 10), line("a2", 30)], BEGAN)
    fast.over = True
    assert merger.take() == []
    slow.put([line("b1", 20)], BEGAN)
    assert texts(merger.take()) == ["a1", "b1"]
    slow.over = True
    assert texts(merger.take()) == ["a2"]


def test_a_host_that_is_silent_is_not_waited_for_longer_than_a_while() -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    merger.lane("dead", "journal", 0.0)
    merger.lane("a", "journal", 0.0).put([line("a1", 10)], BEGAN)
    assert merger.take() == []
    clock.at += SILENT_S + 1
    assert texts(merger.take()) == ["a1"]


def test_a_live_line_is_held_back_for_those_that_are_on_their_way() -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    near, far = live(merger, "near"), live(merger, "far")
    near.put([line("second", BEGAN)], BEGAN)
    clock.at = BEGAN + HOLD_S - 0.1
    far.put([line("first", BEGAN - 0.5)], clock.at)
    assert texts(merger.take()) == ["first"]
    clock.at = BEGAN + HOLD_S
    assert texts(merger.take()) == ["second"]


def test_a_clock_that_is_off_is_made_up_for() -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    live(merger, "ahead", 100.0).put([line("first", BEGAN + 90)], BEGAN)
    live(merger, "right").put([line("second", BEGAN - 5)], BEGAN)
    assert texts(merger.take()) == ["first", "second"]


def test_a_line_from_the_future_holds_nobody_up() -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    odd, right = live(merger, "odd"), live(merger, "right")
    odd.put([line("future", BEGAN + 9999), line("after it", BEGAN)], BEGAN)
    right.put([line("right", BEGAN)], BEGAN)
    clock.at = BEGAN + HOLD_S
    assert sorted(texts(merger.take())) == ["after it", "future", "right"]


def test_lines_without_a_time_stay_behind_the_one_before_them() -> None:
    merger = Merger(Clock(BEGAN))
    one = merger.lane("a", "journal", 0.0)
    one.put([line("head of all"), line("error", 10), line(" at x"), line(" at y")], BEGAN)
    other = merger.lane("b", "journal", 0.0)
    other.put([line("b", 10.5), line("b0", 5)], BEGAN)
    one.over = other.over = True
    assert texts(merger.take()) == ["head of all", "error", " at x", " at y", "b", "b0"]


def test_live_lines_of_a_log_without_times_are_from_when_they_came() -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    bare, other = live(merger, "bare"), live(merger, "other")
    bare.put([line("first")], BEGAN)
    other.put([line("before", BEGAN - 0.5), line("between", BEGAN + 1)], BEGAN + 1)
    bare.put([line("last")], BEGAN + 2)
    clock.at = BEGAN + 2 + HOLD_S
    assert texts(merger.take()) == ["before", "first", "between", "last"]
    bare.put([line("error", BEGAN + 3), line(" at x")], BEGAN + 3)
    other.put([line("later", BEGAN + 3.5)], BEGAN + 4)
    bare.put([line(" at y")], BEGAN + 4)
    clock.at = BEGAN + 9
    assert texts(merger.take()) == ["error", " at x", " at y", "later"]


def test_time_that_goes_back_on_a_host_keeps_the_order_of_that_host() -> None:
    merger = Merger(Clock(BEGAN))
    lane = merger.lane("a", "journal", 0.0)
    lane.put([line("one", 50), line("two", 20), line("three", 60)], BEGAN)
    lane.over = True
    assert texts(merger.take()) == ["one", "two", "three"]


def test_a_flood_costs_its_own_oldest_lines_and_tells_how_many() -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    flood, quiet = live(merger, "flood"), live(merger, "quiet")
    flood.put([line(f"f{n}", BEGAN) for n in range(MOST_WAITING + 7)], BEGAN)
    quiet.put([line("heard", BEGAN)], BEGAN)
    assert (flood.waiting, flood.dropped, quiet.dropped) == (MOST_WAITING, 7, 0)
    clock.at += HOLD_S
    found = merger.take(10 * MOST_WAITING)
    assert texts(found)[:2] == ["<7>", "f7"]
    assert isinstance(found[0], LogGap)
    assert (found[0].from_s, found[0].until_s) == (BEGAN, BEGAN)
    assert "heard" in texts(found)


def test_a_query_leaves_out_what_its_source_could_not() -> None:
    def passed(query: LogQuery, *records: LogRecord) -> list[str]:
        return texts(Wanted(query, 100.0).of(list(records)))

    bad = LogRecord(1100.0, "h", "disk full", "/var/log/syslog", 3, "app")
    fine = LogRecord(1200.0, "h", "ready", "/var/log/syslog", 6, "nginx")
    unknown = LogRecord(None, "h", "?", "/var/log/syslog", None, "nginx")
    gap = LogGap("h", "/var/log/syslog", "gone")
    assert passed(LogQuery(priority=4), bad, fine, unknown) == ["disk full"]
    assert passed(LogQuery(since_s=1050.0), bad, fine, unknown) == ["ready", "?"]
    assert passed(LogQuery(until_s=1050.0), bad, fine) == ["disk full"]
    assert passed(LogQuery(grep=r"disk\s+f"), bad, fine) == ["disk full"]
    assert passed(LogQuery(units=("nginx.service",)), bad, fine, unknown) == ["ready", "?"]
    assert Wanted(LogQuery(priority=0), 0.0).of([gap]) == [gap]


LANES = st.lists(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 3)), max_size=30), max_size=5
)


@given(LANES, st.lists(st.integers(0, 4), max_size=60))
def test_whatever_comes_in_whatever_turns_each_line_is_given_out_once_and_in_order(
    lanes: list[list[tuple[int, int]]], turns: list[int]
) -> None:
    clock = Clock(BEGAN)
    merger = Merger(clock)
    made = [merger.lane(f"h{n}", "journal", float(n)) for n in range(len(lanes))]
    waiting = []
    for n, steps in enumerate(lanes):
        at = 0
        lines: list[LogRecord] = []
        for step, _ in steps:
            at += step  # each host's own time only goes on
            lines.append(line(f"h{n} {len(lines)}", float(at + n), f"h{n}"))
        waiting.append(lines)
    found: list[LogEntry] = []
    for turn in [*turns, *(n for n in range(len(lanes)) for _ in range(30))]:
        if turn < len(lanes) and waiting[turn]:
            made[turn].put([waiting[turn].pop(0)], BEGAN)
        found += merger.take()
    for lane in made:
        lane.over = True
    found += merger.take()
    assert len(set(texts(found))) == len(found) == sum(map(len, lanes))
    keys = [(one.at_s or 0) - float(one.host[1:]) for one in found]
    assert keys == sorted(keys)
