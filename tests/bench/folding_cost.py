"""What it costs to fold the outputs of a thousand hosts, and to tell how two megabytes differ."""

from __future__ import annotations

import time
from collections.abc import Callable

from opsdash.core.folding import Output, fold
from opsdash.core.job import HostRun, Result, RunState
from opsdash.core.output_lines import diff_lines
from opsdash.core.volatile import Volatile

HOSTS, LINES = 1000, 100


def _runs(text: Callable[[int, int], str]) -> list[HostRun]:
    """Each with 100 lines of some 100 characters."""
    runs = []
    for host in range(HOSTS):
        out = "".join(f"{text(host, line):<99.99}\n" for line in range(LINES)).encode()
        runs.append(HostRun(f"web{host}", RunState.DONE, (Result(0, out),)))
    return runs


def _ms(call: Callable[[], object], times: int = 5) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return round(min(took) * 1000, 2)


def run() -> dict[str, float]:
    """Figures in milliseconds of wall time, the best of five."""
    names = [f"web{host}" for host in range(HOSTS)]
    alike = _runs(lambda host, line: f"line {line} {host % 4}")
    each = _runs(lambda host, line: f"line {line} {host}")
    dated = _runs(
        lambda host, line: f"Nov 27 14:{line % 60:02}:{host % 60:02} web{host} cron[{line}]: run"
    )
    old = Output(b"".join(b"line %d of it\n" % n for n in range(70_000)))
    new = Output(b"".join(b"row %d of it\n" % n for n in range(70_000)))
    return {
        "fold_4_answers_ms": _ms(lambda: fold(alike)),
        "fold_1000_answers_ms": _ms(lambda: fold(each)),
        "fold_4_answers_masked_ms": _ms(lambda: fold(alike, Volatile(names).mask)),
        "fold_dated_masked_ms": _ms(lambda: fold(dated, Volatile(names).mask)),
        "diff_megabytes_ms": _ms(lambda: diff_lines(old, new)),
    }
