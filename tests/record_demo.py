"""Record what real hosts answer, for ``opsdash --demo``. Run by hand on the test fleet.

    python -m tests.record_demo INVENTORY.jsonl HOST[,HOST...] \\
        [--testbed FOLDER --faults HOST=FAULT...]

Each host gives a minute of everything that the pulse reads (whole files, so that a later collector
finds its lines too) and one output of each facts collector. With the test fleet's tools each
HOST=FAULT is switched on, and what the facts say differently then is kept beside. A collector that
was added later needs no more than another run.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from base64 import b85encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from opsdash.core.discover import collectors
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Output
from opsdash.transport.demo.tapes import digest
from opsdash.transport.frames import pulse_files
from tests.fleet.testbed import Testbed
from tests.record_cases import ask

TARGET = Path(__file__).parents[1] / "opsdash" / "transport" / "demo" / "recordings.json.gz"
BEATS, INTERVAL_S = 30, 2
SETTLE_S = 8.0
"""Seconds that a fault gets to show before its facts are asked for."""

ALSO = (
    "/proc/stat",
    "/proc/vmstat",
    "/proc/net/sockstat",
    "/proc/net/snmp",
    "/proc/net/netstat",
    "/proc/sys/fs/file-nr",
    "/proc/pressure/cpu",
    "/proc/pressure/memory",
    "/proc/pressure/io",
)
"""Files that no pulse collector has to read today, and one may read tomorrow."""

Host = dict[str, Any]


def text(data: bytes) -> str | dict[str, str]:
    """Bytes for JSON: as text where that keeps them whole."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"b85": b85encode(data).decode()}


def pulses(entry: Host) -> dict[str, list[str | dict[str, str] | None]]:
    """By file its content at each beat; None where it is as it was at the beat before."""
    known = pulse_files(c for c in collectors().values() if c.tier is Tier.PULSE)
    paths = list(dict.fromkeys([*known, *ALSO]))
    reads = "".join(f"[ -r {path} ] && {{ echo '@@ {path}'; cat {path}; }}\n" for path in paths)
    one = f"echo '@@ next'\n{reads}sleep {INTERVAL_S}\n"
    data, _ = ask(entry, f"i=0\nwhile [ $i -lt {BEATS} ]; do i=$((i+1))\n{one}done\n", 120)
    found: dict[str, list[str | dict[str, str] | None]] = {}
    last: dict[str, bytes] = {}
    for number, beat in enumerate(data.split(b"@@ next\n")[1:]):
        for part in beat.split(b"@@ ")[1:]:
            name, _, content = part.partition(b"\n")
            path = name.decode()
            if path == "/proc/stat":  # the line of all interrupts is long and nobody reads it
                lines = content.splitlines(keepends=True)
                content = b"".join(line for line in lines if not line.startswith(b"intr "))
            row = found.setdefault(path, [None] * number)
            row.append(None if last.get(path) == content else text(content))
            last[path] = content
    return found


def facts(entry: Host) -> dict[str, Output]:
    """The output of each collector with a command, as the login's user gets it."""
    found = {}
    for collector in collectors().values():
        if collector.tier is not Tier.PULSE:
            found[collector.name] = answer(entry, collector)
    return found


def answer(entry: Host, collector: Collector) -> Output:
    """One command's output, cut as the transport would cut it."""
    data, status = ask(entry, collector.command)
    if len(data) > collector.max_bytes:
        raise SystemExit(f"{entry['name']}: {collector.name} says more than may be said")
    return Output(data, status=status)


def written(outputs: dict[str, Output]) -> dict[str, Any]:
    """Outputs for JSON."""
    return {
        name: {
            "data": text(output.data),
            "status": output.status,
            "command": digest(collectors()[name].command),
        }
        for name, output in outputs.items()
    }


def record(entry: Host) -> dict[str, Any]:
    """All of one healthy host."""
    print(f"recording {entry['name']}", file=sys.stderr)
    return {
        "os": entry["os"],
        "init": entry["init"],
        "facts": written(facts(entry)),
        "pulses": pulses(entry),
        "faults": {},
    }


def record_fault(testbed: Testbed, entry: Host, fault: str, healthy: Host) -> dict[str, Any]:
    """The facts that a fault changes."""
    print(f"recording {entry['name']} with {fault}", file=sys.stderr)
    with testbed.with_fault(entry["name"], fault):
        time.sleep(SETTLE_S)
        sick = written(facts(entry))
    return {name: output for name, output in sick.items() if output != healthy["facts"].get(name)}


def inventory(path: Path) -> dict[str, Host]:
    """The hosts of an inventory by name, each with the way through its jump host."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("{")]
    hosts: dict[str, Host] = {host["name"]: host for host in map(json.loads, lines)}
    for host in hosts.values():
        if host.get("jump"):
            host["through"] = hosts[host["jump"]]
    return hosts


def main() -> None:
    """Write the recordings that the package ships."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("inventory", type=Path)
    arguments.add_argument("hosts")
    arguments.add_argument("--testbed", type=Path)
    arguments.add_argument("--faults", nargs="*", default=[], metavar="HOST=FAULT")
    chosen = arguments.parse_args()
    hosts = inventory(chosen.inventory)
    names = chosen.hosts.split(",")
    with ThreadPoolExecutor(len(names)) as pool:
        recorded = dict(zip(names, pool.map(record, [hosts[name] for name in names]), strict=True))
    for wanted in chosen.faults:
        name, _, fault = wanted.partition("=")
        testbed = Testbed(dict(hosts), chosen.testbed)
        sick = record_fault(testbed, hosts[name], fault, recorded[name])
        recorded[name]["faults"][fault] = sick
    plain = json.dumps(recorded, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(plain.encode(), mtime=0))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes of {len(plain)}", file=sys.stderr)


if __name__ == "__main__":
    main()
