"""Words for a shell: the one place where an argument becomes a part of a script."""

from __future__ import annotations

from collections.abc import Mapping


def quote(text: str) -> str:
    """One word for a POSIX shell, whatever `text` holds; NUL can't be passed and is refused."""
    if "\0" in text:
        raise ValueError("a shell word can't hold NUL")
    return "'" + text.replace("'", "'\"'\"'") + "'"


def assignments(values: Mapping[str, str]) -> str:
    """Lines that set shell variables, to stand in front of a script: ``unit='nginx'``.

    This is how a script gets its arguments. The names are the program's or were checked: they are
    not quoted.
    """
    return "".join(f"{name}={quote(value)}\n" for name, value in values.items())
