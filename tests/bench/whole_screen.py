"""A thousand hosts at 2 s in one process with the fleet view up, and how fast keys are answered.

Beside it the same screen with the same thousand rows and no fleet: the hosts' keys are unknown, so
nothing is connected and nothing is tried again. Keys go to both in turn. ``$OPSDASH_BENCH_MINUTES``
is how long the fleet runs (its memory is noted once a minute), ``$OPSDASH_BENCH_HOSTS`` its size.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench.many_hosts import ManyHosts, many_hosts
from tests.bench.terminal import Screen

HOSTS = int(os.environ.get("OPSDASH_BENCH_HOSTS", "1000"))
KEYS = 1000
PAUSE_S = 0.05
SETTLE_S = 60.0


def _silent(hosts: ManyHosts) -> Path:
    """A hosts file of the same hosts, none of whose keys is known."""
    path = hosts.folder / "silent.yaml"
    text = hosts.hosts_file.read_text().replace(str(hosts.known_hosts), str(hosts.folder / "none"))
    path.write_text(text)
    path.chmod(0o600)
    return path


def percentile(times: list[float], share: float) -> float:
    """The time that so large a share of them (0 to 1) does not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def _minutes(screen: Screen, minutes: int) -> list[tuple[float, float]]:
    """CPU in percent of a core and MB, for each of so many minutes."""
    found = []
    for _ in range(minutes):
        before, began = screen.cpu_s, time.monotonic()
        screen.watch(60)
        used = (screen.cpu_s - before) / (time.monotonic() - began)
        found.append((100 * used, screen.rss_mb))
        print(f"  {found[-1][0]:.1f} % {found[-1][1]:.0f} MB, load {os.getloadavg()[0]:.1f}")
    return found


def _keys(screens: dict[str, Screen]) -> dict[str, list[float]]:
    """Milliseconds until each key was answered, the screens in turn."""
    times: dict[str, list[float]] = {name: [] for name in screens}
    for number in range(KEYS):
        for name, screen in screens.items():
            times[name].append(1000 * screen.press(b"k" if number % 2 else b"j"))
            for other in screens.values():
                other.watch(PAUSE_S / len(screens))
    return times


def run() -> dict[str, float]:
    """Percent of a core, MB, milliseconds."""
    minutes = int(os.environ.get("OPSDASH_BENCH_MINUTES", "2"))
    with many_hosts(HOSTS) as hosts, tempfile.TemporaryDirectory() as home, ExitStack() as ending:
        fleet = Screen.opsdash(Path(home), "--hosts", str(hosts.hosts_file))
        ending.callback(fleet.close)
        fleet.watch(SETTLE_S)
        each = _minutes(fleet, minutes)
        figures = {
            "CPU (% of a core)": sum(cpu for cpu, _ in each) / len(each),
            "memory (MB)": max(mb for _, mb in each),
        }
        figures |= {f"memory, minute {i + 1} (MB)": mb for i, (_, mb) in enumerate(each)}
        with tempfile.TemporaryDirectory() as second_home:
            silent = Screen.opsdash(Path(second_home), "--hosts", str(_silent(hosts)))
            ending.callback(silent.close)
            silent.watch(SETTLE_S)
            times = _keys({"fleet": fleet, "no fleet": silent})
    for name, found in times.items():
        for share in (0.5, 0.99):
            figures[f"key to paint, {name}, p{100 * share:.0f} (ms)"] = percentile(found, share)
        figures[f"key to paint, {name}, max (ms)"] = max(found)
    with_fleet, without = (percentile(times[name], 0.99) for name in ("fleet", "no fleet"))
    figures["key to paint, p99, fleet / no fleet"] = with_fleet / without
    return figures
