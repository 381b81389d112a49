"""The section of the host page that says what the host is made of, and what is installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from opsdash.activities.monitor.host_demand import as_root
from opsdash.activities.monitor.host_sections import LABEL, Page, freshness, head, label, missing
from opsdash.core.reading import Row
from opsdash.core.text import clean_line, count, size
from opsdash.widgets.line import Line, Span, line, wrap

MOST = 12
"""Disks and network cards that are listed."""

_DISK_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"))


def inventory_section(page: Page) -> list[Line]:
    """Hardware first, then software; what is not known has no line."""
    reading = page.reading("inventory")
    if reading is None or reading.problem is not None:
        return missing(page, "INVENTORY", "inventory")
    root = as_root(page, "nameplate")
    told = next((row for row in root.rows if row["kind"] == "host"), {}) if root else {}
    modules = [row for row in root.rows if row["kind"] == "module"] if root else []
    host = reading.rows[0]
    disks = [row for row in reading.rows if row["kind"] == "disk"]
    nics = [row for row in reading.rows if row["kind"] == "nic"]
    packages = [row for row in reading.rows if row["kind"] == "packages"]
    facts = [
        ("machine", machine(host)),
        ("serial", serials(told)),
        ("firmware", _words(host["firmware"], host["boot"])),
        ("virtual", str(host["virtual"])),
        ("cpu", processors(page, host)),
        ("memory", memory(page, modules)),
        *(("disk", disk(row, page.state.value(SIZE, str(row["name"])))) for row in disks[:MOST]),
        *([("", count(len(disks) - MOST, "more disk"))] if len(disks) > MOST else ()),
        *(("nic", nic(row)) for row in nics[:MOST]),
        *([("", count(len(nics) - MOST, "more network card"))] if len(nics) > MOST else ()),
        ("packages", ", ".join(f"{row['number']} {row['manager']}" for row in packages)),
        ("init", str(host["init"])),
        ("libc", str(host["libc"])),
        ("python", str(host["python"])),
        ("shell", _words(host["shell"], host["sh"] and f"(sh is {host['sh']})")),
        ("runtimes", str(host["runtimes"])),
    ]
    lines = [line(head("INVENTORY"), *freshness(page, "inventory"))]
    for name, text in facts:
        lines += _wrapped(page, name, text)
    return lines


SIZE = "inventory.disk_bytes"


def _wrapped(page: Page, name: str, text: str) -> list[Line]:
    if not text.strip():
        return []
    first, *more = wrap(clean_line(text), page.width - LABEL)
    return [line(label(name), Span(first)), *(line(label(""), Span(part)) for part in more)]


def _words(*parts: object) -> str:
    return " ".join(str(part) for part in parts if part)


def machine(host: Row) -> str:
    """Maker, model and board."""
    board = host["board"]
    return _words(host["vendor"], host["product"], board and f"(board {board})")


def serials(told: Row) -> str:
    """The numbers on its plate; each number once."""
    names = (("", "serial"), ("board ", "board_serial"), ("chassis ", "chassis_serial"))
    shown: dict[str, str] = {}
    for before, key in (*names, ("asset tag ", "asset_tag")):
        if value := str(told.get(key) or ""):
            shown.setdefault(value, f"{before}{value}")
    return ", ".join(shown.values())


def processors(page: Page, host: Row) -> str:
    """``2 × Intel Xeon Gold 6230, 40 cores, 80 threads``."""
    value = page.state.value
    sockets, cores, threads = (
        int(value(f"inventory.{name}") or 0) for name in ("sockets", "cores", "threads")
    )
    model = str(host["cpu"]) or "unknown model"
    many = f"{sockets} \N{MULTIPLICATION SIGN} " if sockets > 1 else ""
    parts = [f"{many}{model}"]
    parts += [count(cores, "core")] if cores else []
    parts += [count(threads, "thread")] if threads and threads != cores else []
    return ", ".join(parts)


def memory(page: Page, modules: Iterable[Row]) -> str:
    """All of it, and which modules where root has looked: ``12 × 32G DDR4 2933 MT/s Samsung``."""
    whole = page.state.value("inventory.memory_bytes")
    alike = Counter(_module(row) for row in modules)
    kinds = [f"{n} \N{MULTIPLICATION SIGN} {kind}" for kind, n in alike.items()]
    slots = page.state.value("nameplate.slots")
    free = f" ({sum(alike.values())} of {slots:.0f} slots)" if slots and kinds else ""
    modules_told = ": " + ", ".join(kinds) + free if kinds else ""
    return "" if whole is None else size(whole) + modules_told


def _module(row: Row) -> str:
    held = row["size_bytes"]
    speed = row["mt_s"] and f"{row['mt_s']} MT/s"
    of = size(held) if isinstance(held, float) else ""
    return _words(of, row["type"], speed, row["maker"], row["part"])


def disk(row: Row, bytes_of: float | None) -> str:
    """``sda 960 GB SSD SAMSUNG MZ7LH960``: as its maker counts, in powers of ten."""
    removable = "removable" if row["removable"] else ""
    whole = "" if bytes_of is None else decimal(bytes_of)
    serial = row["serial"] and f"serial {row['serial']}"
    return _words(row["name"], whole, row["medium"], row["model"], serial, removable)


def decimal(number: float) -> str:
    """Bytes as makers of disks count them: ``960 GB``, ``1.9 TB``."""
    for unit, name in _DISK_UNITS:
        if number >= unit:
            value = number / unit
            return f"{value:.1f} {name}" if value < 9.95 else f"{value:.0f} {name}"
    return f"{number:.0f} B"


def nic(row: Row) -> str:
    """``eno1 ixgbe 10000 Mbit/s f4:02:70:aa:bb:cc``."""
    up = row["state"] == "up"
    speed = f"{row['mbit_s']} Mbit/s" if row["mbit_s"] else "up" if up else str(row["state"])
    return _words(row["name"], row["driver"], speed if up else row["state"], row["mac"])
