"""What ``zpool status`` prints, understood."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FIELD = re.compile(r"^ *(pool|state|status|action|see|scan|scrub|config|errors):(?: (.*))?$")
_VDEV = re.compile(r"^(mirror|raidz\d?|draid\S*|spare|replacing)-\d+$")
_WELL = ("ONLINE", "AVAIL", "INUSE")
_NO_ERRORS = ["0", "0", "0"]


def pools(lines: Iterable[str]) -> list[dict[str, str]]:
    """Each pool: its `name` and `state`, what is said of it (`status`, `scan`, `errors`), and the
    `devices` that are not well.
    """
    found: list[dict[str, str]] = []
    key = ""
    for line in lines:
        field = _FIELD.match(line)
        if field and field[1] == "pool":
            found.append(dict.fromkeys(("status", "scan", "errors", "devices", "state"), ""))
            found[-1]["name"] = (field[2] or "").strip()
            key = ""
        elif field:
            key = field[1].replace("scrub", "scan")
        if not found:
            continue
        if key in found[-1]:
            text = (field[2] or "") if field else line
            found[-1][key] = f"{found[-1][key]} {text.strip()}".strip()
        elif key == "config" and not field:
            _device(found[-1], line)
    return found


def _device(pool: dict[str, str], line: str) -> None:
    """A line of the table of devices: remembered if its state or its errors are not good."""
    fields = line.split(None, 5)
    if len(fields) < 5 or fields[0] in (pool["name"], "NAME"):
        return
    name, state, *errors = fields[:5]
    if _VDEV.match(name):  # its devices say it
        return
    counted = f" ({'/'.join(errors)} read/write/checksum errors)" if errors != _NO_ERRORS else ""
    if state not in _WELL or counted:
        pool["devices"] = f"{pool['devices']}, {name} {state}{counted}".removeprefix(", ")
