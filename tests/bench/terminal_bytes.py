"""What the terminal gets: bytes per second at 160x50, of a quiet screen and of 200 hosts at 2 s.

The 200 hosts are those of ``--demo``: their values move as real ones do and incidents come and go,
while hosts on this machine would all show its own load, the same at once.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.many_hosts import many_hosts
from tests.bench.terminal import Screen

SETTLE_S, SECONDS = 12, 20


def _bytes_per_s(*arguments: str) -> float:
    with tempfile.TemporaryDirectory() as home:
        screen = Screen.opsdash(Path(home), *arguments)
        try:
            screen.wait_for(b"HOST", 60)
            screen.watch(SETTLE_S)
            return screen.watch(SECONDS) / SECONDS
        finally:
            screen.close()


def run() -> dict[str, float]:
    """Bytes per second."""
    with many_hosts(1) as hosts:
        hosts.write_hosts_file(interval_s=3600)
        idle = _bytes_per_s("--hosts", str(hosts.hosts_file))
    return {
        "idle (B/s)": idle,
        "200 hosts at 2 s (B/s)": _bytes_per_s("--demo", "200"),
        "200 hosts at 2 s, low bandwidth (B/s)": _bytes_per_s("--demo", "200", "--low-bandwidth"),
    }
