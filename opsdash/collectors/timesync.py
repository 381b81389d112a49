"""Whether a time service keeps the clock: chrony, ntpd, or whatever timedatectl knows of."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, Row

# A client whose daemon does not run fails, and the next one is asked. `timedatectl show` came with
# systemd 239.
COMMAND = r"""
if out=$(chronyc -n -c tracking 2>/dev/null) && [ -n "$out" ]; then
  echo '== chrony'
elif out=$(ntpq -c 'rv 0 leap,stratum' 2>/dev/null) && [ -n "$out" ]; then
  echo '== ntpd'
elif out=$(timedatectl show -p NTP -p NTPSynchronized 2>/dev/null) && [ -n "$out" ]; then
  echo '== timedatectl'
elif out=$(timedatectl status 2>/dev/null) && [ -n "$out" ]; then
  echo '== timedatectl'
else
  echo '== none'
fi
printf '%s\n' "$out"
echo '== end'
"""

NOBODY = "Time sync: no time service is known of here"

_SERVICE = ("NTP", "NTP enabled", "Network time on", "NTP service")
_SYNCHRONISED = ("NTPSynchronized", "NTP synchronized", "System clock synchronized")
_YES = frozenset({"yes", "active"})
_NO = frozenset({"no", "inactive", "n/a"})


def _chrony(lines: list[str]) -> bool:
    """``chronyc -c tracking``: the stratum is the third field, the leap status the last."""
    fields = lines[0].split(",")
    if len(fields) < 10 or not fields[-1]:
        raise BadOutput("unknown form of chronyc tracking")
    return fields[-1] != "Not synchronised" and int(fields[2]) > 0


def _ntpd(lines: list[str]) -> bool:
    """``leap=00, stratum=3``; a stratum of 16 means: not synchronised."""
    pairs = (part.strip().partition("=") for part in " ".join(lines).split(","))
    return int({key: value for key, _, value in pairs}["stratum"]) < 16


def _timedatectl(lines: list[str]) -> bool | None:
    """None where no service is switched on: who keeps the clock then is not known."""
    said: dict[str, str] = {}
    for line in lines:
        key, _, value = line.replace("=", ":", 1).partition(":")
        said[key.strip()] = value.strip()
    synchronised = _answer(said, _SYNCHRONISED)
    return synchronised if synchronised or _answer(said, _SERVICE) else None


def _answer(said: dict[str, str], names: tuple[str, ...]) -> bool:
    word = next((said[name] for name in names if name in said), "")
    if word not in _YES | _NO:
        raise BadOutput("unknown form of timedatectl")
    return word in _YES


_PARSERS = {"chrony": _chrony, "ntpd": _ntpd, "timedatectl": _timedatectl}


@knows("a time service's answer")
def parse(output: Output, host: str, at: float) -> Reading:
    """Who keeps the clock, and whether it is synchronised; UNSUPPORTED where nobody is known to."""
    found = sections(output.data)
    section(found, "end")
    by = next((name for name in _PARSERS if name in found), "")
    synchronised = _PARSERS[by](found[by]) if by else None
    if synchronised is None:
        return Reading(host, "timesync", at, problem=Problem(ProblemKind.UNSUPPORTED, NOBODY))
    row: Row = {"by": by, "synchronised": synchronised}
    samples = {("timesync.synchronised", ""): float(synchronised)}
    return Reading(host, "timesync", at, samples, (row,), source=by)


TIMESYNC = Collector(
    name="timesync",
    title="Time sync",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=600.0,
    timeout_s=8.0,
    parse=parse,
    metrics=(Metric("timesync.synchronised", "0 or 1", "Whether a time service keeps the clock"),),
    machine_wide=True,
)
