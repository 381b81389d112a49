"""Services that failed or restart: systemd units, or services of OpenRC."""

from __future__ import annotations

import re

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, MetricKind, Output, Reading, Row, SampleKey

# systemd: one list, and one `show` only of what failed, waits for its restart, or was started in
# the last quarter of an hour: a start makes the service's cgroup anew.
# OpenRC: what it says crashed or failed to start, and services whose recorded process is gone.
# Debian's OpenRC starts services with dpkg's start-stop-daemon, so OpenRC itself never sees them
# crash; a host that hides other users' processes (hidepid) would look the same, hence the test
# for /proc/1.
COMMAND = r"""
set +f
if [ -d /run/systemd/system ]; then
  list=$(systemctl list-units --state=failed,auto-restart,auto-restart-queued --all --plain \
    --no-legend --no-pager --full 2>&1) || {
    echo '== error'; printf '%s\n' "$list"; exit 1
  }
  echo '== systemd'
  printf '%s\n' "$list"
  echo '== show'
  slice=/sys/fs/cgroup/system.slice
  [ -d "$slice" ] || slice=/sys/fs/cgroup/systemd/system.slice
  recent=$(find "$slice" "$slice"/*.slice -maxdepth 1 -name '*.service' -mmin -15 2>/dev/null)
  set -f
  set -- $(printf '%s\n' "$list" | awk 'NR <= 100 { print ($1 ~ /[.]/) ? $1 : $2 }')
  for path in $recent; do
    [ $# -ge 150 ] || set -- "$@" "${path##*/}"
  done
  [ $# -eq 0 ] || systemctl show --no-pager -p Id,Description,Result,ExecMainCode \
    -p ExecMainStatus,InactiveEnterTimestamp,NRestarts -- "$@"
elif [ -d /run/openrc ] && command -v rc-status >/dev/null; then
  echo '== openrc'
  rc-status --nocolor --crashed 2>/dev/null
  echo '== notstarted'
  ls /run/openrc/failed 2>/dev/null
  echo '== gone'
  [ -d /proc/1 ] && for service in /run/openrc/started/*; do
    name=${service##*/} file= pid=
    read -r file 2>/dev/null < "/run/openrc/options/$name/pidfile"
    [ -n "$file" ] && read -r pid 2>/dev/null < "$file"
    case $pid in ''|*[!0-9]*) continue ;; esac
    [ -d "/proc/$pid" ] || echo "$name $pid"
  done
else
  echo '== none'
fi
echo '== end'
"""

_UNIT = re.compile(r"^\s*(?:[^\w\s]\s+)?(\S+\.\w+)\s+\S+\s+(\S+)\s+\S+\s*(.*)$")

_RESULTS = {
    "timeout": "timeout",
    "watchdog": "watchdog timeout",
    "oom-kill": "out of memory",
    "resources": "out of resources",
    "protocol": "broke the start protocol",
    "core-dump": "crashed",
    "exec-condition": "start condition failed",
}
_EXITED, _KILLED = "1", "2"


def _in_words(unit: dict[str, str]) -> str:
    """Why a unit failed, from systemd's Result and its main process's end."""
    result = unit.get("Result", "")
    code, status = unit.get("ExecMainCode", ""), unit.get("ExecMainStatus", "")
    if result == "exit-code":
        return f"exit code {status}" if code == _EXITED and status != "0" else "a command failed"
    if result == "signal":
        return f"killed by signal {status}" if code == _KILLED else "a command was killed"
    if result.endswith("limit-hit"):
        return "start limit hit"
    return _RESULTS.get(result, "failed" if result in ("", "success") else result)


def _shown(lines: list[str]) -> dict[str, dict[str, str]]:
    """Blocks of ``Key=value`` by unit; a block begins where a key comes again."""
    blocks: list[dict[str, str]] = [{}]
    for line in lines:
        key, _, value = line.partition("=")
        if key in blocks[-1]:
            blocks.append({})
        blocks[-1][key] = value
    return {block["Id"]: block for block in blocks if "Id" in block}


def _systemd(lines: list[str], shown: dict[str, dict[str, str]]) -> list[Row]:
    rows: list[Row] = []
    for line in lines:
        match = _UNIT.match(line)
        if match is None:
            raise BadOutput("unknown form of systemctl's list")
        name, active, listed = match.groups()
        if active == "activating":
            continue  # it waits for its restart
        unit = shown.get(name, {})
        since = unit.get("InactiveEnterTimestamp", "")
        rows.append(_row(name, unit.get("Description", listed), _in_words(unit), since))
    return rows


def _restarts(shown: dict[str, dict[str, str]]) -> dict[SampleKey, float]:
    """By unit: how often systemd has restarted it since it was last started on purpose."""
    counted = {name: int(unit.get("NRestarts") or 0) for name, unit in shown.items()}
    return {("units.restarts", name): float(n) for name, n in counted.items() if n > 0}


def _openrc(found: dict[str, list[str]]) -> list[Row]:
    rows: dict[str, Row] = {}
    for line in section(found, "openrc"):
        name = line.split()[0]
        rows[name] = _row(name, "", "crashed", "")
    for name in section(found, "notstarted"):
        rows.setdefault(name, _row(name, "", "failed to start", ""))
    for line in section(found, "gone"):
        name, pid = line.split()
        rows.setdefault(name, _row(name, "", f"crashed, process {int(pid)} is gone", ""))
    return list(rows.values())


def _row(unit: str, description: str, result: str, since: str) -> Row:
    return {"unit": unit, "description": description, "result": result, "since": since}


@knows("a service manager's answer")
def parse(output: Output, host: str, at: float) -> Reading:
    """The failed services as rows, and how many they are."""
    found = sections(output.data)
    if "error" in found:
        raise BadOutput("systemctl: " + " ".join(found["error"])[:120])
    section(found, "end")
    if "none" in found:
        missing = Problem(ProblemKind.UNSUPPORTED, "Services: neither systemd nor OpenRC here")
        return Reading(host, "units", at, problem=missing)
    if "openrc" in found:
        rows, source, restarts = _openrc(found), "rc-status", {}
    else:
        shown = _shown(section(found, "show"))
        rows = _systemd(section(found, "systemd"), shown)
        restarts, source = _restarts(shown), "systemctl"
    samples = {("units.failed", ""): float(len(rows)), **restarts}
    return Reading(host, "units", at, samples, tuple(rows), source=source)


UNITS = Collector(
    name="units",
    title="Services",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=30.0,
    parse=parse,
    metrics=(
        Metric("units.failed", "units", "Services that failed", recent=True),
        Metric(
            "units.restarts",
            "restarts",
            "By systemd, of those that were started in the last 15 minutes",
            MetricKind.COUNTER,
            label="unit",
            trend=True,
        ),
    ),
)
