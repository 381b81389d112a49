"""Half a million lines of logs as the screen holds them: memory, and filters over all of them.

For each filter, and with the lines around: milliseconds until a screenful was found, and until all
lines were looked at.
"""

from __future__ import annotations

import resource
import time

from opsdash.config.expression import linear_expression
from opsdash.core.log_book import LogBook
from opsdash.core.log_filter import parse_log_filter
from opsdash.core.log_record import LogEntry, LogRecord
from opsdash.core.log_sieve import Sieve

LINES, HOSTS, SCREEN = 500_000, 200, 50
SLICE_S = 0.02
AROUND = (0, 10)
"""Lines of the same host that are shown around each."""

FILTERS = {
    "a word in all": "request",
    "a word in none": "nothing",
    "a word in fifteen": '"request 49999"',
    "errors": "prio>=err",
    "one host, an expression": "host:web7 /4[0-9]99 of/",
}


def _record(number: int) -> LogRecord:
    text = f"bind() to 0.0.0.0:443 failed for request {number} of client 10.0.{number % 256}.3"
    priority = 3 if number % 50 == 0 else 6
    host, pid = f"web{number % HOSTS}", number % 30_000
    at_s = 1_800_000_000.0 + number / 100
    return LogRecord(at_s, host, text, "journal", priority, "nginx", "nginx.service", pid)


def _searched(book: LogBook[LogEntry], text: str, around: int) -> tuple[float, float]:
    """Milliseconds until the first screen, and until all."""
    began = time.perf_counter()
    sieve = Sieve(book, parse_log_filter(text, linear_expression, time.time()), around=around)
    first: float | None = None
    while not sieve.complete:
        sieve.work(SLICE_S)
        if first is None and len(sieve) >= SCREEN:
            first = time.perf_counter() - began
    whole = time.perf_counter() - began
    return 1000 * (first if first is not None else whole), 1000 * whole


def run() -> dict[str, float]:
    """Milliseconds, MB."""
    book: LogBook[LogEntry] = LogBook()
    book.add(_record(number) for number in range(LINES))
    figures: dict[str, float] = {}
    for around in AROUND:
        for name, text in FILTERS.items():
            first, whole = _searched(book, text, around)
            what = f"{name}, {around} around" if around else name
            figures |= {f"{what}, first screen (ms)": first, f"{what}, all (ms)": whole}
    figures["memory (MB)"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures
