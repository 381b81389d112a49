"""The section of the host page about disks and what is made of them, as root sees it."""

from __future__ import annotations

from collections.abc import Callable

from opsdash.activities.monitor.host_sections import Page, freshness, head, label, missing
from opsdash.core.reading import Row
from opsdash.core.text import clean_line, count, duration, percent, size
from opsdash.widgets.line import Line, Role, Span, line

LISTED = 8
"""Disks that are shown, the worst first: a server has dozens."""

_FIGURES: dict[str, Callable[[float], str]] = {
    "bad_sectors": lambda value: f"{value:.0f} unreadable" if value else "",
    "reallocated_sectors": lambda value: f"{value:.0f} replaced" if value else "",
    "media_errors": lambda value: f"{value:.0f} media errors" if value else "",
    "worn_ratio": lambda value: f"worn {percent(value)}",
    "celsius": lambda value: f"{value:.0f} C",
    "hours": lambda value: f"on for {duration(value * 3600)}",
}
_ORDER = {"failed": 0, "unreadable": 1, "ok": 2, "asleep": 3}
_WORDS = {"ok": "well", "failed": "FAILS", "asleep": "asleep", "unreadable": "tells nothing"}


def storage_section(page: Page) -> list[Line]:
    """Disks with the worst first, pools, volumes and groups; nothing where there are none, as in a
    container: what it sees are the machine's.
    """
    reading = page.reading("storage")
    if reading is None or page.state.container:
        return []
    if reading.problem is not None:
        return missing(page, "STORAGE", "storage")
    parts = (_disks, _raid, _pools, _volumes, _groups)
    found = [line for part in parts for line in part(page)]
    if not found:
        return []
    return [line(head("STORAGE"), Span("as root", Role.MUTED), *freshness(page, "storage")), *found]


def _of(page: Page, kind: str) -> list[Row]:
    return [row for row in page.state.rows("storage") if row.get("kind") == kind]


def _row(name: str, text: str, role: Role = Role.TEXT) -> Line:
    return line(label(name), Span(clean_line(text), role))


def _disks(page: Page) -> list[Line]:
    """The worst first; a virtual disk, which has nothing to say, is left out."""

    def badness(row: Row) -> tuple[bool, float, int, str]:
        name, state = str(row["name"]), str(row["state"])
        bad = page.state.value("storage.disk_bad_sectors", name) or 0.0
        failing = state == "failed" or row["failing"] or row["worn"]
        return not failing, -bad, _ORDER[state], name

    told = [row for row in _of(page, "disk") if "lacks SMART" not in str(row["note"])]
    ordered = sorted(told, key=badness)
    lines = [_disk(page, row) for row in ordered[:LISTED]]
    if len(ordered) > LISTED:
        more = count(len(ordered) - LISTED, "disk")
        lines.append(_row("", f"and {more} no worse", Role.MUTED))
    return lines


def _disk(page: Page, row: Row) -> Line:
    name = str(row["name"])
    told = [
        word(value)
        for metric, word in _FIGURES.items()
        if (value := page.state.value(f"storage.disk_{metric}", name)) is not None
    ]
    said = [_WORDS[str(row["state"])], str(row["failing"] or row["worn"]), *told]
    text = f"{name}  {row['model']}  {', '.join(part for part in said if part)}"
    bad = row["state"] == "failed" or row["failing"]
    warned = row["worn"] or page.state.value("storage.disk_bad_sectors", name)
    return _row("disk", text, Role.CRIT if bad else Role.WARN if warned else Role.TEXT)


def _raid(page: Page) -> list[Line]:
    """What RAID controllers and multipath tell; of drives those alone that are not well."""
    roles = {"critical": Role.CRIT, "warning": Role.WARN}
    lines = []
    for row in page.state.rows("raid"):
        if row["kind"] != "drive" or row["bad"]:
            role = roles.get(str(row["bad"]), Role.TEXT)
            title = "paths" if row["kind"] == "paths" else "raid"
            lines.append(_row(title, f"{row['name']}  {row['what']}  {row['state']}", role))
    return lines


def _pools(page: Page) -> list[Line]:
    lines = []
    for row in _of(page, "pool"):
        name = str(row["name"])
        used = page.state.value("storage.pool_used_ratio", name)
        age_s = page.state.value("storage.scrub_age_s", name)
        parts = [
            f"{name} {row['state']}",
            "" if used is None else f"{percent(used)} full",
            str(row["devices"]),
            str(row["scan"]) if age_s is None else f"scrubbed {duration(age_s)} ago",
        ]
        well = row["state"] == "ONLINE" and not row["devices"]
        role = Role.TEXT if well else Role.CRIT
        lines.append(_row("zfs", "  ".join(part for part in parts if part), role))
    return lines


def _volumes(page: Page) -> list[Line]:
    """Those that can be in trouble by themselves, without the many that live in a thin pool."""
    lines = []
    for row in _of(page, "volume"):
        name, fault = str(row["name"]), str(row["fault"])
        used = page.state.value("storage.pool_used_ratio", name)
        told = page.state.value("storage.pool_used_ratio", f"{name} metadata")
        copied = page.state.value("storage.volume_copied_ratio", name)
        if not fault and used is None and copied is None:
            continue
        parts = [
            name,
            fault,
            "" if used is None else f"{percent(used)} full",
            "" if told is None else f"metadata {percent(told)}",
            "" if copied is None or copied >= 1 else f"copied {percent(copied)}",
        ]
        text = "  ".join(part for part in parts if part)
        lines.append(_row("lvm", text, Role.CRIT if fault else Role.TEXT))
    return lines


def _groups(page: Page) -> list[Line]:
    lines = []
    for row in _of(page, "group"):
        name = str(row["name"])
        whole = page.state.value("storage.group_size_bytes", name) or 0.0
        free = page.state.value("storage.group_free_bytes", name) or 0.0
        lacks = "  LACKS A DISK" if row["partial"] else ""
        text = f"{name}  {size(free)} of {size(whole)} free{lacks}"
        lines.append(_row("group", text, Role.CRIT if lacks else Role.TEXT))
    return lines
