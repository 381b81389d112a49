"""Values of actions.yaml: each function returns what stands there, or says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opsdash.config.alerts_file import select_fault
from opsdash.config.runbook_parts import plain, sentence, truth
from opsdash.config.runbook_parts import script as script_text
from opsdash.core.action import Argument
from opsdash.core.argument_kinds import KINDS, ArgumentKind
from opsdash.core.plan import Danger, OnFailure
from opsdash.core.text import did_you_mean

MOST_HOSTS = 100_000
MOST_CHOICES = 100
LONGEST_PATTERN = 1000
USUAL_KIND = KINDS["word"]


def script(value: Any) -> str:
    """A script, as a runbook's; NUL can't be passed to a shell."""
    text = script_text(value)
    if "\0" in text:
        raise ValueError("holds a NUL: no shell takes it")
    return text


def danger(value: Any) -> Danger:
    """How dangerous it is."""
    known = [one.value for one in Danger]
    if value not in known:
        raise ValueError(f"should be one of {', '.join(known)}")
    return Danger(value)


def plain_sentence(value: Any) -> str:
    """A title: what it is done to is put behind it."""
    text = sentence(value)
    if "{" in text:
        raise ValueError("a title has no {…}: what it is done to is put behind it; see does:")
    return text


def one_of(names: Sequence[str]) -> Callable[[Any], str]:
    """One of these names."""

    def understand(value: Any) -> str:
        if value not in names:
            near = did_you_mean(str(value), names)
            raise ValueError(f"should be the name of one of its arguments{near}")
        return str(value)

    return understand


def select(value: Any) -> str:
    """Which hosts, by names, tags and groups."""
    if not isinstance(value, str):
        raise ValueError('should be text: "tag:web !db3"')  # noqa: TRY004
    if wrong := select_fault(value):
        raise ValueError(wrong)
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping."""
    if not isinstance(value, dict):
        raise ValueError("should be a mapping: {canary: 1, at_a_time: 5, gate: true}")  # noqa: TRY004
    return value


def _hosts(least: int) -> Callable[[Any], int]:
    def understand(value: Any) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not least <= value <= MOST_HOSTS:
            raise ValueError(f"should be a number of hosts from {least} to {MOST_HOSTS:,}")
        return int(value)

    return understand


def _on_failure(value: Any) -> OnFailure:
    if value not in ("stop", "continue"):
        raise ValueError("should be stop or continue")
    return OnFailure(value)


ROLLOUT: Mapping[str, Callable[[Any], Any]] = {
    "canary": _hosts(0),
    "wave": _hosts(0),
    "at_a_time": _hosts(1),
    "wave_failures": _hosts(0),
    "failures": _hosts(0),
    "gate": truth,
    "on_failure": _on_failure,
}
"""What can be said of how it goes over several hosts."""


def kind(value: Any) -> ArgumentKind:
    """The kind of an argument."""
    if not isinstance(value, str) or value not in KINDS:
        raise ValueError(f"should be one of {', '.join(KINDS)}")
    return KINDS[value]


def choices(value: Any) -> tuple[str, ...]:
    """The values that there are."""
    if not isinstance(value, list) or not value or len(value) > MOST_CHOICES:
        raise ValueError(f"should be a list of at most {MOST_CHOICES}")
    return tuple(plain(one) for one in value)


def default(value: Any) -> str:
    """What it is where nothing is said."""
    text = plain(value)
    if "\0" in text:
        raise ValueError("holds a NUL: no shell takes it")
    return text


def whole_pattern(value: Any) -> re.Pattern[str]:
    """A regular expression that all of a value must match."""
    if not isinstance(value, str) or not value or len(value) > LONGEST_PATTERN:
        raise ValueError("should be a regular expression in quotes")
    try:
        return re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from None


def checked_by(kind: ArgumentKind, matches: re.Pattern[str] | None) -> Callable[[str], str]:
    """What is wrong with a value of this kind that has to match this."""

    def fault(value: str) -> str:
        if wrong := kind.fault(value):
            return wrong
        if matches is not None and not matches.fullmatch(value):
            return f"it does not match {matches.pattern}"
        return ""

    return fault


def with_default(argument: Argument, value: str | None) -> Argument:
    """The argument, which need not be given where there is a default."""
    return argument if value is None else replace(argument, default=value)
