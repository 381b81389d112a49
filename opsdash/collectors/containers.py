"""Containers of docker and podman: which there are, how they are, what they take."""

from __future__ import annotations

import re
from dataclasses import replace

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

MOST = 150

# Only an engine that runs is asked, at its own socket: DOCKER_HOST or a context of the user's may
# point to another machine, and as root nothing is read that a user may have written. Rootless
# podman leaves a process of its own behind unless one is there already, so without one it is not
# asked. Podman under the name of docker has no socket of its own. A warning is no container.
# Memory and CPU are read from the cgroups, of either version: `stats` costs the engine seconds.
COMMAND = r"""
me=$(id -u); asked=
run=${XDG_RUNTIME_DIR:-/run/user/$me}
DOCKER_CONFIG=/nonexistent; export DOCKER_CONFIG
unset DOCKER_HOST DOCKER_CONTEXT CONTAINER_HOST CONTAINERS_CONF
if [ "$me" = 0 ]; then run=/run/user/0; HOME=/root; unset XDG_CONFIG_HOME XDG_DATA_HOME; fi
ask() {
  engine=$1; shift
  if told=$("$@" ps -a --no-trunc --format '{{.ID}}|{{.Names}}|{{.Image}}|{{.Status}}' 2>&1)
  then
    echo "asked|$engine"; asked=1
    told=$(printf '%s\n' "$told" | grep -E '^[0-9a-f]{64}[|]' | head -n MOST)
    [ -z "$told" ] || printf '%s\n' "$told" | sed "s/^/is|$engine|/"
    ids=$(printf '%s\n' "$told" | cut -d'|' -f1)
    [ -z "$ids" ] || "$@" inspect --type container --format \
      'ran|{{.ID}}|{{.RestartCount}}|{{.State.OOMKilled}}' $ids 2>/dev/null
  else
    echo "failed|$engine|$(printf '%s' "$told" | tail -n 1)"
  fi
}
usage() {
  for dir in $groups; do
    id=${dir##*/}; id=${id#docker-}; id=${id#libpod-}; id=${id%.scope}
    used=; memory=
    if [ "$top" = /sys/fs/cgroup ]; then
      while read -r name value; do [ "$name" != usage_usec ] || used=$value; done <"$dir/cpu.stat"
      read -r memory <"$dir/memory.current"
    else
      read -r memory <"$dir/memory.usage_in_bytes"
      read -r used <"/sys/fs/cgroup/cpuacct${dir#"$top"}/cpuacct.usage" && used=$((used / 1000))
    fi
    read -r up idle </proc/uptime
    echo "uses|$id|$up|$used|$memory"
  done 2>/dev/null
}
echo '== containers'
if command -v docker >/dev/null 2>&1; then
  for socket in /var/run/docker.sock "$run/docker.sock"; do
    [ -S "$socket" ] || continue
    if [ -w "$socket" ]; then ask docker docker -H "unix://$socket"; else echo 'denied|docker'; fi
  done
fi
if command -v podman >/dev/null 2>&1; then
  pause=
  read -r pause 2>/dev/null <"$run/libpod/tmp/pause.pid"
  if [ "$me" = 0 ]; then [ ! -d /var/lib/containers/storage ] || ask podman podman
  else
    if [ -n "$pause" ] && [ -d "/proc/$pause" ]; then ask podman podman; fi
    [ ! -d /var/lib/containers/storage ] || echo 'denied|podman'
  fi
fi
echo '== usage'
top=/sys/fs/cgroup
groups=
[ -r "$top/cgroup.controllers" ] || top=/sys/fs/cgroup/memory
[ -z "$asked" ] || groups=$(find "$top" -maxdepth 8 -type d \
  \( -name 'docker-*.scope' -o -name 'libpod-*.scope' -o -path '*/docker/*' \
  -o -path '*/libpod_parent/*' \) 2>/dev/null \
  | grep -E '/(docker|libpod|docker/|libpod_parent/libpod)-?[0-9a-f]{64}(\.scope)?$' | head -n MOST)
[ -z "$groups" ] || { usage; sleep 1; usage; }
echo '== end'
""".replace("MOST", str(MOST))

