"""Plain tables: aligned, and nothing in a cell can steer the terminal."""

from __future__ import annotations

from opsdash.core.table import table


def test_columns_line_up_and_empty_cells_show_a_dash() -> None:
    assert table(("NAME", "USER"), [("a", "longer"), ("b", "")]) == [
        "NAME  USER",
        "a     longer",
        "b     -",
    ]


def test_cells_lose_what_a_terminal_would_obey() -> None:
    assert table(("NAME", "B"), [("a\x1b[31m\nb", "\x1b]52;c;eA==\x07x")]) == [
        "NAME  B",
        "a b   x",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert table(("NAME", "B"), []) == ["NAME  B"]
