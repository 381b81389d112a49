"""The job page while 200 hosts print 100 lines a second each: how fast keys are answered.

The same page is measured again when the job was called off, and nobody prints any more. Hosts and
program share this machine's cores.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.bench.many_hosts import many_hosts
from tests.bench.terminal import Screen
from tests.bench.whole_screen import percentile

HOSTS, LINES, KEYS = 200, 100, 400
PAUSE_S, SETTLE_S = 0.1, 20.0
FOR_S = 300
LINE = "a line of the usual length, as a log has it: sshd[4711]: accepted, and so on"
TALK = f"while :; do printf '{LINE} %s\\n' $(seq {LINES}); sleep 1; done"


def _keys(screen: Screen) -> list[float]:
    """Milliseconds until each key was answered."""
    times = []
    for number in range(KEYS):
        times.append(1000 * screen.press(b"k" if number % 2 else b"j"))
        screen.watch(PAUSE_S)
    return times


def _typed(screen: Screen, *keys: str) -> None:
    """Press keys one after the other, as a person does."""
    for key in keys:
        screen.type(key.encode())
        screen.watch(1.0)


def run() -> dict[str, float]:
    """Milliseconds, percent of a core, MB."""
    figures: dict[str, float] = {}
    with many_hosts(HOSTS) as hosts, tempfile.TemporaryDirectory() as home:
        hosts.write_hosts_file(interval_s=30)
        with closing(Screen.opsdash(Path(home), "--hosts", str(hosts.hosts_file))) as screen:
            screen.watch(SETTLE_S)
            command = f"--timeout {FOR_S}s --at-a-time {HOSTS} {TALK}"
            _typed(screen, "*", "r", command, "\r", str(HOSTS), "\r")
            screen.watch(SETTLE_S)
            for name in ("talking", "silent"):
                cpu_s, began = screen.cpu_s, time.monotonic()
                times = _keys(screen)
                used = (screen.cpu_s - cpu_s) / (time.monotonic() - began)
                figures |= {
                    f"{name}, key to paint, p50 (ms)": percentile(times, 0.5),
                    f"{name}, key to paint, p99 (ms)": percentile(times, 0.99),
                    f"{name}, CPU (% of a core)": 100 * used,
                    f"{name}, memory (MB)": screen.rss_mb,
                }
                _typed(screen, "\x03")
                screen.watch(SETTLE_S)
    return figures
