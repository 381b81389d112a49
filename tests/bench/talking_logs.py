"""The page of logs while 200 hosts write 25 lines a second each: 5,000 lines/s, merged and painted.

All hosts are this machine, and each follows one file with a ``tail``, as a log that hosts.yaml
names (our own way to follow a file asks a host once a second, which 200 shells of one machine
feel). How much the program computes, what the terminal gets, and how fast keys are answered; the
same page is measured again when nobody writes any more.
"""

from __future__ import annotations

import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from tests.bench.many_hosts import many_hosts
from tests.bench.terminal import Screen
from tests.bench.whole_screen import percentile

HOSTS, LINES_PER_S, KEYS = 200, 25, 300
PAUSE_S, SETTLE_S, TICK_S = 0.1, 25.0, 0.2
FOLLOW = "exec tail -n 0 -F {}"
"""The log of each host."""


class Writer:
    """Appends so many lines a second to a file, as a daemon does, until it is told to stop."""

    def __init__(self, path: Path, lines_per_s: int) -> None:
        self._path, self._lines_per_s = path, lines_per_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        number = 0
        with self._path.open("a", buffering=1) as file:
            while not self._stop.wait(TICK_S):
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
                for _ in range(round(self._lines_per_s * TICK_S)):
                    number += 1
                    file.write(f"{stamp} host app[4711]: request {number} took {number % 97} ms\n")

    def stop(self) -> None:
        """No more lines."""
        self._stop.set()
        self._thread.join()


def _measured(screen: Screen, name: str) -> dict[str, float]:
    """CPU, bytes to the terminal, and milliseconds until keys are answered."""
    cpu_s, began, painted = screen.cpu_s, time.monotonic(), 0
    times = []
    for number in range(KEYS):
        times.append(1000 * screen.press(b"k" if number % 2 else b"j"))
        painted += screen.watch(PAUSE_S)
    seconds = time.monotonic() - began
    return {
        f"{name}, CPU (% of a core)": 100 * (screen.cpu_s - cpu_s) / seconds,
        f"{name}, to the terminal (kB/s)": painted / seconds / 1000,
        f"{name}, key to paint, p50 (ms)": percentile(times, 0.5),
        f"{name}, key to paint, p99 (ms)": percentile(times, 0.99),
        f"{name}, memory (MB)": screen.rss_mb,
    }


def run() -> dict[str, float]:
    """Percent of a core, kB/s, milliseconds, MB."""
    figures: dict[str, float] = {}
    with many_hosts(HOSTS) as hosts, tempfile.TemporaryDirectory() as home:
        log = Path(home) / "app.log"
        log.touch()
        hosts.write_hosts_file(30, FOLLOW.format(log))
        with closing(Screen.opsdash(Path(home), "--hosts", str(hosts.hosts_file))) as screen:
            screen.watch(SETTLE_S)
            writer = Writer(log, LINES_PER_S)
            for keys in (b"*", b":", b"logs source:app", b"\r", b"G"):
                screen.type(keys)
                screen.watch(1.0)
            screen.watch(SETTLE_S)
            figures |= _measured(screen, "talking")
            writer.stop()
            screen.watch(SETTLE_S)
            figures |= _measured(screen, "silent")
    return figures
