"""What the values of hooks.yaml mean. ValueError says what a value should be."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from opsdash.config.field_values import span_s
from opsdash.core.health import Health
from opsdash.core.hook import Means, Rate, Template, TemplateFault, parse_template, url_fault
from opsdash.core.text import did_you_mean

HEALTHS = ("warn", "crit", "down", "unknown")
MOST_PER_SPAN = 10_000

_TIMES = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9]) ?- ?([01]?[0-9]|2[0-3]):([0-5][0-9])")
_RATE = re.compile(r"([0-9]{1,5}) ?/ ?([0-9]{0,4})([smhd])")
_LONGEST_RATE_S = 7 * 86400.0


def health(value: Any) -> Health:
    """``warn``, ``crit``, ``down`` or ``unknown``."""
    word = str(value).lower()
    if word not in HEALTHS:
        raise ValueError(f"should be one of {', '.join(HEALTHS)}{did_you_mean(word, HEALTHS)}")
    return Health[word.upper()]


def quiet_times(value: Any) -> tuple[time, time]:
    """``22:00-07:00``: begin and end."""
    found = _TIMES.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("should be hours of the local day: 22:00-07:00")
    begin = time(int(found[1]), int(found[2]))
    end = time(int(found[3]), int(found[4]))
    if begin == end:
        raise ValueError("begin and end are the same: nothing is quiet")
    return begin, end


def rate(value: Any) -> Rate:
    """``10/h``, ``1/10m``: so many messages within so long."""
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= MOST_PER_SPAN:
        raise ValueError("should be so many messages in a time: 10/h, 1/10m")
    within_s = span_s(f"{found[2] or 1}{found[3]}")
    if within_s > _LONGEST_RATE_S:
        raise ValueError("the time of a rate is at most a week")
    return Rate(int(found[1]), within_s, found[0])


def template(text: str) -> Template:
    """Text with fields in braces."""
    try:
        return parse_template(text)
    except TemplateFault as error:
        raise ValueError(str(error)) from None


def named_url(text: Any, means: Means) -> str:
    """The URL of a webhook, or one of apprise; the words of a fault never repeat it."""
    if not isinstance(text, str):
        raise ValueError("should be a URL in quotes")  # noqa: TRY004
    if wrong := url_fault(text, means):
        raise ValueError(wrong)
    return text
