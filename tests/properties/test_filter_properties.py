"""Whatever is typed, a filter is understood or refused with its place; never anything else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsdash.activities.monitor.fleet_filter import understand_filter
from opsdash.core.filter import Filter
from opsdash.core.filter_words import FilterError
from opsdash.core.fuzzy import fit
from tests.fleet_states import EVIL, NOW, hostile_fleet, mixed_fleet

FLEET = [*mixed_fleet(), *hostile_fleet()]
TYPED = st.text(
    alphabet=st.sampled_from('web1 !/"|~=<>:*?()[]{}+.\\^$cpudiskwhytagosstate%0m\n\x1bä'),
    max_size=30,
) | st.text(max_size=20)


def understood(text: str) -> Filter | FilterError:
    """A filter, or why it is none."""
    try:
        return understand_filter(text)
    except FilterError as error:
        return error


@given(TYPED)
def test_anything_that_is_typed_ends_in_a_filter_or_a_place(text: str) -> None:
    found = understood(text)
    if isinstance(found, FilterError):
        assert 0 <= found.start < found.end <= len(text)
        assert str(found)
        return
    for state in FLEET:
        assert found.matches(state, NOW) in (True, False)


@given(st.sampled_from(["web", "cpu>80", "tag:prod", "state:ok", "is:new", "/e/", "why~full"]))
def test_a_word_and_its_opposite_share_no_host(word: str) -> None:
    plain, turned = understand_filter(word), understand_filter(f"!{word}")
    for state in FLEET:
        assert plain.matches(state, NOW) != turned.matches(state, NOW)


@given(TYPED, TYPED)
def test_letters_that_fit_are_letters_of_the_name(typed: str, name: str) -> None:
    found = fit(typed, name)
    if found is not None:
        letters = [name.lower()[place] for place in found.places]
        assert set(letters) == set("".join(typed.lower().split()))


def test_a_hostile_name_is_only_text() -> None:
    assert understand_filter("evil").matches(hostile_fleet()[0], NOW)
    assert EVIL
