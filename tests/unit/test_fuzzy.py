"""Letters that fit a name, best first."""

from __future__ import annotations

from opsdash.core.fuzzy import fit


def ranked(typed: str, *names: str) -> list[str]:
    """The names that fit, the best first."""
    found = [(fit(typed, name), name) for name in names]
    return [name for hit, name in sorted(found, key=lambda p: -(p[0].score if p[0] else 0)) if hit]


def test_the_whole_before_the_beginning_before_a_word_before_a_part() -> None:
    names = ("newdb1", "my-db1", "db12", "db1")
    assert ranked("db1", *names) == ["db1", "db12", "my-db1", "newdb1"]


def test_scattered_letters_fit_too_the_closest_first() -> None:
    assert ranked("sc", "sort by x c", "s-c") == ["s-c", "sort by x c"]


def test_words_may_come_in_any_order() -> None:
    assert fit("cpu sort", "sort by cpu") is not None
    assert fit("cpu moon", "sort by cpu") is None


def test_the_letters_that_were_meant_are_told() -> None:
    hit = fit("DB", "old-db7")
    assert hit is not None
    assert hit.places == (4, 5)


def test_nothing_typed_fits_everything() -> None:
    assert fit("  ", "anything") == (0, ())
