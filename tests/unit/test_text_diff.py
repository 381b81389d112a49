"""What is shown of a file before it is written: what differs, no secret, nothing hostile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.text_diff import MOST_BYTES, MOST_SHOWN, diff_words


def told(before: str, after: str) -> list[str]:
    return diff_words(before.encode(), after.encode(), "/etc/x").splitlines()


def test_the_lines_that_differ_are_shown() -> None:
    assert told("a\nb\nc\n", "a\nB\nc\n") == [
        "--- /etc/x before", "+++ /etc/x then", "@@ -1,3 +1,3 @@", " a", "-b", "+B", " c",
    ]  # fmt: skip


def test_no_secret_is_shown_but_that_it_differs_is() -> None:
    lines = told("password=old1\nx\n", "password=new2\ny\n")
    assert "old1" not in "".join(lines)
    assert "new2" not in "".join(lines)
    assert lines[-1] == "… and what looks like a secret differs"
    key = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"
    assert "AAAA" not in "".join(told(key.format("AAAA\n" * 9 + "B"), key.format("AAAA\n" * 9)))


def test_what_is_no_text_or_too_long_is_told_by_its_size() -> None:
    for odd in (b"a\0b", b"\xff\xfe", b"x" * (MOST_BYTES + 1), b"\n" * 5000):
        assert diff_words(odd, b"a\n", "/x").startswith("not compared line by line: ")
        assert diff_words(b"a\n", odd, "/x").startswith("not compared line by line: ")


def test_a_long_difference_is_cut_and_counted() -> None:
    lines = told("", "".join(f"{number}\n" for number in range(1000)))
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1].endswith("1000 lines removed or added in all")


def test_an_end_without_a_newline_is_told() -> None:
    assert told("a", "a\n") == ["only the end of the last line differs"]


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_stands_in_a_file_nothing_of_it_reaches_the_terminal(
    before: str, after: str
) -> None:
    before, after = (one.encode("utf-8", "replace").decode() for one in (before, after))
    text = "".join(told(f"\x1b[2J{before}\n", f"{after}\x9b\u202e\n"))
    assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(text)
