"""Words for a shell: the one place where an argument becomes a part of a script."""

from __future__ import annotations


def quote(text: str) -> str:
    """One word for a POSIX shell, whatever `text` holds; NUL can't be passed and is refused."""
    if "\0" in text:
        raise ValueError("a shell word can't hold NUL")
    return "'" + text.replace("'", "'\"'\"'") + "'"
