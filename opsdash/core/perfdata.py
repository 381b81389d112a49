"""Performance data of Nagios plug-ins: ``'label'=value[UOM];warn;crit;min;max``."""

from __future__ import annotations

import re
from math import isfinite

MOST_VALUES = 32
"""Of one answer."""

_VALUE = re.compile(
    r"(?:'((?:[^']|'')+)'|([^\s='|]+))=(-?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?)([A-Za-z%]*)"
    r"(?:;[^\s]*)?(?=\s|$)"
)
_FACTORS = {
    "ms": 1e-3,
    "us": 1e-6,
    "ns": 1e-9,
    "%": 0.01,
    "KB": 1024.0,
    "MB": 1024.0**2,
    "GB": 1024.0**3,
    "TB": 1024.0**4,
}


def perfdata(text: str) -> dict[str, float]:
    """The values by label, in seconds, bytes, shares of 0 to 1, or as they are.

    What has another form is left out, as is ``U``, by which a plug-in says that it does not know.
    """
    found: dict[str, float] = {}
    for quoted, bare, number, unit in _VALUE.findall(text):
        label = (quoted.replace("''", "'") or bare).strip()
        value = float(number.replace(",", ".")) * _FACTORS.get(unit, 1.0)
        if label and isfinite(value) and len(found) < MOST_VALUES:
            found.setdefault(label[:64], value)
    return found


def split_output(text: str) -> tuple[str, str]:
    """A plug-in's first line, and its performance data: behind the ``|`` of any of its lines; once
    one of the lines below has it, all that follows is.
    """
    first, _, rest = text.strip().partition("\n")
    line, _, data = first.partition("|")
    _, _, more = rest.partition("|")
    return line.strip(), f"{data} {more}".replace("\n", " ").strip()