_ENDED = re.compile(r"^(exited|restarting) \((-?\d+)\)", re.IGNORECASE)
_HEALTH = re.compile(r"\((healthy|unhealthy|(?:health: )?starting)\)")


@knows("the list of containers")
def parse(output: Output, host: str, at: float) -> Reading:
    """As the login may see them: through its groups, and its own."""
    return _containers(output, host, at, "containers")


@knows("the list of containers")
def parse_as_root(output: Output, host: str, at: float) -> Reading:
    """As root sees them: all but those of single users."""
    return _containers(output, host, at, "engines")


def _containers(output: Output, host: str, at: float, collector: str) -> Reading:
    """A row per container (`kind` ``container``) and per engine that did not answer (``engine``,
    with its words, or none where it may not be asked); cores used and memory in bytes by name.
    """
    found = sections(output.data)
    section(found, "end")
    rows: dict[str, Row] = {}
    engines: list[Row] = []
    asked: list[str] = []
    for line in section(found, "containers"):
        kind, _, rest = line.partition("|")
        if kind == "is":
            engine, key, name, image, status = rest.split("|", 4)
            rows.setdefault(key, {"engine": engine, "name": name, "image": image, **_how(status)})
        elif kind == "ran":
            key, restarts, killed = rest.split("|")
            if key in rows:
                more: Row = {"restarts": int(restarts), "out_of_memory": killed == "true"}
                rows[key] = {**rows[key], **more}
        elif kind in ("denied", "failed"):
            engine, _, said = rest.partition("|")
            engines.append({"kind": "engine", "engine": engine, "said": said or ""})
        elif kind == "asked":
            asked.append(rest)
        else:
            raise BadOutput("a line about containers that nobody knows")
    samples = {
        (metric, str(rows[key]["name"])): value
        for (metric, key), value in _usage(section(found, "usage"), collector).items()
        if key in rows
    }
    samples[f"{collector}.seen", ""] = float(len(rows))
    made = (*engines, *rows.values())
    source = f"{' and '.join(asked)} ps, cgroups" if asked else "no docker or podman to ask"
    return Reading(host, collector, at, samples, made, source=source)


def _how(status: str) -> Row:
    """A status in the engines' own words (``Up 2 hours (unhealthy)``), taken apart."""
    words = status.split()
    state = words[0].lower() if words else ""
    ended, health = _ENDED.match(status), _HEALTH.search(status)
    if state == "up":
        state = "paused" if "(Paused)" in status else "running"
    return {
        "kind": "container",
        "state": state,
        "health": health[1].removeprefix("health: ") if health else "",
        "exit_code": int(ended[2]) if ended else None,
        "status": status,
        "restarts": 0,
        "out_of_memory": False,
    }


def _usage(lines: list[str], collector: str) -> dict[SampleKey, float]:
    """Memory by id, and of two looks the cores that were busy in between."""
    samples: dict[SampleKey, float] = {}
    first: dict[str, tuple[float, float]] = {}
    for line in lines:
        _, key, up, used, memory = line.split("|")
        if memory:
            samples[f"{collector}.memory_bytes", key] = float(int(memory))
        if not used:
            continue
        up_s, used_s = float(up), float(int(used)) / 1e6
        if key not in first:
            first[key] = (up_s, used_s)
            continue
        passed_s = up_s - first[key][0]
        if passed_s > 0:
            samples[f"{collector}.cores", key] = max(0.0, (used_s - first[key][1]) / passed_s)
    return samples


def _metrics(name: str) -> tuple[Metric, ...]:
    return (
        Metric(f"{name}.seen", "containers", "Containers that there are, running or not"),
        Metric(f"{name}.cores", "cores", "Cores that one keeps busy", label="container"),
        Metric(f"{name}.memory_bytes", "bytes", "Memory that one has", label="container"),
    )


CONTAINERS = Collector(
    name="containers",
    title="Containers",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=15.0,
    timeout_s=10.0,
    max_bytes=196_608,
    parse=parse,
    metrics=_metrics("containers"),
)

ENGINES = replace(
    CONTAINERS,
    name="engines",
    title="Containers, as root",
    every_s=60.0,
    parse=parse_as_root,
    metrics=_metrics("engines"),
    needs_root=True,
)
