"""Values of runbooks' files: texts, patterns, numbers and conditions, each understood by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsdash.config.marked_entry import Entry
from opsdash.config.marked_yaml import Marked, Where
from opsdash.core.runbook import TAKEN_NAMES, VARIABLE
from opsdash.core.runbook_condition import Condition
from opsdash.core.text import clean_line

LONGEST_SENTENCE = 400
LONGEST_SCRIPT = 20_000
LONGEST_PATTERN = 1000
MOST_SECONDS = 3600
_NOT_STATUS = re.compile(r"not ([0-9]{1,3})")
_CONDITION = (
    "in matches lacks exit empty of at_least below is is_not also".split()  # noqa: SIM905
)


def sentence(value: Any) -> str:
    """One line of text."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_SENTENCE:
        raise ValueError(f"should be a sentence of at most {LONGEST_SENTENCE} characters")
    return clean_line(value.strip())


def script(value: Any) -> str:
    """The text of a POSIX shell script; it ends with a newline."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_SCRIPT:
        raise ValueError(f"should be a shell script of at most {LONGEST_SCRIPT:,} characters")
    return value.rstrip("\n") + "\n"


def word(value: Any) -> str:
    """The name of a step or of an output."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise ValueError("should be a name: small letters, digits, - and _")
    return value


def variable(value: Any) -> str:
    """The name of a variable."""
    if not isinstance(value, str) or not VARIABLE.fullmatch(value):
        raise ValueError("should be a variable's name: small letters, digits and _")
    if value in TAKEN_NAMES:
        raise ValueError(f"{value} has a meaning of its own: take another name")
    return value


def plain(value: Any) -> str:
    """Text as it stands; a number is its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("should be text: quote it")  # noqa: TRY004
    return str(value)


def truth(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("should be true or false")  # noqa: TRY004
    return value


def number(value: Any) -> float:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("should be a number")  # noqa: TRY004
    return float(value)


def seconds(value: Any) -> float:
    """A time in seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError("should be a number of seconds above 0")
    if value > MOST_SECONDS:
        raise ValueError(f"should be at most {MOST_SECONDS} seconds")
    return float(value)


def pattern(value: Any) -> re.Pattern[str]:
    """A regular expression; its named groups are variables."""
    if not isinstance(value, str) or not value or len(value) > LONGEST_PATTERN:
        raise ValueError("should be a regular expression in quotes")
    try:
        found = re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    for name in found.groupindex:
        variable(name)
    return found


def picking(value: Any) -> re.Pattern[str]:
    """A regular expression that finds what is meant in a line."""
    found = pattern(value)
    if "value" not in found.groupindex:
        raise ValueError("should have a group (?P<value>…): what is chosen")
    if extra := set(found.groupindex) - {"value", "about"}:
        raise ValueError(f"has a group {min(extra)}: only value and about mean something here")
    return found


def _status(value: Any) -> tuple[int | None, int | None]:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255:
        return value, None
    if isinstance(value, str) and (found := _NOT_STATUS.fullmatch(value.strip())):
        return None, int(found[1])
    raise ValueError("should be an exit status: 0, 1, or not 0")


def condition(marked: Marked, where: Where, data: Any, *, own: bool = False) -> Condition:
    """A condition of a file; its faults are noted, and what is at fault is left out of it. `own`:
    it is about the output at hand, which needs no name.
    """
    if not isinstance(data, dict) or not data:
        marked.blame(where, "should be a condition: {in: NAME, matches: REGEX}")
        return Condition()
    form = Entry(marked, where, data)
    form.check_keys(
        _CONDITION, {"status": " (did you mean exit?)", "equals": " (did you mean is?)"}
    )
    _check_whole(form, own=own)
    status, not_status = form.value("exit", _status) or (None, None)
    return Condition(
        source=form.value("in", word) or "",
        matches=form.value("matches", pattern),
        lacks=form.value("lacks", pattern),
        status=status,
        not_status=not_status,
        empty=form.value("empty", truth),
        variable=form.value("of", variable_or_host) or "",
        at_least=form.value("at_least", number),
        below=form.value("below", number),
        equals=form.value("is", plain),
        differs=form.value("is_not", plain),
        also=also(marked, (*where, "also"), data.get("also"), own=own) if "also" in data else (),
    )


def variable_or_host(value: Any) -> str:
    """The name of a variable that is read, not set."""
    return "host" if value == "host" else variable(value)


def also(marked: Marked, where: Where, data: Any, *, own: bool = False) -> tuple[Condition, ...]:
    """One more condition, or a list of them."""
    if isinstance(data, list):
        return tuple(
            condition(marked, (*where, place), one, own=own) for place, one in enumerate(data)
        )
    return (condition(marked, where, data, own=own),)


def _check_whole(form: Entry, *, own: bool) -> None:
    """Parts of a condition that mean nothing without another one."""
    data: Mapping[str, Any] = form.data
    of_output = [key for key in ("matches", "lacks", "exit", "empty") if key in data]
    of_variable = [key for key in ("at_least", "below", "is", "is_not") if key in data]
    if of_output and "in" not in data and not own:
        form.marked.blame(form.where, f"{of_output[0]} of what? in: names the output of a look")
    if "in" in data and not of_output and not of_variable:
        form.blame("in", "nothing is asked of it: matches, lacks, exit or empty")
    if of_variable and "of" not in data:
        form.blame(of_variable[0], "of which variable? of: names it")
    if "of" in data and not of_variable:
        form.blame("of", "nothing is asked of it: at_least, below, is or is_not")
