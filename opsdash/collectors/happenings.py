"""What the collectors of changes share: a window of time, rows in one form, and several of one kind
as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from opsdash.collectors.parsing import section
from opsdash.core.happening import Kind
from opsdash.core.reading import Row
from opsdash.core.text import count

WINDOW_S = 48 * 3600
"""So far back a host is asked what happened there."""

MOST_ROWS = 400
"""The newest of so many: what is older hardly broke anything now."""

SELDOM = 5
"""What happened more often in the same words is told once."""

FOLDED = (Kind.UNIT, Kind.LOGIN, Kind.SUDO)

NAMED = 3
"""Of several so many are named in a sentence."""

# Stamps of logs are the host's local time, mostly without a zone. find's minutes cover the window.
WINDOW = r"""
minutes=2880
now=$(date +%s)
since=$((now - minutes * 60))
from=$(date -d "@$since" '+%Y-%m-%d %H:%M:%S' 2>/dev/null)
echo '== now'
echo "$now $(date +%z)"
# the files of a log that were written within the window, oldest first: name.2.gz name.1 name
logs() {
  find "${1%/*}" -maxdepth 1 -type f -name "${1##*/}" -mmin "-$minutes" 2>/dev/null | sort -r
}
# at most so many bytes of each, whatever it is packed with
unpacked() {
  while read -r log; do
    [ -r "$log" ] || continue
    case $log in
      *.gz) gzip -dc "$log" ;;
      *.xz) xz -dc "$log" ;;
      *.bz2) bzip2 -dc "$log" ;;
      *.zst) zstd -qdc "$log" ;;
      *) cat "$log" ;;
    esac 2>/dev/null | tail -c 4000000
  done
}
"""


@dataclass(frozen=True, slots=True)
class Window:
    """The host's clock now (seconds since 1970), and its zone."""

    now: float
    zone: timezone

    def local_now(self) -> datetime:
        """The host's local time, as its logs have it."""
        return datetime.fromtimestamp(self.now, self.zone).replace(tzinfo=None)

    def at(self, local: datetime) -> float:
        """A local time of the host in seconds since 1970."""
        return (local if local.tzinfo else local.replace(tzinfo=self.zone)).timestamp()

    def has(self, at: float) -> bool:
        """Whether a moment lies within the window."""
        return self.now - WINDOW_S <= at <= self.now + 60


def window(found: dict[str, list[str]]) -> Window:
    """The window of an output that begins with WINDOW."""
    now, zone = section(found, "now")[0].split()
    sign = -1 if zone[0] == "-" else 1
    offset = sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    return Window(float(now), timezone(offset) if offset else UTC)


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that a source tells; `verb` and `subject` make the sentence, `more` ends it."""

    at: float
    kind: Kind
    verb: str
    subject: str
    more: str = ""
    who: str = ""
    source: str = ""

    def row(self) -> Row:
        """As a row of a reading."""
        words = " ".join(part for part in (self.verb, self.subject, self.more) if part)
        return {
            "at": self.at,
            "kind": str(self.kind),
            "words": words,
            "subject": self.subject,
            "who": self.who,
            "source": self.source,
        }


def together(found: Iterable[Happened], noun: str, gap_s: float, several: int = 2) -> list[Row]:
    """Rows, the newest first. Of one verb `several` or more that followed each other within `gap_s`
    are one row: an upgrade of 200 packages is one thing that somebody did.
    """
    runs: dict[tuple[str, str, str], list[list[Happened]]] = {}
    for one in sorted(found, key=lambda one: one.at):
        known = runs.setdefault((one.kind, one.verb, one.source), [])
        if not known or one.at - known[-1][-1].at > gap_s:
            known.append([])
        known[-1].append(one)
    rows: list[Row] = []
    for run in (run for known in runs.values() for run in known):
        if len({one.subject for one in run}) < several:
            rows += [one.row() for one in _folded(run)]
        else:
            rows.append(_one(run, noun))
    return newest(rows)


def _folded(run: Sequence[Happened]) -> list[Happened]:
    """The same thing again and again as its last time, with how often."""
    last: dict[str, Happened] = {}
    times: dict[str, int] = {}
    for one in run:
        last[one.subject] = one
        times[one.subject] = times.get(one.subject, 0) + 1
    return [
        replace(one, more=f"{one.more} (x{times[name]})".strip()) if times[name] > 1 else one
        for name, one in last.items()
    ]


def _one(run: Sequence[Happened], noun: str) -> Row:
    names = list(dict.fromkeys(one.subject for one in run))
    more = "…" if len(names) > NAMED else ""
    row = dict(run[0].row())
    row["words"] = f"{run[0].verb} {count(len(names), noun)}: {', '.join(names[:NAMED])}{more}"
    row["subject"] = " ".join(names)
    row["detail"] = ", ".join(f"{one.subject} {one.more}".strip() for one in run)
    row["who"] = next((one.who for one in run if one.who), "")
    return row


def newest(rows: Iterable[Row]) -> list[Row]:
    """The newest first, and not more than a reading may have. What happened again and again is
    told once, with how often: what a timer starts every quarter of an hour hides all else.
    """
    told: dict[object, list[Row]] = {}
    for row in sorted(rows, key=lambda row: -_at(row)):
        told.setdefault((row["kind"], row["words"]), []).append(row)
    found: list[Row] = []
    for same in told.values():
        if len(same) <= SELDOM or same[0]["kind"] not in FOLDED:
            found += same
            continue
        if not str(same[0]["words"]).startswith("started"):
            found += same[: SELDOM - 1]
            same = same[SELDOM - 1 :]
        first = datetime.fromtimestamp(_at(same[-1]), UTC)
        often = f"{len(same)} times, the first at {first:%Y-%m-%d %H:%M} UTC"
        words = f"{same[0]['words']} (and {len(same) - 1} times before)"
        found.append({**same[0], "words": words, "detail": often})
    return sorted(found, key=lambda row: -_at(row))[:MOST_ROWS]


def _at(row: Row) -> float:
    at = row["at"]
    return float(at) if isinstance(at, int | float) else 0.0
