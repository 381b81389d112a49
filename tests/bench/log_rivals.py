"""Logs by opsdash and by what people use instead: lnav for a large file, ``ssh HOST tail -F`` of
many hosts piped together.

The file has a million lines, which both read whole and search for one in a thousand; opsdash does
so without its screen, and holds the last half million. Then 50 hosts, which are this machine, write
100 lines a second each: ``opsdash logs`` merges them in the order of time, and the ssh processes
write what comes into one pipe, as it comes. All figures of processor time are the client's alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from opsdash.collectors.log_files import Files
from opsdash.collectors.log_survey import Survey
from opsdash.config.expression import linear_expression
from opsdash.core.log_book import LogBook
from opsdash.core.log_filter import parse_log_filter
from opsdash.core.log_record import LogEntry, LogQuery
from opsdash.core.log_sieve import Sieve
from tests.bench.connecting import cost_of
from tests.bench.many_hosts import ManyHosts, many_hosts
from tests.bench.talking_logs import FOLLOW, Writer

LINES, NEEDLE = 1_000_000, "request 923[0-9]{3} "
PIECE_BYTES = 65_536
HOSTS, PER_HOST_PER_S, SETTLE_S, MEASURED_S = 50, 100, 15.0, 20.0
MARK = "m4rk"


def _large(path: Path) -> None:
    with path.open("w") as file:
        for number in range(LINES):
            stamp = (
                f"2026-11-28T{number // 41_700:02}:{number // 700 % 60:02}:{number // 12 % 60:02}"
            )
            client = f"10.0.{number % 256}.3"
            file.write(f"{stamp}.{number % 1000:03}000+00:00 web1 nginx[811]: client {client} ")
            file.write(f"request {number} took {number % 97} ms\n")


def _ours_of(path: Path) -> dict[str, float]:
    """The parser, the book and the filter of the program, in a process of their own."""
    argv = [sys.executable, "-m", "tests.bench.log_rivals", str(path)]
    cpu_s, _, said = cost_of(argv)
    loaded_s, filtered_s, found, rss_mb = map(float, said.split())
    return {
        "opsdash, load and filter, CPU (s)": cpu_s,
        "opsdash, load (lines/s)": LINES / loaded_s,
        "opsdash, filter (ms)": 1000 * filtered_s,
        "opsdash, found": found,
        "opsdash, memory (MB)": rss_mb,
    }


def load_and_filter(path: Path) -> str:
    """Seconds of both, how many lines were found, and megabytes."""
    began = time.process_time()
    source = Files("web1", [str(path)], LogQuery(), Survey(), MARK)
    source.script(follow=False)
    source.feed(f"\x1e{MARK} from 1 7 0\n".encode(), time.time())
    book: LogBook[LogEntry] = LogBook()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            book.add(source.feed(piece, time.time()))
    loaded = time.process_time()
    sieve = Sieve(book, parse_log_filter(f"/{NEEDLE}/", linear_expression, time.time()))
    while not sieve.complete:
        sieve.work(1.0)
    ended = time.process_time()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    rss_mb = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return f"{loaded - began} {ended - loaded} {len(sieve)} {rss_mb}"


def _lnav(path: Path) -> dict[str, float]:
    if shutil.which("lnav") is None:
        return {}
    whole_s, _, _ = cost_of(["lnav", "-N", "-n", "-c", ":filter-in no such text", str(path)])
    cpu_s, _, said = cost_of(["lnav", "-N", "-n", "-c", f":filter-in {NEEDLE}", str(path)])
    return {
        "lnav, load and filter, CPU (s)": cpu_s,
        "lnav, load and a filter that finds nothing, CPU (s)": whole_s,
        "lnav, found": float(len(said.splitlines())),
    }


def _cpu_s(pids: Sequence[int]) -> float:
    """Processor time of living processes."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _followed(argvs: Sequence[Sequence[str]], log: Path) -> tuple[float, float]:
    """Processor time a second of these commands while lines come, and lines that came a second."""
    with tempfile.TemporaryFile() as heard:
        running = [subprocess.Popen(argv, stdout=heard, stdin=subprocess.DEVNULL) for argv in argvs]
        pids = [one.pid for one in running]
        time.sleep(SETTLE_S)
        writer = Writer(log, PER_HOST_PER_S)
        time.sleep(SETTLE_S)
        cpu_s, bytes_before, began = (
            _cpu_s(pids),
            os.fstat(heard.fileno()).st_size,
            time.monotonic(),
        )
        time.sleep(MEASURED_S)
        took_s = time.monotonic() - began
        cpu_s = _cpu_s(pids) - cpu_s
        heard.seek(bytes_before)
        lines = heard.read().count(b"\n")
        writer.stop()
        for one in running:
            one.send_signal(signal.SIGINT)
        for one in running:
            one.wait(10)
    return cpu_s / took_s, lines / took_s


def _many(hosts: ManyHosts, folder: Path) -> dict[str, float]:
    config = hosts.write_ssh_config()
    figures: dict[str, float] = {}
    for name in ("opsdash", "ssh"):
        log = folder / f"{name}.log"
        log.touch()
        if name == "ssh":
            follow = FOLLOW.format(log)
            argvs = [["ssh", "-F", str(config), one, follow] for one in hosts.addresses.values()]
        else:
            hosts.write_hosts_file(30, FOLLOW.format(log))
            words = ["logs", "all", "--source", "app", "--follow"]
            hosts_file = ["--hosts", str(hosts.hosts_file)]
            argvs = [[sys.executable, "-m", "opsdash", *words, *hosts_file]]
        cpu, lines = _followed(argvs, log)
        figures |= {f"{name}, CPU (% of a core)": 100 * cpu, f"{name}, lines/s": lines}
    return figures


def run() -> dict[str, float]:
    """Seconds, lines, megabytes, percent, and ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = folder / "large.log"
        _large(large)
        figures = _ours_of(large) | _lnav(large)
        large.unlink()
        with many_hosts(HOSTS) as hosts:
            figures |= _many(hosts, folder)
    if theirs := figures.get("lnav, load and filter, CPU (s)"):
        ours = figures["opsdash, load and filter, CPU (s)"]
        figures["opsdash / lnav, load and filter, CPU"] = ours / theirs
    figures["opsdash / ssh, CPU"] = (
        figures["opsdash, CPU (% of a core)"] / figures["ssh, CPU (% of a core)"]
    )
    return figures


if __name__ == "__main__":
    sys.stdout.write(load_and_filter(Path(sys.argv[1])))
