"""Hosts that are unlike their peers: who is odd, who is not, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.outliers import FEWEST, LEAST_SPREAD, outliers, words
from opsdash.core.snapshot import HostState, Outlier
from opsdash.engine.comparer import Comparer
from opsdash.engine.state import State
from tests.fleet_states import NOW, down, plain, reading, up, with_readings


def webs(*cpus: float) -> list[HostState]:
    """Hosts of the tag web, and all of prod, with so much to do each."""
    return [busy(f"web{n}", cpu) for n, cpu in enumerate(cpus, start=1)]


def busy(name: str, cpu: float) -> HostState:
    """A host of which nothing but the CPU differs."""
    return with_readings(up(name), reading("cpu", plain({"cpu.busy_ratio": cpu})))


def odd_ones(states: list[HostState]) -> dict[str, tuple[str, ...]]:
    return {host: tuple(one.figure for one in odd) for host, odd in outliers(states, NOW).items()}


def test_one_that_is_far_from_its_peers_is_odd_and_says_how() -> None:
    fleet = webs(0.10, 0.12, 0.11, 0.13, 0.12, 0.79)
    (odd,) = outliers(fleet, NOW)["web6"]
    assert (odd.figure, odd.tag, odd.peers, odd.high) == ("cpu", "prod", 5, True)
    assert words(odd) == "CPU busy 79%: 12% is usual among its 5 peers of tag prod"
    assert list(outliers(fleet, NOW)) == ["web6"]


def test_below_is_odd_too() -> None:
    fleet = webs(0.80, 0.82, 0.81, 0.83, 0.82, 0.02)
    (odd,) = outliers(fleet, NOW)["web6"]
    assert not odd.high


def test_hosts_that_are_all_alike_have_no_odd_one_by_a_hair() -> None:
    assert odd_ones(webs(0.01, 0.01, 0.01, 0.01, 0.01, 0.05)) == {}


def test_where_values_differ_much_anyway_none_is_odd() -> None:
    assert odd_ones(webs(0.05, 0.2, 0.4, 0.6, 0.8, 0.99)) == {}


def test_too_few_peers_make_nothing_usual() -> None:
    assert odd_ones(webs(*[0.1] * (FEWEST - 2), 0.9)) == {}
    assert odd_ones(webs(*[0.1] * (FEWEST - 1), 0.9)) == {f"web{FEWEST}": ("cpu",)}


def test_old_and_unreachable_hosts_are_no_peers_and_not_odd() -> None:
    fleet = webs(0.1, 0.1, 0.1, 0.1, 0.9)
    old = replace(fleet[0], at=NOW - 120)
    assert odd_ones([old, *fleet[1:]]) == {}
    assert odd_ones([down("web1"), *fleet[1:]]) == {}


def test_what_is_usual_for_one_of_its_tags_is_not_odd() -> None:
    """Builders are busy, of all that is in production only they are."""
    quiet = webs(*[0.1] * 8)
    builders = [busy(f"build{n}", 0.9) for n in range(1, 6)]
    assert odd_ones([*quiet, *builders]) == {}
    assert odd_ones([*quiet, *builders[:2]]) == {"build1": ("cpu",), "build2": ("cpu",)}


def test_a_load_must_be_a_multiple_too() -> None:
    def loaded(name: str, load: float) -> HostState:
        return with_readings(up(name), reading("load", plain({"load.one": load})))

    peers = [loaded(f"web{n}", 8.0 + n / 100) for n in range(8)]
    assert odd_ones([*peers, loaded("web9", 12.0)]) == {}
    assert odd_ones([*peers, loaded("web9", 20.0)]) == {"web9": ("load",)}


@given(st.lists(st.floats(0, 1), min_size=FEWEST, max_size=30))
def test_most_are_never_odd(cpus: list[float]) -> None:
    found = odd_ones(webs(*cpus))
    assert sum("cpu" in odd for odd in found.values()) <= len(cpus) // 2


@given(st.floats(0, 1))
def test_hosts_that_are_the_same_are_never_odd(cpu: float) -> None:
    assert odd_ones(webs(*[cpu] * 9)) == {}


def test_every_figure_that_is_compared_has_words() -> None:
    for name in LEAST_SPREAD:
        assert "is usual among its 9 peers of tag t" in words(Outlier(name, 5.0, 1.0, "t", 9))


def test_a_spike_of_one_look_is_not_told_what_lasts_is_until_it_is_over() -> None:
    hosts = {f"web{n}": Host(f"web{n}", tags=frozenset({"web"})) for n in range(1, 7)}
    state = State(Fleet(hosts), {}, lambda: NOW)
    comparer = Comparer(state, lambda: NOW)

    def put(name: str, cpu: float) -> None:
        made = busy(name, cpu)
        state._put(state.host(name), link=made.link, at=made.at, readings=made.readings)

    for name in hosts:
        put(name, 0.1)
    comparer.look()
    put("web3", 0.95)
    comparer.look()
    assert not state.host("web3").odd
    rev = state.rev
    comparer.look()
    assert [one.figure for one in state.host("web3").odd] == ["cpu"]
    assert [one.name for one in state.changed_since(rev)] == ["web3"]
    comparer.look()
    assert state.rev == rev + 1, "what stays is no change"
    put("web3", 0.1)
    comparer.look()
    assert not state.host("web3").odd
