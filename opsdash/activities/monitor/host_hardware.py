"""The section of the host page about its hardware: arrays, heat, fans, memory, links, power."""

from __future__ import annotations

from opsdash.activities.monitor.host_sections import Page, freshness, head, label, missing
from opsdash.core.text import clean_line, count, duration, percent
from opsdash.widgets.line import Line, Role, Span, line

HOTTEST = 3
"""Sensors that are shown, the hottest by their own limit first: a server has dozens."""


def hardware_section(page: Page) -> list[Line]:
    """What the host tells of its hardware; what it does not have has no line."""
    reading = page.reading("hardware")
    if reading is None or reading.problem is not None:
        return missing(page, "HARDWARE", "hardware")
    parts = (_disks, _arrays, _heat, _fans, _memory, _links, _power)
    found = [line for part in parts for line in part(page)]
    first = line(head("HARDWARE"), *freshness(page, "hardware"))
    return [first, *found] if found else []


def _row(name: str, text: str, role: Role = Role.TEXT) -> Line:
    return line(label(name), Span(clean_line(text), role))


def _arrays(page: Page) -> list[Line]:
    lines = []
    for row in page.state.rows("hardware"):
        if row.get("kind") != "array":
            continue
        name = str(row["name"])
        wanted = page.state.value("hardware.array_devices", name)
        lacks = page.state.value("hardware.array_missing", name)
        there = "" if wanted is None else f"  {wanted - (lacks or 0.0):.0f} of {wanted:.0f} devices"
        work = ""
        for kind in ("rebuild", "check"):
            done = page.state.value(f"hardware.array_{kind}_ratio", name)
            work += "" if done is None else f"  {kind} {percent(done)}"
        bad = bool(lacks or row["failed"]) or row["state"] != "active"
        text = f"{name} {row['level']} {row['state']}{there}{work}"
        lines.append(_row("array", text, Role.CRIT if bad else Role.TEXT))
    return lines


def _heat(page: Page) -> list[Line]:
    degrees = page.state.labelled("hardware.temperature_celsius")
    ratios = page.state.labelled("hardware.temperature_ratio")
    limits = page.state.labelled("hardware.temperature_limit_celsius")
    ordered = sorted(degrees, key=lambda name: (-ratios.get(name, 0.0), -degrees[name]))
    lines = []
    for name in ordered[:HOTTEST]:
        limit = f" of {limits[name]:.0f} C" if name in limits else ""
        lines.append(_row("heat", f"{degrees[name]:.0f} C{limit}  {name}"))
    if len(ordered) > HOTTEST:
        lines.append(_row("", f"and {count(len(ordered) - HOTTEST, 'cooler sensor')}", Role.MUTED))
    return lines


def _fans(page: Page) -> list[Line]:
    turns = page.state.labelled("hardware.fan_rpm")
    if not turns:
        return []
    moving = sorted(rpm for rpm in turns.values() if rpm)
    span = f"  {moving[0]:.0f} to {moving[-1]:.0f} rpm" if moving else ""
    return [_row("fans", f"{len(moving)} of {len(turns)} turn{span}")]


def _memory(page: Page) -> list[Line]:
    mended = page.state.labelled("hardware.memory_corrected")
    lost = page.state.labelled("hardware.memory_uncorrected")
    if not mended and not lost:
        return []
    errors, fatal = sum(mended.values()), sum(lost.values())
    role = Role.CRIT if fatal else Role.TEXT
    return [_row("ECC", f"{errors:.0f} errors mended, {fatal:.0f} not, since boot", role)]


def _disks(page: Page) -> list[Line]:
    """Those that are not as they should be; the others are in the inventory."""
    return [
        _row("disk", f"{row['name']} {row['model']} {row['state']}", Role.CRIT)
        for row in page.state.rows("hardware")
        if row.get("kind") == "disk" and row["state"] not in ("running", "live")
    ]


def _links(page: Page) -> list[Line]:
    speeds = page.state.labelled("links.speed_bits_per_s")
    lines = []
    for row in page.state.rows("links"):
        name = str(row["name"])
        if row["kind"] == "bond":
            down = f"  DOWN: {row['down']}" if row["down"] else ""
            text = f"{name} {row['mode']} of {row['members']}{down}"
            lines.append(_row("bond", text, Role.WARN if down else Role.TEXT))
        elif name in speeds:
            half = row["duplex"] == "half"
            text = f"{name} {speeds[name] / 1e6:.0f} Mbit/s{' HALF DUPLEX' if half else ''}"
            lines.append(_row("link", text, Role.WARN if half else Role.TEXT))
    return lines


def _power(page: Page) -> list[Line]:
    lines = []
    for name, online in page.state.labelled("hardware.supply_online").items():
        text = f"{name} {'has mains' if online else 'has no mains'}"
        lines.append(_row("power", text, Role.TEXT if online else Role.WARN))
    for row in page.state.rows("ups"):
        charge = page.state.value("ups.charge_ratio", str(row["name"]))
        left_s = page.state.value("ups.runtime_s", str(row["name"]))
        parts = [str(row["state"]), "" if charge is None else f"{percent(charge)} charged"]
        parts += ["" if left_s is None else f"lasts {duration(left_s)}"]
        text = f"{row['name']} {row['model']}  {', '.join(part for part in parts if part)}"
        lines.append(_row("UPS", text, Role.TEXT if row["state"] == "online" else Role.WARN))
    roles = {"critical": Role.CRIT, "warning": Role.WARN}
    for row in page.state.rows("bmc"):
        name, role = str(row["name"]), roles.get(str(row["bad"]), Role.TEXT)
        said = str(row["said"]).replace("Presence detected", "present")
        text = f"{name.removeprefix('power ')}: {said}"
        lines.append(_row("power" if row["kind"] == "supply" else "sensor", text, role))
    return lines
