"""Record what real hosts answer to the collectors, as cases. Run by hand, read what it wrote.

    python tests/record_cases.py INVENTORY.json HOST[,HOST...] [--case NAME] [--rules FILE]
        [COLLECTOR...]

INVENTORY.json maps a host's name to its address, user, key and known_hosts. The text is kept as it
came; `expect` is what parse() made of it on that day, so a person has to judge whether it is true.
"""

from __future__ import annotations

import argparse
import base64
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from opsdash.config.marked_yaml import load_marked
from opsdash.config.watch_rules_file import rules_in
from opsdash.core.discover import collectors
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, Tier, understand
from opsdash.core.reading import Output, Reading

HOME = Path(__file__).parent / "cases" / "collectors"
PATHS = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
ELAPSED_S = 2.0


@dataclass(frozen=True)
class Recorded:
    """An answer and what is needed to write it down."""

    output: Output
    fields: dict[str, Any]


class Block(str):
    """Text that YAML writes as it stands, one line below the other."""

    __slots__ = ()


def _write_block(dumper: yaml.SafeDumper, block: Block) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(block), style="|")


yaml.SafeDumper.add_representer(Block, _write_block)


def ssh(entry: dict[str, Any]) -> list[str]:
    """The ssh command that logs in to a host, through the one before it (`through`) if need be."""
    argv = ["ssh", "-i", entry["key"], "-o", f"UserKnownHostsFile={entry['known_hosts']}"]
    if "through" in entry:
        way = shlex.join([*ssh(entry["through"]), "-W", f"{entry['address']}:22"])
        argv += ["-o", f"ProxyCommand={way}"]
    return [*argv, "-o", "BatchMode=yes", f"{entry['user']}@{entry['address']}"]


def ask(entry: dict[str, Any], script: str, timeout_s: float = 60) -> tuple[bytes, int]:
    """Run a script as the transport would: on stdin of ``sh -s``, whatever the login shell is."""
    argv = [*ssh(entry), f"exec env LC_ALL=C {PATHS} sh -s"]
    done = subprocess.run(
        argv, input=script.encode(), capture_output=True, check=False, timeout=timeout_s
    )
    return done.stdout, done.returncode


def answer(data: bytes) -> dict[str, Any]:
    """An answer as text where that keeps it whole, else in base64."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        return {"output_base64": base64.b64encode(data).decode()}
    return {"output": Block(decoded)}


def read_files(entry: dict[str, Any], collector: Collector) -> dict[str, bytes]:
    """The files of a pulse collector with only the lines that its pattern keeps, by the host's awk.

    Two marks tell an empty file from one that is not there.
    """
    script = ""
    for read in collector.reads:
        wanted = f"/{read.keep}/" if read.keep else "1"
        script += f"[ -r {read.path} ] && {{ echo '@@ {read.path}'; "
        script += f"awk {shlex.quote(wanted)} {read.path}; }}\n"
    data, _ = ask(entry, script)
    files = {}
    for part in data.split(b"@@ ")[1:]:
        path, _, content = part.partition(b"\n")
        files[path.decode()] = content
    return files


def pulse(entry: dict[str, Any], collector: Collector) -> Recorded:
    files = read_files(entry, collector)
    return Recorded(
        Output(files=files),
        {"files": {path: Block(content.decode()) for path, content in files.items()}},
    )


def facts(entry: dict[str, Any], collector: Collector) -> Recorded:
    data, status = ask(entry, collector.command)
    fields = answer(data)
    if status:
        fields["status"] = status
    return Recorded(Output(data, status=status), fields)


def expectation(collector: Collector, reading: Reading, rates: dict[Any, float]) -> dict[str, Any]:
    """What the parser makes of it."""
    if reading.problem:
        return {"problem": str(reading.problem.kind)}
    samples = {**reading.samples, **rates}
    named = {f"{name}{{{label}}}" if label else name: v for (name, label), v in samples.items()}
    found: dict[str, Any] = {}
    if named:
        found["samples"] = {name: round(value, 4) for name, value in named.items()}
    if reading.rows or collector.tier is Tier.FACTS:
        found["rows"] = [dict(row) for row in reading.rows]
    return found


def record(entry: dict[str, Any], collector: Collector) -> dict[str, Any]:
    """One case: source, answer, expectation; two answers where rates are derived."""
    how = pulse if collector.tier is Tier.PULSE else facts
    what = " ".join(read.path for read in collector.reads) or "its command, as ops"
    case: dict[str, Any] = {"source": f"testbed {entry['name']} ({entry['os']}): {what}"}
    before = how(entry, collector) if collector.derive else None
    if before:
        subprocess.run(["sleep", str(ELAPSED_S)], check=True)
    now = how(entry, collector)
    reading = understand(collector, now.output, "h", 0.0)
    rates: dict[Any, float] = {}
    if before and collector.derive and not reading.problem:
        earlier = understand(collector, before.output, "h", 0.0)
        rates = collector.derive(earlier, reading, ELAPSED_S)
        case["before"] = {**before.fields, "elapsed_s": ELAPSED_S}
    return {**case, **now.fields, "expect": expectation(collector, reading, rates)}


def main() -> None:
    """Write ``cases/collectors/COLLECTOR/HOST[-NAME].yaml`` for each that was asked for."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("inventory", type=Path)
    arguments.add_argument("hosts")
    arguments.add_argument("collectors", nargs="*")
    arguments.add_argument("--case", default="")
    arguments.add_argument("--rules", type=Path, help="watch rules that hold for these hosts")
    chosen = arguments.parse_args()
    inventory = json.loads(chosen.inventory.read_text())
    rules = load_marked(chosen.rules, private=False) if chosen.rules else None
    watch = tuple(rules_in(rules).values()) if rules else ()
    for host in chosen.hosts.split(","):
        for name in chosen.collectors or collectors():
            case = record(inventory[host], collectors()[name].of(Host(host, watch=watch)))
            if rules:
                case = {"source": case["source"], "rules": rules.data["rules"], **case}
            suffix = f"-{chosen.case}" if chosen.case else ""
            path = HOME / name / f"{host}{suffix}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(case, sort_keys=False, allow_unicode=True, width=100))
            print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
