"""All services of a host, as its init system lists them: for whoever wants to pick one."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, Row

# What is loaded tells how each is now, the files tell of those that nobody has loaded yet.
COMMAND = r"""
if [ -d /run/systemd/system ]; then
  echo '== units'
  systemctl list-units --type=service --all --plain --no-legend --no-pager --full 2>&1 || {
    echo '== error'; echo "systemctl: status $?"
  }
  echo '== files'
  systemctl list-unit-files --type=service --no-legend --no-pager --full 2>/dev/null
elif [ -d /run/openrc ] && command -v rc-status >/dev/null; then
  echo '== openrc'
  rc-status --nocolor --servicelist 2>/dev/null
else
  echo '== none'
fi
echo '== end'
"""


@knows("systemctl list-units and rc-status")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per service: `unit`, its `state` in the init system's word (empty: it is not loaded),
    whether it is `enabled` (the word of the unit file, empty: unknown) and its `description`.
    """
    found = sections(output.data)
    section(found, "end")
    if "none" in found:
        problem = Problem(ProblemKind.UNSUPPORTED, "neither systemd nor OpenRC runs here")
        return Reading(host, "services", at, problem=problem)
    if "error" in found:
        raise BadOutput("systemctl can't list the units: " + " ".join(found["error"][:1]))
    if "openrc" in found:
        rows, source = list(_openrc(found["openrc"])), "rc-status"
    else:
        rows, source = _systemd(section(found, "units"), found.get("files", [])), "systemctl"
    samples = {("services.known", ""): float(len(rows))}
    return Reading(host, "services", at, samples, tuple(rows), source=source)


def _systemd(units: list[str], files: list[str]) -> list[Row]:
    enabled = {words[0]: words[1] for line in files if len(words := line.split()) >= 2}
    rows: dict[str, Row] = {}
    for line in units:
        words = line.lstrip("●* ").split(None, 4)
        if len(words) < 4 or not words[0].endswith(".service"):
            continue
        unit, loaded, active, sub, *rest = words
        if loaded not in ("loaded", "masked"):
            continue  # another unit names it, but it is not there
        state = loaded if loaded == "masked" else active if active == "failed" else sub
        rows[unit] = _row(unit, state, enabled.get(unit, ""), rest[0] if rest else "")
    for unit, word in enabled.items():
        if unit.endswith("@.service") or word == "alias":
            continue  # a template is no service, and an alias is another one's name
        rows.setdefault(unit, _row(unit, "", word, ""))
    return [rows[unit] for unit in sorted(rows)]


def _openrc(lines: list[str]) -> list[Row]:
    rows = []
    for line in lines:
        name, bracket, state = line.partition("[")
        if bracket and name.strip():
            rows.append(_row(name.strip(), state.strip(" ]"), "", ""))
    return sorted(rows, key=lambda row: str(row["unit"]))


def _row(unit: str, state: str, enabled: str, description: str) -> Row:
    return {"unit": unit, "state": state, "enabled": enabled, "description": description}


SERVICES = Collector(
    name="services",
    title="All services",
    tier=Tier.DEMAND,
    parse=parse,
    metrics=(Metric("services.known", "", "Services that the init system knows"),),
    command=COMMAND,
    every_s=60.0,
    max_bytes=262_144,
)
