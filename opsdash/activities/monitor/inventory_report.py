"""The inventory of a fleet: as a table for eyes, as JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from opsdash.core.reading import Cell, Row
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.table import table
from opsdash.core.text import clean_line, shorten, size
from opsdash.core.utc import utc

SCHEMA = "opsdash-inventory-1"

Document = dict[str, object]

_MACHINE = ("vendor", "product", "board", "firmware", "boot", "virtual")
_SOFTWARE = ("init", "libc", "shell", "sh", "python")
_SERIALS = ("serial", "board_serial", "chassis_serial", "asset_tag")
_SYSTEM = ("id", "name", "version", "kernel", "arch", "hostname", "container")
_MODULE = ("slot", "size_bytes", "type", "mt_s", "maker", "part", "serial")
_DISK = ("name", "model", "serial", "medium", "removable")
_NIC = ("name", "mac", "driver", "mbit_s", "state")


def is_known(state: HostState) -> bool:
    """Whether the host told what it is made of."""
    reading = state.readings.get("inventory")
    return reading is not None and reading.problem is None


def document(snapshot: Snapshot, states: Iterable[HostState]) -> Document:
    """The report as JSON data: stable, versioned; see docs/inventory.schema.json."""
    return {
        "schema": SCHEMA,
        "generated_at": utc(snapshot.at),
        "source": snapshot.source or "this machine",
        "notices": [clean_line(text) for text in snapshot.notices],
        "hosts": [_host(state) for state in states],
    }


def _host(state: HostState) -> Document:
    """All of one host; of one that did not tell, only why."""
    head: Document = {
        "name": clean_line(state.name),
        "tags": sorted(map(clean_line, state.host.tags)),
        "problem": None if is_known(state) else why_unknown(state),
    }
    if not is_known(state):
        return head
    rows = state.rows("inventory")
    plate = _first(state, "nameplate")
    modules = [row for row in state.rows("nameplate") if row["kind"] == "module"]
    disks = [row for row in rows if row["kind"] == "disk"]
    return {
        **head,
        "os": _part(_first(state, "os"), _SYSTEM),
        "machine": {**_part(rows[0], _MACHINE), **_part(plate, _SERIALS)},
        "cpu": {
            "model": rows[0]["cpu"],
            **{name: _whole(state, name) for name in ("sockets", "cores", "threads")},
        },
        "memory": {
            "bytes": _whole(state, "memory_bytes"),
            "modules": [_part(row, _MODULE) for row in modules],
        },
        "disks": [
            {**_part(row, _DISK), "size_bytes": _whole(state, "disk_bytes", str(row["name"]))}
            for row in disks
        ],
        "nics": [_part(row, _NIC) for row in rows if row["kind"] == "nic"],
        "packages": {
            str(row["manager"]): row["number"] for row in rows if row["kind"] == "packages"
        },
        "software": {
            **_part(rows[0], _SOFTWARE),
            "runtimes": str(rows[0]["runtimes"]).split(),
        },
    }


def _first(state: HostState, collector: str) -> Row:
    return next(iter(state.rows(collector)), {})


def _part(row: Row, names: Iterable[str]) -> Document:
    """These fields; what is not known is null."""
    return {name: None if row.get(name) == "" else row.get(name) for name in names}


def _whole(state: HostState, name: str, label: str = "") -> int | None:
    value = state.value(f"inventory.{name}", label)
    return None if value is None else int(value)


def why_unknown(state: HostState) -> str:
    """In words why nothing is known of a host's make."""
    reading = state.readings.get("inventory")
    problem = state.link.broken_by if reading is None else reading.problem
    return "no answer in time" if problem is None else problem.text


HEADER = (
    *("host", "os", "version", "kernel", "arch", "container", "virtual", "vendor", "product"),
    *("serial", "firmware", "cpu", "sockets", "cores", "threads", "memory_bytes", "disks"),
    *("disk_bytes", "nics", "macs", "packages", "init", "libc", "python", "runtimes", "problem"),
)


def as_csv(states: Iterable[HostState]) -> str:
    """A header and a line per host; a cell that a spreadsheet would compute is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for state in states:
        cells = _flat(state)
        writer.writerow([_harmless(cells.get(name, "")) for name in HEADER])
    return text.getvalue()


def _flat(state: HostState) -> dict[str, object]:
    name = clean_line(state.name)
    if not is_known(state):
        return {"host": name, "problem": why_unknown(state)}
    rows, system = state.rows("inventory"), _first(state, "os")
    disks = state.labelled("inventory.disk_bytes")
    nics = [row for row in rows if row["kind"] == "nic"]
    numbers = {one: _whole(state, one) for one in ("sockets", "cores", "threads", "memory_bytes")}
    return {
        **rows[0],
        **{one: "" if number is None else number for one, number in numbers.items()},
        "host": name,
        "os": system.get("id", ""),
        **{one: system.get(one, "") for one in ("version", "kernel", "arch", "container")},
        "serial": _first(state, "nameplate").get("serial", ""),
        "disks": " ".join(disks),
        "disk_bytes": int(sum(disks.values())),
        "nics": " ".join(str(row["name"]) for row in nics),
        "macs": " ".join(str(row["mac"]) for row in nics),
        "packages": int(sum(state.labelled("inventory.packages").values())),
    }


def _harmless(cell: object) -> str:
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def as_table(states: Sequence[HostState]) -> list[str]:
    """A line per host, as wide as it takes."""
    header = ("HOST", "MACHINE", "CPU", "CORES", "MEM", "DISK", "OS", "KERNEL", "PACKAGES")
    return table(header, [_cells(state) for state in states])


def _cells(state: HostState) -> tuple[str, ...]:
    name = clean_line(state.name)
    if not is_known(state):
        return (name, f"? {why_unknown(state)}", *[""] * 7)
    host, system = state.rows("inventory")[0], _first(state, "os")
    whole = state.value("inventory.memory_bytes")
    cores = state.value("inventory.cores") or state.value("inventory.threads")
    disks = sum(state.labelled("inventory.disk_bytes").values())
    packages = sum(state.labelled("inventory.packages").values())
    return (
        name,
        shorten(_machine(host, system), 36),
        shorten(str(host["cpu"]), 40),
        f"{cores:.0f}" if cores else "",
        "" if whole is None else size(whole),
        size(disks) if disks else "",
        shorten(str(system.get("name", "")), 32),
        shorten(str(system.get("kernel", "")), 24),
        f"{packages:.0f}" if packages else "",
    )


def _machine(host: Row, system: Row) -> str:
    """Its maker's name for it; what kind of guest or container it is instead or before."""
    made = " ".join(str(host[name]) for name in ("vendor", "product") if host[name])
    kind: Cell = system.get("container") or host["virtual"]
    return f"{kind}: {made}" if kind and made else str(kind or made)
