"""The benchmarks, each by one command, their raw figures kept.

    python tests/bench/run.py [NAME...] [--runs 5]

Without names all of them. ``$OPSDASH_BENCH_PEERS`` is the bin folder of a virtualenv with
``clustershell``, ``parallel-ssh`` and ``ansible-core``; without it the peers are left out. Needs
OpenSSH's server, and nothing else that wants the processors: figures are processor time where that
is possible, and wall time says so.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"
NAMES = (
    "chart_cost",
    "first_frame",
    "folding_cost",
    "history_cost",
    "log_cost",
    "log_rivals",
    "log_search",
    "rewind_cost",
    "run_cost",
    "remote_cost",
    "sample_cost",
    "sample_cost_1000",
    "connecting",
    "talking_hosts",
    "talking_logs",
    "terminal_bytes",
    "whole_screen",
)
Figures = dict[str, float]


def _commit() -> str:
    """The commit, and whether what was measured differs from it."""

    def git(*words: str) -> str:
        return subprocess.check_output(["git", *words], cwd=ROOT, text=True).strip()

    changed = git("status", "--porcelain", "--", "opsdash", "tests/bench/*.py")
    return git("rev-parse", "--short", "HEAD") + (" and changes" if changed else "")


def _measure(name: str, runs: int) -> dict[str, object]:
    """All runs of one benchmark, with what a reader needs to judge them."""
    bench: Callable[[], Figures] = importlib.import_module(f"tests.bench.{name}").run
    done = []
    commit = _commit()
    for _ in range(runs):
        before = os.getloadavg()[0]
        figures = bench()
        done.append({"load_before": before, "load_after": os.getloadavg()[0], "figures": figures})
        print(f"{name}: " + ", ".join(f"{key} {value:.3g}" for key, value in figures.items()))
    return {
        "benchmark": name,
        "command": f"python tests/bench/run.py {name} --runs {runs}",
        "commit": commit,
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "runs": done,
    }


def _table(result: dict[str, object]) -> str:
    """Median and spread of each figure."""
    runs = result["runs"]
    assert isinstance(runs, list)
    lines = []
    for key in runs[0]["figures"]:
        values = [run["figures"][key] for run in runs if key in run["figures"]]
        spread = f"{min(values):.3g} to {max(values):.3g}"
        lines.append(f"{key:48} {statistics.median(values):>9.3g}   {spread} ({len(values)} runs)")
    return "\n".join(lines)


def main() -> None:
    """Run, keep, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("names", nargs="*", default=list(NAMES), metavar="NAME")
    arguments.add_argument("--runs", type=int, default=5)
    asked = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and screens are ended
    RESULTS.mkdir(exist_ok=True)
    for name in asked.names:
        result = _measure(name, asked.runs)
        path = RESULTS / f"{name}.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(_table(result))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
