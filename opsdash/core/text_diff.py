"""What differs between two contents of a file, for a person who is to agree to the new one."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff

from opsdash.core.masking import mask
from opsdash.core.text import clean_line, count, size

MOST_BYTES = 100_000
MOST_LINES = 4_000
"""What is longer is not compared: it is hostile, or nobody reads it."""

MOST_SHOWN = 200


def diff_words(before: bytes, after: bytes, path: str) -> str:
    """The lines that differ, as ``diff -u`` has them, without what looks like a secret; or why they
    are not shown. Clean, and of a length that can be read.
    """
    if not (_is_text(before) and _is_text(after)):
        return f"not compared line by line: {size(len(before))} before, {size(len(after))} then"
    name = clean_line(path, 200)
    old, new = before.decode(), after.decode()
    lines = _diff(mask(old), mask(new), name)
    hidden = _changed(_diff(old, new, name)) - _changed(lines)
    shown = [clean_line(line, 500) for line in lines[:MOST_SHOWN]]
    if len(lines) > MOST_SHOWN:
        more = count(len(lines) - MOST_SHOWN, "more line")
        shown.append(f"… {more}; {count(_changed(lines), 'line')} removed or added in all")
    if hidden > 0:
        shown.append("… and what looks like a secret differs")
    return "\n".join(shown) or "only the end of the last line differs"


def _diff(old: str, new: str, name: str) -> list[str]:
    before, after = f"{name} before", f"{name} then"
    return list(unified_diff(old.splitlines(), new.splitlines(), before, after, lineterm=""))


def _changed(lines: Sequence[str]) -> int:
    """The lines that were removed or added; the first two are names."""
    return sum(line[:1] in ("+", "-") for line in lines[2:])


def _is_text(content: bytes) -> bool:
    if len(content) > MOST_BYTES or b"\0" in content or content.count(b"\n") > MOST_LINES:
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
