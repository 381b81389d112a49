"""What parsers share: numbers and sections out of bytes, and one answer to text nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from math import isfinite

from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Parse
from opsdash.core.reading import Output, Reading


def knows(what: str) -> Callable[[Parse], Parse]:
    """Make a parser answer BadOutput, naming `what`, wherever the text is not as expected."""

    def wrap(parse: Parse) -> Parse:
        @wraps(parse)
        def strict(output: Output, host: str, at: float) -> Reading:
            try:
                return parse(output, host, at)
            except (ValueError, LookupError, OverflowError) as error:
                raise BadOutput(f"unknown form of {what}") from error

        return strict

    return wrap


def file(output: Output, path: str) -> bytes:
    """The content of a file that the host must have; without it there is no reading."""
    content = output.files.get(path)
    if not content:
        raise BadOutput(f"{path} is missing or empty")
    return content


def number(field: bytes) -> float:
    """A decimal number; ``nan`` and ``inf`` are no measurements."""
    value = float(field)
    if not isfinite(value):
        raise BadOutput("a number is not finite")
    return value


def text(raw: bytes) -> str:
    """A host's bytes as text, whatever its encoding; the types of core clean it."""
    return raw.decode("utf-8", "replace")


def sections(data: bytes) -> dict[str, list[str]]:
    """A command's output by its marker lines ``== NAME``: the lines below each, without the marker.

    What stands before the first marker (a noisy shell's greeting) is dropped.
    """
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text(data).split("\n"):
        line = line.rstrip("\r")
        if line.startswith("== ") and line.count(" ") == 1:
            lines = found.setdefault(line[3:], [])
        elif line:
            lines.append(line)
    return found


def section(found: dict[str, list[str]], name: str) -> list[str]:
    """A section that must be there: without its marker the output is not whole."""
    if name not in found:
        raise BadOutput(f"the part '{name}' is missing")
    return found[name]


def stamped(line: str, now: datetime) -> datetime | None:
    """When a line of a log file was written, in the host's own local time, as `now` is; None where
    it has no stamp. The old form of stamp has no year.
    """
    try:
        if line[:4].isdigit():
            return datetime.fromisoformat(line.split()[0]).replace(tzinfo=None)
        at = datetime.strptime(f"{now.year} {line[:15]}", "%Y %b %d %H:%M:%S")  # noqa: DTZ007
    except (ValueError, IndexError):
        return None
    # a line of December, read in January
    return at.replace(year=now.year - 1) if at > now + timedelta(days=1) else at
