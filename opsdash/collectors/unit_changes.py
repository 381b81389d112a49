"""How the login and root ask for starts and stops of services, and what the answers mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from opsdash.collectors.happenings import Happened, Window
from opsdash.core.happening import Kind

# By id of message, which the journal has an index of: started, stopped, failed to start, reloaded,
# failed, out of memory. What is not needed of an entry is most of it.
JOURNAL_UNITS = r"""
echo '== journal'
journalctl -q --no-pager -o json --since="-${minutes}min" -n 600 \
  --output-fields=MESSAGE,UNIT,MESSAGE_ID,JOB_RESULT _PID=1 \
  MESSAGE_ID=39f53479d3a045ac8e11786248231fbf MESSAGE_ID=9d1aaa27d60140bd96365438aad20286 \
  MESSAGE_ID=be02cf6855d2428ba40df7e9d022f03d MESSAGE_ID=7b05ebc668384222baa8881179cfda54 \
  MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c MESSAGE_ID=fe6faa94e7774663a0da52717891d8ef \
  2>/dev/null | grep -E '"UNIT" ?: ?"[^"]*\.(service|mount|swap)"' | sed -E \
  's/"(__CURSOR|__MONOTONIC_TIMESTAMP|__SEQNUM|__SEQNUM_ID|_BOOT_ID)" ?: ?"[^"]*",? ?//g'
"""

# One line per service: what it is now, and since when. Everybody may ask for that.
SHOW_UNITS = r"""
echo '== show'
systemctl show '*.service' -p Id -p ActiveState -p Result -p Type -p NRestarts \
  -p StateChangeTimestamp -p ActiveEnterTimestamp -p InactiveEnterTimestamp 2>/dev/null | awk \
  -v from="$from" -F = '
  function told(stamp,   part) { split(stamp, part, " "); return part[2] " " part[3] }
  function one() {
    if (v["Id"] != "" && told(v["StateChangeTimestamp"]) >= from)
      print v["Id"], v["ActiveState"], v["Result"], v["Type"], v["NRestarts"] + 0, \
        told(v["ActiveEnterTimestamp"]), told(v["InactiveEnterTimestamp"]), \
        told(v["StateChangeTimestamp"])
    split("", v)
  }
  $0 == "" { one(); next }
  { v[$1] = substr($0, length($1) + 2) }
  END { one() }' | tail -n 400
"""

_VERBS = {
    "39f53479d3a045ac8e11786248231fbf": "started",
    "9d1aaa27d60140bd96365438aad20286": "stopped",
    "be02cf6855d2428ba40df7e9d022f03d": "failed to start",
    "7b05ebc668384222baa8881179cfda54": "reloaded",
    "d9b373ed55a64feb8242e02dbe79a49c": "failed",
    "fe6faa94e7774663a0da52717891d8ef": "ran out of memory",
}
_OF_LOGINS = re.compile(r"^(user@|user-runtime-dir@|session-|run-user-|run-[a-z]*\d)")
_RESULT = re.compile(r"Failed with result '([^']*)'")

RESTART_S = 30.0
"""Who stops and starts again within this time was restarted."""


def by_journal(lines: Iterable[str]) -> Iterator[Happened]:
    """What systemd wrote into the journal; a line that is no JSON was cut off, and is left out.

    What a timer starts again and again and ends by itself is no news: it is "finished".
    """
    for line in lines:
        try:
            entry = json.loads(_mended(line))
        except json.JSONDecodeError:
            continue
        unit, message = entry.get("UNIT"), entry.get("MESSAGE")
        verb = _VERBS.get(str(entry.get("MESSAGE_ID")))
        if verb is None or not isinstance(unit, str) or not isinstance(message, str):
            continue
        if _OF_LOGINS.match(unit) or message.startswith(("Finished ", "Deactivated ")):
            continue
        result = _RESULT.search(message)
        more = f"({result[1]})" if result else ""
        at = float(entry["__REALTIME_TIMESTAMP"]) / 1e6
        yield Happened(at, Kind.UNIT, verb, unit, more, source="journal")


def _mended(line: str) -> str:
    """Where the last field was left out a comma stands before the brace."""
    return re.sub(r",\s*}$", "}", line.rstrip())


def by_show(lines: Iterable[str], window: Window) -> Iterator[Happened]:
    """What systemctl tells of the last change of each service."""
    for line in lines:
        unit, state, result, kind, restarts, *stamps = line.split(" ")
        active, inactive, changed = (_at(stamps[i : i + 2], window) for i in (0, 2, 4))
        if _OF_LOGINS.match(unit) or (kind == "oneshot" and result == "success"):
            continue
        again = f"(restarted {restarts}x by itself)" if restarts != "0" else ""
        if state == "failed" and changed:
            yield Happened(changed, Kind.UNIT, "failed", unit, f"({result})", source="systemctl")
        elif state == "active" and active:
            yield Happened(active, Kind.UNIT, "started", unit, again, source="systemctl")
        elif state == "inactive" and inactive:
            yield Happened(inactive, Kind.UNIT, "stopped", unit, again, source="systemctl")


def _at(words: Sequence[str], window: Window) -> float | None:
    try:
        return window.at(datetime.fromisoformat(" ".join(words)))
    except ValueError:
        return None


def merged(journal: Iterable[Happened], show: Iterable[Happened]) -> list[Happened]:
    """Both without what they tell twice; a stop and a start in a row are a restart."""
    told = sorted(journal, key=lambda one: one.at)
    near = {(one.subject, round(one.at) + gap) for one in told for gap in (-2, -1, 0, 1, 2)}
    told += [one for one in show if (one.subject, round(one.at)) not in near]
    found: list[Happened] = []
    stopped: dict[str, Happened] = {}
    for one in sorted(told, key=lambda one: one.at):
        before = stopped.pop(one.subject, None)
        if one.verb == "stopped":
            stopped[one.subject] = one
        if one.verb == "started" and before is not None and one.at - before.at <= RESTART_S:
            found.remove(before)
            one = Happened(one.at, one.kind, "restarted", one.subject, "", source=one.source)
        found.append(one)
    return found
