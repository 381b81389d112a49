"""The parts of the fleet page without a screen: map, side strip, marks, entries, freezer."""

from __future__ import annotations

from dataclasses import replace

from opsdash.activities.monitor.fleet_side import SideStrip
from opsdash.core.health import Health
from opsdash.core.snapshot import Change, HostState, Snapshot
from opsdash.widgets.detail_strip import details
from opsdash.widgets.entries import Entry, matches, recalled
from opsdash.widgets.fleet_map import map_lines
from opsdash.widgets.freezer import Freezer
from opsdash.widgets.line import Line, width_of
from opsdash.widgets.marks import Marks
from opsdash.widgets.palette import Palette
from tests.fleet_states import NOW, Clock, Memory, disk_full, many, up, wrong
from tests.looks import THEMES

PALETTE = Palette(THEMES["night"])


def texts(lines: list[Line]) -> list[str]:
    return ["".join(part.text for part in parts) for parts in lines]


def kinds(states: list[HostState]) -> list[tuple[str, list[HostState]]]:
    return [("node", states)]


def test_the_map_has_a_cell_for_each_host_and_knows_whose_it_is() -> None:
    states = [up("a"), up("b", disk_full("b")), up("c")]
    lines, spots = map_lines([("db", states[:2]), ("web", states[2:])], PALETTE, 40, 1)
    assert texts(lines) == ["db ●✖  web ●"]
    assert spots == {(0, 3): "a", (0, 4): "b", (0, 11): "c"}


def test_a_map_without_room_counts_those_that_are_well_then_all() -> None:
    states = many(200)
    assert texts(map_lines(kinds(states), PALETTE, 80, 1)[0]) == ["node ▲▲▲▲▲▲▲▲▲▲●190"]
    assert texts(map_lines(kinds(states), PALETTE, 14, 1)[0]) == ["node ▲10●190"]
    wide, spots = map_lines(kinds(states), PALETTE, 80, 4)
    assert len(wide) == 3
    assert len(spots) == 200


def test_a_short_map_names_the_sick_kinds_the_worst_first_and_counts_the_rest() -> None:
    some_kinds = [(f"kind{n}", [up(f"k{n}a"), up(f"k{n}b")]) for n in range(20)]
    some_kinds[7] = ("web", [up("w1"), up("w2", wrong("w2", Health.WARN, "load 9"))])
    some_kinds[9] = ("db", [up("d1", disk_full("d1"))])
    assert texts(map_lines(some_kinds, PALETTE, 60, 1)[0]) == [
        "db ✖1  web ▲1●1  18 other kinds ●36"
    ]


def test_a_map_that_can_not_show_all_says_so() -> None:
    many_kinds = [(f"kind{n}", [up(f"k{n}", disk_full(f"k{n}"))]) for n in range(20)]
    lines, spots = map_lines(many_kinds, PALETTE, 40, 1)
    assert texts(lines)[0].endswith(" …")
    assert width_of(lines[0]) <= 40
    assert spots == {}


def test_the_side_strip_never_has_more_lines_than_rows() -> None:
    changes = tuple(Change(NOW - n, f"h{n}", Health.OK, Health.WARN, "load 9") for n in range(100))
    states = {state.name: state for state in many(30)}
    snapshot = Snapshot(1, NOW, states, changes=changes)
    for rows in (14, 20, 40):
        lines = SideStrip().lines(snapshot, PALETTE, NOW, rows)
        assert len(lines) <= rows
        assert any("more" in text for text in texts(lines))


def test_marks_toggle_as_a_group() -> None:
    marks = Marks()
    marks.toggle(["a", "b"])
    marks.toggle(["b", "c"])
    assert marks.keys == ("a", "b", "c")
    marks.toggle(["a", "b", "c"])
    assert len(marks) == 0


def test_a_range_that_is_dropped_was_never_marked() -> None:
    marks = Marks()
    marks.begin_range("a")
    marks.stretch(["a", "b"])
    assert "b" in marks
    marks.drop_range()
    assert "b" not in marks


def test_an_argument_goes_to_the_entry_that_takes_one() -> None:
    def run(_: str) -> None:
        return None

    entries = [Entry("save night", run), Entry("save", run, takes="NAME")]
    best = matches(entries, "save night shift")[0]
    assert (best.entry.title, best.argument) == ("save", "night shift")
    assert [match.entry.title for match in matches(entries, "save")] == ["save", "save night"]


def test_a_frozen_fleet_shows_its_moment_and_counts_hosts_whose_reason_is_another() -> None:
    source, clock = Memory([up("a"), up("b"), up("c")]), Clock()
    freezer = Freezer(source, clock)
    freezer.toggle()
    source.put(up("b", wrong("b", Health.WARN, "load 9")), replace(up("c"), at=NOW))
    clock.at += 10
    assert freezer.snapshot().hosts["b"].findings == ()
    assert (freezer.now(), freezer.held_s(), freezer.missed()) == (NOW, 10.0, 1)
    assert freezer.rev < source.rev
    freezer.toggle()
    assert freezer.snapshot().hosts["b"].findings
    assert (freezer.now(), freezer.held_s(), freezer.missed()) == (NOW + 10, 0.0, 0)


def test_a_frozen_spark_does_not_follow_the_pulse() -> None:
    state = up("a")
    source = Memory([state])
    freezer = Freezer(source, Clock())
    freezer.toggle()
    held = freezer.snapshot().hosts["a"].series["cpu.busy_ratio"]
    before = held.tail(60)
    state.series["cpu.busy_ratio"].append(0.99)
    assert held.tail(60) == before
    assert source.snapshot().hosts["a"].series["cpu.busy_ratio"].tail(1) != before[-1:]


def test_long_advice_takes_the_lines_that_are_free_and_a_cut_is_marked() -> None:
    short = wrong("a", Health.WARN, "load 9", advice="look at " + "w " * 45 + "end")
    lines = texts(details(up("a", short), NOW, PALETTE, 80))
    assert lines[-1].rstrip().endswith("end")
    long = replace(short, evidence="p " * 120, advice="n " * 120)
    lines = texts(details(up("a", long, wrong("a", Health.WARN, "swap")), NOW, PALETTE, 80))
    assert len(lines) == 4
    assert sum(text.endswith(" …") for text in lines) == 2
    assert max(map(len, lines)) <= 80


def test_a_reason_with_no_room_is_cut_with_an_ellipsis_and_keeps_its_flag() -> None:
    def first(words: str) -> str:
        state = up("a", wrong("a", Health.WARN, words, new=True))
        return texts(details(state, NOW, PALETTE, 80))[0]

    assert first("w" * 40).endswith("w  for 6m, since 07:54:00  NEW")
    assert first("w" * 60).endswith("w  for 6m  NEW")
    assert first("w" * 72).endswith("w…  for 6m  NEW")
    assert len(first("w" * 72)) == 80


def test_a_title_of_several_words_takes_what_is_typed_behind_it() -> None:
    told: list[str] = []
    entries = [Entry("runbook", told.append), Entry("runbook disk", told.append, takes="[A=B]")]
    found = matches(entries, "Runbook disk mount=/var x=1")
    assert [(one.entry.title, one.argument) for one in found] == [
        ("runbook disk", "mount=/var x=1")
    ]
    (again, *_) = recalled(entries, ["runbook disk mount=/srv"])
    again.run("")
    assert (again.title, told) == ("runbook disk mount=/srv", ["mount=/srv"])
