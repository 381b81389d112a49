"""The book of log lines and its sieve: the same lines as looking at each, in the same order."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core import log_book
from opsdash.core.log_book import LogBook
from opsdash.core.log_filter import parse_log_filter
from opsdash.core.log_record import LogEntry, LogGap
from opsdash.core.log_sieve import Sieve
from tests.unit.test_log_filter import NOW, Line

WORDS = ("alpha", "Beta", "gamma", "delta x")


def lines(words: list[int]) -> list[Line]:
    return [Line(text=f"{WORDS[word]} {number}") for number, word in enumerate(words)]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_book, "BLOCK", 4)


def sieve_of(book: LogBook[Line], text: str) -> Sieve[Line]:
    wanted = parse_log_filter(
        text, lambda body: lambda text: re.search(body, text) is not None, NOW
    )
    return Sieve(book, wanted, clock=lambda: 0.0)


def test_the_oldest_lines_are_dropped_and_the_others_keep_their_numbers() -> None:
    book: LogBook[Line] = LogBook(most=10)
    book.add(lines([0] * 25))
    assert (book.end, book.dropped, len(book)) == (25, 16, 9)
    assert book[16].text == "alpha 16"
    for gone in (15, 25, -1):
        with pytest.raises(IndexError):
            book[gone]


def test_a_time_is_found_among_lines_that_have_one_and_some_that_have_none() -> None:
    book: LogBook[Line] = LogBook()
    times = (None, NOW, None, NOW + 10, NOW + 20, NOW + 20, None, None)
    book.add([Line(at_s=at_s, text=str(place)) for place, at_s in enumerate(times)])
    sieve = sieve_of(book, "")
    while not sieve.complete:
        sieve.work(1.0)
    wanted = {NOW - 5: 0, NOW: 0, NOW + 1: 2, NOW + 10: 2, NOW + 11: 4, NOW + 20: 4, NOW + 21: 6}
    assert {at_s: sieve.place_at(at_s) for at_s in wanted} == wanted


def test_what_a_host_says_again_is_counted_and_not_kept_twice() -> None:
    book: LogBook[Line] = LogBook(most=10)
    said = Line(at_s=NOW, text="again")
    other = replace(said, host="db1")
    later = [replace(said, at_s=NOW + seconds) for seconds in (1, 30, 80)]
    book.add([said, other, *later, replace(said, at_s=NOW + 200), other, said])
    assert [(line.host, line.at_s) for line in (book[0], book[1], book[2], book[3])] == [
        ("web7", NOW),
        ("db1", NOW),
        ("web7", NOW + 200),
        ("web7", NOW),
    ]
    repeat = book.repeat(0)
    assert repeat is not None
    assert (repeat.count, repeat.last_s) == (4, NOW + 80)
    again = book.repeat(1)
    assert again is not None
    assert again.count == 2
    assert book.repeat(2) is None
    book.add(lines([0] * 25))
    assert book.repeat(0) is None
    assert len(book._repeats) == 0


def test_what_comes_again_for_long_is_told_anew_now_and_then() -> None:
    book: LogBook[Line] = LogBook()
    said = Line(text="on and on")
    book.add([replace(said, at_s=NOW + 30 * number) for number in range(45)])
    assert [book[number].at_s for number in range(len(book))] == [NOW, NOW + 600, NOW + 1200]


def test_what_comes_is_found_first_and_older_lines_a_little_at_a_time() -> None:
    book: LogBook[Line] = LogBook()
    book.add(lines([0, 1, 0, 1, 0, 1, 0, 1, 1]))
    ticks = iter(range(1000))
    sieve = Sieve(book, sieve_of(book, "beta").filter, clock=lambda: float(next(ticks)))
    sieve.work(1.5)
    assert (len(sieve), sieve.complete, sieve.looked_at) == (1, False, 1)
    assert [sieve[place].text for place in range(len(sieve))] == ["Beta 8"]
    sieve.work(1.5)
    assert (len(sieve), sieve.looked_at) == (3, 5)
    book.add([Line(text="beta new")])
    while not sieve.complete:
        sieve.work(1.5)
    found = [sieve[place].text for place in range(len(sieve))]
    assert found == ["Beta 1", "Beta 3", "Beta 5", "Beta 7", "Beta 8", "beta new"]
    assert [sieve.place(number) for number in (0, 1, 2, 8, 9, 10)] == [0, 0, 1, 4, 5, 6]


@settings(max_examples=200, deadline=None)
@given(
    most=st.integers(8, 40),
    text=st.sampled_from(["", "beta", "beta|gamma", "!beta", "/^a/", "delta", "nothing", "x !9"]),
    steps=st.lists(
        st.one_of(st.lists(st.integers(0, 3), max_size=11), st.just("work")), max_size=14
    ),
)
def test_the_sieve_finds_what_looking_at_each_line_finds(
    most: int, text: str, steps: list[list[int] | str]
) -> None:
    book: LogBook[Line] = LogBook(most)
    sieve = sieve_of(book, text)
    sieve._clock = iter(range(1_000_000)).__next__
    book.add(lines([0, 1, 2, 3] * 3))
    for step in steps:
        if isinstance(step, list):
            book.add(lines(step))
        else:
            sieve.work(1.5)
    while not sieve.complete:
        sieve.work(3.5)
    there = range(book.dropped, book.end)
    expected = [number for number in there if sieve.filter.matches(book[number])]
    assert [sieve.number(place) for place in range(len(sieve))] == expected
    for place, number in enumerate(expected):
        assert sieve.place(number) == place
    with pytest.raises(IndexError):
        sieve.number(len(expected))


Said = list[tuple[int, str]]


def near(said: Said, around: int, there: range) -> set[int]:
    """The numbers of all lines that pass or stand around one of `there` that does, of all hosts."""
    found: set[int] = set()
    for host in "abc":
        numbers = [number for number, (_, who) in enumerate(said) if who == host]
        for place, number in enumerate(numbers):
            beside = numbers[max(0, place - around) : place + around + 1]
            if any(said[one][0] == 1 and one in there for one in beside):
                found.add(number)
    return found


@settings(max_examples=200, deadline=None)
@given(
    most=st.integers(8, 40),
    around=st.integers(1, 3),
    steps=st.lists(
        st.one_of(
            st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), max_size=11),
            st.just("work"),
        ),
        max_size=14,
    ),
)
def test_lines_around_are_those_of_the_same_host_whenever_they_come(
    most: int, around: int, steps: list[Said | str]
) -> None:
    book: LogBook[Line] = LogBook(most)
    ticks = iter(range(1_000_000)).__next__
    sieve = Sieve(book, sieve_of(book, "beta").filter, ticks, around)
    said: Said = []
    for step in [*steps, "work"]:
        if isinstance(step, list):
            numbered = enumerate(step, book.end)
            book.add([Line(text=f"{WORDS[word]} {at}", host=host) for at, (word, host) in numbered])
            said += step
        sieve.work(1.5)
    while not sieve.complete:
        sieve.work(1.5)
    there = range(book.dropped, book.end)
    shown = [sieve.number(place) for place in range(len(sieve))]
    assert shown == sorted(set(shown))
    assert near(said, around, there) & set(there) <= set(shown)
    assert set(shown) <= near(said, around, range(len(said)))
    hits = [number for number in there if said[number][0] == 1]
    assert [shown[place] for place in range(len(shown)) if sieve.passes(place)] == hits
    assert sieve.hits == len(hits)


def test_a_line_behind_one_that_fits_is_shown_though_another_that_fits_comes_with_it() -> None:
    book: LogBook[Line] = LogBook()
    said = lines([0, 1, 0, 0, 1])
    book.add(said[:2])
    sieve = Sieve(book, sieve_of(book, "beta").filter, around=1)
    sieve.work(9.0)
    book.add(said[2:])
    sieve.work(9.0)
    assert [sieve.number(place) for place in range(len(sieve))] == [0, 1, 2, 3, 4]


def test_lines_that_have_nothing_to_do_with_each_other_are_parted() -> None:
    book: LogBook[Line] = LogBook()
    said = [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 0), ("a", 0), ("a", 0), ("a", 1)]
    book.add([Line(text=f"{WORDS[word]} {at}", host=host) for at, (host, word) in enumerate(said)])
    sieve = Sieve(book, sieve_of(book, "beta").filter, around=1)
    sieve.work(9.0)
    shown = [sieve.number(place) for place in range(len(sieve))]
    assert shown == [0, 1, 2, 3, 4, 6, 7]
    assert [shown[place] for place in range(len(shown)) if sieve.is_parted(place)] == [6]


def test_what_is_dropped_before_it_is_looked_at_again_is_parted_from_nothing() -> None:
    book: LogBook[Line] = LogBook(most=8)
    book.add(lines([0, 1, 0, 0, 0, 1, 0, 0]))
    sieve = Sieve(book, sieve_of(book, "beta").filter, around=1)
    sieve.work(9.0)
    assert len(sieve) == 6
    book.add(lines([0] * 8))
    assert book.dropped == 8
    assert not any(sieve.is_parted(place) for place in range(len(sieve)))


def test_what_is_said_again_but_worse_or_by_another_unit_is_told_apart() -> None:
    said = Line(at_s=NOW, text="again", priority=6)
    worse, other = replace(said, priority=3), replace(said, priority=3, unit="b.service")
    book: LogBook[Line] = LogBook(most=10)
    book.add([said, worse, other])
    assert [line.priority for line in (book[0], book[1], book[2])] == [6, 3, 3]


def test_each_gap_stays_with_the_number_of_its_own() -> None:
    book: LogBook[LogEntry] = LogBook(most=10)
    book.add([LogGap("web7", "journal", "too fast", NOW, NOW + 1, dropped=n) for n in (5, 7)])
    assert len(book) == 2
