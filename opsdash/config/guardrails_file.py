"""guardrails.yaml: what may not be done to the fleet. What is wrong with it is told with its place.

It protects from mistakes: a file that others may write is refused.
"""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Any

from opsdash.config.alerts_file import select_fault
from opsdash.config.marked_entry import Entry, check_name
from opsdash.config.marked_yaml import Marked, Where, load_marked
from opsdash.core.errors import ConfigError
from opsdash.core.guardrail import (
    NO_GUARDRAILS,
    USUAL_TAGS,
    WEEKDAYS,
    Guardrail,
    Guardrails,
    Window,
)
from opsdash.core.selection import parse_selection
from opsdash.core.text import clean_line, did_you_mean

MOST = 200
MOST_HOSTS = 100_000
MOST_VALUES = 100
LONGEST = 200

_TOP = ("confirm_tags", "rules")
_CONCERNS = ("actions", "commands", "hosts")
_DEMANDS = ("deny", "confirm", "max_hosts", "only", "never")
_KEYS = ("reason", *_CONCERNS, *_DEMANDS)
_KINDER = {
    "select": " (did you mean hosts?)",
    "allow": " (did you mean only?)",
    "forbid": " (did you mean deny: true?)",
    "windows": " (did you mean only, or never?)",
}
_ACTION = re.compile(r"[a-z0-9*?\[\]!._-]+")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,40}")
_HOURS = re.compile(
    r"([01]?[0-9]|2[0-3]):([0-5][0-9]) ?- ?(?:([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00)"
)
_NO_WINDOW = 'should be days, hours, or both, in local time: "mon-fri 22:00-05:00", "sat,sun"'


def read_guardrails(path: Path) -> Guardrails:
    """What the file says; the usual where there is none. ConfigError has all faults."""
    if not path.exists():
        return NO_GUARDRAILS
    marked = load_marked(path, private=True)
    found = _guardrails(marked)
    if marked.faults:
        raise ConfigError(sorted(marked.faults, key=lambda fault: (fault.line, fault.column)))
    return found


def _guardrails(marked: Marked) -> Guardrails:
    data = {} if marked.data is None else marked.data
    if not isinstance(data, dict):
        marked.blame((), "should be a mapping: rules: with a name and its fields below it")
        return NO_GUARDRAILS
    top = Entry(marked, (), data)
    top.check_keys(_TOP)
    rules = data.get("rules")
    if not isinstance(rules, dict | None) or len(rules or {}) > MOST:
        top.blame("rules", f"should be a mapping of at most {MOST} rules by name")
        rules = {}
    tags = top.value("confirm_tags", _words)
    made = [_rule(marked, name, entry) for name, entry in (rules or {}).items()]
    return Guardrails(
        tuple(rule for rule in made if rule is not None), USUAL_TAGS if tags is None else tags
    )


def _rule(marked: Marked, name: str, entry: Any) -> Guardrail | None:
    where: Where = ("rules", name)
    check_name(marked, where)
    if not isinstance(entry, dict):
        marked.blame(where, f"should be a mapping with reason and one of {', '.join(_DEMANDS)}")
        return None
    form = Entry(marked, where, entry)
    form.check_keys(_KEYS, _KINDER)
    if "reason" not in entry:
        marked.blame(where, "needs a reason: it is what people read who are stopped", key=True)
    if not any(key in entry for key in _DEMANDS) and not any(key in _KINDER for key in entry):
        marked.blame(where, f"demands nothing: it needs one of {', '.join(_DEMANDS)}", key=True)
    line, _ = marked.place(where, key=True)
    select = form.value("hosts", _select)
    return Guardrail(
        name,
        form.value("reason", _sentence) or "",
        form.value("actions", _actions) or ("*",),
        form.value("commands", _patterns) or (),
        parse_selection([select]) if select else None,
        deny=form.value("deny", _true) or False,
        confirm=form.value("confirm", _word) or "",
        max_hosts=form.value("max_hosts", _number) or 0,
        only=form.value("only", _windows) or (),
        never=form.value("never", _windows) or (),
        place=f"{marked.path}:{line}",
    )


def _listed(value: Any, what: str) -> list[str]:
    """One text, or a list of them."""
    given = value if isinstance(value, list) else [value]
    fits = all(isinstance(one, str) and one and one.isprintable() for one in given)
    if not fits or not given or len(given) > MOST_VALUES:
        raise ValueError(f"should be {what}, or a list of at most {MOST_VALUES}")
    return given


def _sentence(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise ValueError(f"should be a sentence of at most {LONGEST} characters")
    return clean_line(value.strip())


def _actions(value: Any) -> tuple[str, ...]:
    found = _listed(value, "an action or a glob of them (service.*)")
    for one in found:
        if not _ACTION.fullmatch(one):
            raise ValueError(f'"{clean_line(one, 40)}" is no action and no glob: service.*, run')
    return tuple(found)


def _patterns(value: Any) -> tuple[re.Pattern[str], ...]:
    found = _listed(value, "a regular expression in quotes")
    try:
        return tuple(re.compile(one) for one in found)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from None


def _select(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError('should be text: "tag:prod !db3"')  # noqa: TRY004
    if wrong := select_fault(value):
        raise ValueError(wrong)
    return value


def _true(value: Any) -> bool:
    if value is not True:
        raise ValueError("should be true; leave it out if it should not be")
    return True


def _word(value: Any) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise ValueError("should be a word to type: letters, digits, . _ -")
    return value


def _words(value: Any) -> tuple[str, ...]:
    if value == []:
        return ()
    return tuple(_word(one) for one in _listed(value, "a tag"))


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_HOSTS:
        raise ValueError(f"should be a number of hosts from 1 to {MOST_HOSTS:,}")
    return value


def _windows(value: Any) -> tuple[Window, ...]:
    return tuple(window(text) for text in _listed(value, "a time window"))


def window(text: str) -> Window:
    """``mon-fri 22:00-05:00``, ``sat,sun``, ``02:00-04:00``; ValueError says what it should be."""
    days, begin, end = "", time(0), time(0)
    for place, word in enumerate(re.sub(r" ?([-,]) ?", r"\1", text.strip().lower()).split()):
        if hours := _HOURS.fullmatch(word):
            begin = time(int(hours[1]), int(hours[2]))
            end = time(int(hours[3]), int(hours[4])) if hours[3] else time(0)
            if begin == end and hours[3]:
                raise ValueError("begin and end are the same: leave the hours out for all day")
        elif place == 0:
            days = word
        else:
            raise ValueError(_NO_WINDOW)
    return Window(_days(days), begin, end, clean_line(text.strip(), 60))


def _days(text: str) -> frozenset[int]:
    """``mon-fri``, ``sat,sun``, ``fri-mon``; nothing: every day."""
    if not text:
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin, end = _day(first), _day(last if dash else first)
        found |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return frozenset(found)


def _day(word: str) -> int:
    if word not in WEEKDAYS:
        raise ValueError(f"{_NO_WINDOW}{did_you_mean(word, WEEKDAYS)}")
    return WEEKDAYS.index(word)
