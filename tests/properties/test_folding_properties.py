"""What must hold of folded outputs whatever hosts say."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdash.core.folding import Bucket, Output, fold
from opsdash.core.job import HostRun, Result, RunState
from opsdash.core.output_lines import Kind, diff_lines
from opsdash.core.volatile import Volatile

OUTPUTS = st.sampled_from([b"", b"a\n", b"b\n", b"12:00:01 up\n", b"12:00:02 up\n", b"\xff\n"])


NAMES = ["a1", "a2", "a10", "b", "b01", "b1", "c-2", "C"]


@st.composite
def runs(draw: st.DrawFn) -> list[HostRun]:
    found = []
    for name in NAMES[: draw(st.integers(0, len(NAMES)))]:
        state = draw(st.sampled_from(list(RunState)))
        status = 0 if state is RunState.DONE else draw(st.sampled_from([None, 1, -9]))
        result = Result(status, draw(OUTPUTS), draw(OUTPUTS), draw(st.booleans()))
        found.append(HostRun(name, state, (result,), draw(st.sampled_from(["", "why"]))))
    return found


CHEAP = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])


@CHEAP
@given(runs(), st.booleans())
def test_every_host_is_in_exactly_one_group(given_runs: list[HostRun], masked: bool) -> None:
    groups = fold(given_runs, Volatile().mask if masked else None)
    hosts = [host for group in groups for host in group.hosts]
    assert sorted(hosts) == sorted(run.host for run in given_runs)
    assert sum(group.bucket is Bucket.SAME for group in groups) <= 1
    same = [group for group in groups if group.bucket is Bucket.SAME]
    differs = [group for group in groups if group.bucket is Bucket.DIFFERS]
    assert same or not differs
    assert all(len(one.hosts) <= len(same[0].hosts) for one in differs)
    states = {run.host: run.state for run in given_runs}
    for group in groups:
        assert group.bucket.answered == (states[group.first] is RunState.DONE)
        assert group.bucket.ended == states[group.first].ended


@CHEAP
@given(runs(), st.randoms(use_true_random=False))
def test_it_does_not_matter_who_answers_first(some: list[HostRun], chance: Random) -> None:
    others = list(some)
    chance.shuffle(others)
    assert fold(others) == fold(some)


TOKENS = st.sampled_from(
    [
        *("12:34:56", "10.0.0.1", "::1", "fe80::1", "[12]", "web1", "host", "<", ">", "<host>"),
        *("0xff", "deadbeef01", "Nov 27", "2026-11-27", " ", "-", "Z", "00:15:5d:00:00:01"),
        *("\n", "[7", ".", ":", "Nov", " 27 ", "2026", "UTC", "<time>", "<date>", "PM", ","),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(TOKENS).map("".join))


@CHEAP
@given(TEXTS, st.sampled_from([(), ("web1", "host", "ip", "10.0.0.9")]))
def test_masking_twice_changes_nothing(text: str, names: tuple[str, ...]) -> None:
    once = Volatile(names).mask(text)
    assert Volatile(names).mask(once) == once
    assert once.count("\n") == text.count("\n")


LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b"", b"-x", b"+y"]), max_size=12)


@CHEAP
@given(LINES, LINES)
def test_a_diff_holds_what_is_only_on_one_side(old: list[bytes], new: list[bytes]) -> None:
    before, after = (Output(b"".join(one + b"\n" for one in lines)) for lines in (old, new))
    found = diff_lines(before, after)
    gone = sum(one.kind is Kind.GONE for one in found)
    fresh = sum(one.kind is Kind.NEW for one in found)
    assert len(new) - len(old) == fresh - gone
    assert (gone + fresh == 0) == (old == new)


@CHEAP
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_output_breaks_a_diff(one: bytes, other: bytes) -> None:
    for line in diff_lines(Output(one), Output(b"", other)):
        assert line.text.isprintable() or "\x1b" not in line.text
