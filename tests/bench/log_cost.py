"""What a line of a log costs: 200 hosts merged in order, and half a million lines held.

The hosts are made up: bytes as journalctl and rsyslog write them go through the parsers, the filter
and the merger as in the program; SSH is not among it (see talking_hosts.py for what a byte costs).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from opsdash.collectors.log_files import Files
from opsdash.collectors.log_journal import Journal
from opsdash.collectors.log_lines import LogSource
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogQuery
from opsdash.engine.log_merger import Lane, Merger
from opsdash.engine.log_wanted import Wanted
from opsdash.transport.demo.journal import SLOT_S, journal_lines

HOSTS, TICKS, PER_TICK = 200, 100, 5
"""A hundred tenths of a second of 10,000 lines/s."""

HELD = 500_000
BEGAN = 1_795_851_000.0
MARK = b"\x1em4rk "


def _entries(host: int, count: int) -> list[bytes]:
    """Lines of a made-up host's journal, with the fields that real ones have."""
    found: list[bytes] = []
    for line in journal_lines(("bench", host), BEGAN, 0.0, count * SLOT_S * 4):
        fields = json.loads(line)
        fields["__CURSOR"] = (
            "s=fbabbe40d9c4408ebbb5d29127d595a4;i=1b6;b=a1b68b46904a40f3afc1846a44ea4491;"
            f"m=a8cfc2c3;t={len(found):013x};x=8cac004beaaca5c7"
        )
        fields |= {"_BOOT_ID": "a1b68b46904a40f3afc1846a44ea4491", "_TRANSPORT": "syslog"}
        fields |= {"__MONOTONIC_TIMESTAMP": "2832188099", "_COMM": fields["SYSLOG_IDENTIFIER"]}
        found.append(json.dumps(fields, separators=(",", ":")).encode() + b"\n")
    return (found * (count // max(1, len(found)) + 1))[:count]


def _syslog(host: int, count: int) -> list[bytes]:
    """Lines as rsyslog writes them."""
    form = "2026-11-28T07:{:02}:{:02}.{:06}+00:00 web{} nginx[{}]: GET /shop/{} 200\n"
    return [form.format(n // 60 % 60, n % 60, n, host, n, n * 7).encode() for n in range(count)]


def _merged(sources: list[LogSource], lines: list[list[bytes]]) -> tuple[float, int]:
    """CPU seconds of taking it all in and giving it out in order, and how many lines it was."""
    clock = [BEGAN]
    merger = Merger(lambda: clock[0])
    lanes: list[tuple[LogSource, Lane, Wanted, Iterator[bytes]]] = []
    for number, source in enumerate(sources):
        lane = merger.lane(f"web{number}", source.name, 0.0)
        lane.older, lane.drops = False, True
        source.script(follow=True)
        chunks: Iterator[bytes] = (
            b"".join(lines[number][at : at + PER_TICK])
            for at in range(0, len(lines[number]), PER_TICK)
        )
        lanes.append((source, lane, Wanted(LogQuery(), 0.0), chunks))
        source.feed(MARK + b"from 1 7 0\n" if isinstance(source, Files) else b"", BEGAN)
    given = 0
    began = time.process_time()
    for _ in range(TICKS):
        clock[0] += 0.1
        for source, lane, wanted, coming in lanes:
            lane.put(wanted.of(source.feed(next(coming), clock[0])), clock[0])
        given += len(merger.take(1_000_000))
    for _, lane, _, _ in lanes:
        lane.over = True
    given += len(merger.take(10_000_000))
    return time.process_time() - began, given


def _journals() -> tuple[list[LogSource], list[list[bytes]]]:
    sources: list[LogSource] = [
        Journal(f"web{n}", LogQuery(), Survey(picks_fields=True), BEGAN) for n in range(HOSTS)
    ]
    return sources, [_entries(n, TICKS * PER_TICK) for n in range(HOSTS)]


def _files() -> tuple[list[LogSource], list[list[bytes]]]:
    sources: list[LogSource] = [
        Files(f"web{n}", ["/var/log/syslog"], LogQuery(), Survey(), "m4rk") for n in range(HOSTS)
    ]
    return sources, [_syslog(n, TICKS * PER_TICK) for n in range(HOSTS)]


def _rss_bytes() -> int:
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if "VmRSS" in line)


def held() -> float:
    """Megabytes that half a million lines of 200 hosts take."""
    records: list[LogEntry] = []
    before = _rss_bytes()
    for number in range(HOSTS):
        source = Journal(f"web{number}", LogQuery(), Survey(), BEGAN)
        for line in _entries(number, HELD // HOSTS):
            records += source.feed(line, BEGAN)
    return (_rss_bytes() - before) / 1e6 if len(records) >= HELD else float("nan")


def run() -> dict[str, float]:
    """Figures: CPU per 1,000 lines, and memory, the latter in a process of its own."""
    figures = {}
    for name, made in (("journal", _journals), ("files", _files)):
        spent_s, given = _merged(*made())
        figures[f"{name}: CPU per 1,000 merged lines of 200 hosts (ms)"] = spent_s / given * 1e6
        figures[f"{name}: of one core at 5,000 lines/s"] = spent_s / given * 5_000
    code = "from tests.bench.log_cost import held; print(held())"
    found = subprocess.check_output([sys.executable, "-c", code])
    figures["500,000 lines held (MB)"] = float(found)
    return figures
