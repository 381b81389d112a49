"""The worst health wins, and the exit code says which it was."""

from __future__ import annotations

import pytest

from opsdash.core.health import Health, exit_code, worst
from opsdash.core.theme import ASCII_GLYPHS, GLYPHS

OK, UNKNOWN, WARN, CRIT, DOWN = Health.OK, Health.UNKNOWN, Health.WARN, Health.CRIT, Health.DOWN


def test_the_order_is_ok_unknown_warn_crit_down() -> None:
    assert sorted(Health) == [OK, UNKNOWN, WARN, CRIT, DOWN]


def test_the_worst_of_several_wins_and_nothing_is_ok() -> None:
    assert worst([OK, CRIT, WARN]) is CRIT
    assert worst([OK, UNKNOWN]) is UNKNOWN
    assert worst(iter([DOWN, CRIT])) is DOWN
    assert worst([]) is OK


@pytest.mark.parametrize(
    ("healths", "code"),
    [
        ([], 0),
        ([OK, OK], 0),
        ([OK, UNKNOWN], 3),
        ([UNKNOWN, WARN], 1),
        ([WARN, CRIT], 2),
        ([OK, DOWN], 2),
        ([DOWN, CRIT, WARN, UNKNOWN, OK], 2),
    ],
)
def test_the_exit_code_names_the_worst(healths: list[Health], code: int) -> None:
    assert exit_code(healths) == code


@pytest.mark.parametrize("glyphs", [GLYPHS, ASCII_GLYPHS], ids=["unicode", "ascii"])
def test_every_health_has_a_glyph_of_its_own(glyphs: dict[Health, str]) -> None:
    assert set(glyphs) == set(Health)
    assert len(set(glyphs.values())) == len(Health)
    assert all(len(glyph) == 1 for glyph in glyphs.values())


def test_the_plain_glyphs_are_ascii() -> None:
    assert "".join(ASCII_GLYPHS.values()).isascii()
