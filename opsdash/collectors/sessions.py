"""Who is logged in now: from where, since when, and for how long without a key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

# systemd knows every session; others write them into utmp, which some systems have no more; where
# there is neither, a terminal's owner is at least somebody. A terminal is read when a key is
# pressed there: the time of that is how long it is idle.
COMMAND = r"""
echo '== now'
date '+%s %Y-%m-%dT%H:%M:%S'
echo '== own'
echo "id=$XDG_SESSION_ID"
echo '== terminals'
stat -c '%n %U %X %Z' /dev/pts/[0-9]* /dev/tty[1-6] 2>/dev/null | head -n 200
echo '== logind'
if [ -d /run/systemd/system ] && command -v loginctl >/dev/null 2>&1; then
  ids=$(loginctl --no-legend --no-pager list-sessions 2>/dev/null | awk '{print $1}' | head -n 200)
  [ -n "$ids" ] && loginctl --no-pager show-session -p Id -p Name -p Timestamp -p TTY -p Display \
    -p RemoteHost -p Class -p State $ids 2>/dev/null
fi
echo '== who'
{ who -u 2>/dev/null || who 2>/dev/null; } | head -n 200
echo '== records'
for file in /run/utmp /var/run/utmp; do [ -s $file ] && echo $file; done
echo '== end'
"""

_WHEN = re.compile(r"\b(?:(\d{4}-\d\d-\d\d \d\d:\d\d)|([A-Z][a-z]{2} [ \d]\d \d\d:\d\d))(?::\d\d)?")
_FROM = re.compile(r"\s\((.+)\)$")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")


@knows("who and loginctl")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per login: `user`, `tty` and `from` (empty: none), `for_s` since it began and `idle_s`
    without a key (None: not known), `own` where it is the one by which this was asked.
    """
    found = sections(output.data)
    section(found, "end")
    epoch, local = section(found, "now")[0].split()
    now = datetime.fromisoformat(local)
    terminals = dict(_terminals(section(found, "terminals"), int(epoch)))
    own = section(found, "own")[0].removeprefix("id=")
    rows = list(_sessions(section(found, "logind"), now, own))
    known = {row["tty"] for row in rows if row["tty"]}
    who = [row for row in _who(section(found, "who"), now) if row["tty"] not in known]
    source = "loginctl, who" if rows else "who"
    if not rows and not who and not section(found, "records"):
        who, source = list(_owners(terminals)), "owners of terminals"
    rows += who
    told = tuple({**row, "idle_s": terminals.get(str(row["tty"]), _NOBODY)[1]} for row in rows)
    samples = {
        ("sessions.logins", ""): float(len(told)),
        ("sessions.users", ""): float(len({row["user"] for row in told})),
    }
    return Reading(host, "sessions", at, samples, told, source=source)


Terminal = tuple[str, float | None, float | None]
"""A terminal's owner, for how long it is idle, and how long it has been there."""

_NOBODY: Terminal = ("", None, None)


def _terminals(lines: Iterable[str], now: int) -> Iterator[tuple[str, Terminal]]:
    for line in lines:
        name, user, read, made = line.split(" ")
        idle_s, age_s = float(now - int(read)), float(now - int(made))
        yield name.removeprefix("/dev/"), (user, max(0.0, idle_s), max(0.0, age_s))


def _sessions(lines: Iterable[str], now: datetime, own: str) -> Iterator[Row]:
    """What systemd says of each session; one that is closing has nobody any more."""
    sessions: list[dict[str, str]] = []
    for line in lines:
        key, mark, value = line.partition("=")
        if not sessions or key in sessions[-1]:
            sessions.append({})
        if mark:
            sessions[-1][key] = value
    for said in sessions:
        if said.get("Class", "user") != "user" or said.get("State") == "closing":
            continue
        began = _STAMP.search(said.get("Timestamp", ""))
        yield {
            "user": said["Name"],
            "tty": said.get("TTY", "") or said.get("Display", ""),
            "from": said.get("RemoteHost", ""),
            "for_s": _since(datetime.fromisoformat(f"{began[1]}T{began[2]}"), now)
            if began
            else None,
            "own": bool(own) and said.get("Id") == own,
        }


def _who(lines: Iterable[str], now: datetime) -> Iterator[Row]:
    """Lines of who: coreutils' have the host in brackets, busybox' at the end, below a heading."""
    plain = False
    for line in lines:
        when = _WHEN.search(line)
        if when is None:
            plain = plain or line.split()[:2] == ["USER", "TTY"]
            continue
        user, tty, *_ = line.split()
        rest = line[when.end() :].rstrip()
        origin = _FROM.search(rest)
        yield {
            "user": user,
            "tty": tty,
            "from": origin[1] if origin else rest.strip() if plain else "",
            "for_s": _since(_moment(when, now), now),
            "own": False,
        }


def _moment(when: re.Match[str], now: datetime) -> datetime:
    """A moment as who prints it: with its date, or without a year: this one or the last."""
    if when[1]:
        return datetime.fromisoformat(when[1].replace(" ", "T"))
    moment = datetime.strptime(f"{now.year} {when[2]}", "%Y %b %d %H:%M")  # noqa: DTZ007
    return moment.replace(year=now.year - 1) if moment > now + timedelta(days=1) else moment


def _since(began: datetime, now: datetime) -> float:
    return max(0.0, (now - began).total_seconds())


def _owners(terminals: dict[str, Terminal]) -> Iterator[Row]:
    for tty, (user, _, age_s) in terminals.items():
        if tty.startswith("pts/"):
            yield {"user": user, "tty": tty, "from": "", "for_s": age_s, "own": False}


SESSIONS = Collector(
    name="sessions",
    title="Users logged in",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=30.0,
    timeout_s=10.0,
    parse=parse,
    metrics=(
        Metric("sessions.logins", "logins", "Logins that there are now"),
        Metric("sessions.users", "users", "Different users among them"),
    ),
)
