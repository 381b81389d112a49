"""Remote text loses what a terminal would obey; numbers stay short enough for their column."""

from __future__ import annotations

import pytest

from opsdash.core.text import clean, clean_line, count, duration, middle, percent, shorten, size


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("a\x1b]52;c;cm0gLXJm\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("a\x1b]8;;http://evil\x07link\x1b]8;;\x07b", "alinkb"),
        ("a\x1bPq#payload\x1b\\b", "ab"),
        ("a\x1b]0;never ended", "a"),
        ("a\x1b(Bb\x1bc", "ab"),
        ("\x1b\x1b[m[2Jx", "[2Jx"),
        ("a\x9b2Jb", "a2Jb"),
        ("a\rb\x08c\x00d\x7f", "abcd"),
        ("user\u202egpj.exe", "usergpj.exe"),
        ("\u2066a\u2069\u200e\u061c", "a"),
        ("a\u2028b\ufeff\udc80", "ab"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("[red]no markup[/]", "[red]no markup[/]"),
        ("Grüße 東京", "Grüße 東京"),
    ],
)
def test_clean_drops_what_a_terminal_obeys(hostile: str, safe: str) -> None:
    assert clean(hostile) == safe


def test_clean_marks_where_it_cut() -> None:
    assert clean("x" * 10, 10) == "x" * 10
    assert clean("x" * 11, 10) == "x" * 9 + "…"
    assert clean("\x1b[1m" + "x" * 11, 10) == "x" * 9 + "…"


def test_clean_line_is_one_line_with_single_spaces() -> None:
    assert clean_line("a\n\n b\tc\r\n") == "a b c"
    assert clean_line("\x1b[1mbold\x1b[0m\nnext", 7) == "bold ne"


@pytest.mark.parametrize(
    ("count_bytes", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1.0K"),
        (1023, "1.0K"),
        (9.94 * 1024, "9.9K"),
        (9.96 * 1024, "10K"),
        (512 * 1024**2, "512M"),
        (9.8 * 1024**3, "9.8G"),
        (2**63, "8.0E"),
        (-2048, "-2.0K"),
    ],
)
def test_bytes_read_as_an_operator_says_them(count_bytes: float, text: str) -> None:
    assert size(count_bytes) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0, "0%"), (0.5, "50%"), (0.989, "99%"), (0.996, "99%"), (0.99999, "99%"), (1.0, "100%")],
)
def test_a_disk_is_not_full_before_it_is(ratio: float, text: str) -> None:
    assert percent(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (99, "99s"),
        (99.5, "2m"),
        (360, "6m"),
        (5969, "99m"),
        (5970, "2h"),
        (99 * 3600, "99h"),
        (99.6 * 3600, "4d"),
        (999 * 86400, "999d"),
        (1000 * 86400, "3y"),
    ],
)
def test_a_time_span_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_shortened_text_shows_the_cut() -> None:
    assert shorten("nginx.service", 13) == "nginx.service"
    assert shorten("nginx.service", 6) == "nginx…"
    assert shorten("nginx.service", 1) == "…"
    assert shorten("nginx.service", 0) == ""


def test_the_middle_of_a_path_goes_first() -> None:
    assert middle("/srv/data/one", 13) == "/srv/data/one"
    assert middle("/srv/data/one", 8) == "/sr…/one"
    assert middle("/srv/data/one", 2) == "…e"
    assert middle("/srv/data/one", 1) == "/"
    assert middle("/srv/data/one", 0) == ""


def test_one_is_singular() -> None:
    assert [count(number, "host") for number in (0, 1, 2)] == ["0 hosts", "1 host", "2 hosts"]
