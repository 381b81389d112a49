"""The sections of the host page about graphics processors and virtual guests, where there are."""

from __future__ import annotations

from opsdash.activities.monitor.host_sections import LABEL, Page, freshness, head, label, missing
from opsdash.core.reading import Row
from opsdash.core.text import clean_line, count, percent, size
from opsdash.widgets.line import Line, Role, Span, fit, line, wrap

LISTED = 20

_TROUBLE = frozenset({"disk error", "crashed", "failed to start", "migration failed"})


def gpu_section(page: Page) -> list[Line]:
    """Each graphics processor: how busy, full and hot; below it those that compute on it."""
    reading = page.reading("gpu")
    if reading is None or reading.problem is not None:
        return missing(page, "GPU", "gpu")
    if not reading.rows:
        return []
    cards = [row for row in reading.rows if row["kind"] == "gpu"]
    drivers = sorted({str(row["driver"]) for row in cards})
    about = f"driver {' '.join(drivers)}" if cards else ""
    lines = [line(head("GPU"), Span(clean_line(about), Role.MUTED), *freshness(page, "gpu"))]
    lines += _failed(page, reading.rows)
    for row in cards[:LISTED]:
        lines += _card(page, row)
        users = [one for one in reading.rows if one.get("gpu") == row["gpu"] and "pid" in one]
        lines += [_user(one) for one in users[:5]]
        if more := len(users[5:]):
            lines.append(line(label(""), Span(f"  and {count(more, 'process', 'processes')} more")))
    return lines


def _failed(page: Page, rows: tuple[Row, ...]) -> list[Line]:
    words = [clean_line(str(row["said"])) for row in rows if row["kind"] == "failed"]
    parts = [part for said in words for part in wrap(said, page.width - LABEL)]
    return [line(label(""), Span(part, Role.WARN)) for part in parts]


def _card(page: Page, row: Row) -> list[Line]:
    number = str(row["gpu"])
    value = {
        name: page.state.value(f"gpu.{name}", number)
        for name in ("busy_ratio", "memory_used_bytes", "memory_bytes", "temperature_celsius")
    }
    draws = page.state.value("gpu.power_watts", number)
    errors = page.state.value("gpu.uncorrected_errors", number)
    used, whole, heat = (
        value["memory_used_bytes"],
        value["memory_bytes"],
        value["temperature_celsius"],
    )
    figures = [
        None if value["busy_ratio"] is None else f"{percent(value['busy_ratio'])} busy",
        None if used is None or not whole else f"{size(used)} of {size(whole)}",
        None if heat is None else f"{heat:.0f} C",
        None if draws is None else f"{draws:.0f} W",
    ]
    text = "  ".join(figure for figure in figures if figure)
    name = Span(f"  {clean_line(str(row['name']), 40)}", Role.MUTED)
    lines = [line(label(number), Span(text or "-"), name)]
    if row["said"]:
        lines.append(line(label(""), Span(clean_line(f"it says: {row['said']}"), Role.CRIT)))
    if errors:
        lines.append(line(label(""), Span(f"{errors:.0f} memory errors not mended", Role.CRIT)))
    return lines


def _user(row: Row) -> Line:
    held = row["memory_bytes"]
    taken = size(held) if isinstance(held, float) else "-"
    name = clean_line(str(row["name"]).rpartition("/")[2] or str(row["name"]), 40)
    return line(label(""), Span(f"{taken:>6}  {row['pid']:>7} ", Role.MUTED), Span(name))


def guests_section(page: Page) -> list[Line]:
    """The virtual guests: those in trouble first, those that are off last."""
    reading = page.reading("guests")
    if reading is None or reading.problem is not None:
        return missing(page, "GUESTS", "guests")
    if not reading.rows:
        return []
    guests = [row for row in reading.rows if row["kind"] == "guest"]
    running = sum(row["state"] == "running" for row in guests)
    note = f"{running} of {count(len(guests), 'guest')} running" if guests else ""
    lines = [line(head("GUESTS"), Span(note, Role.MUTED), *freshness(page, "guests"))]
    lines += _failed(page, reading.rows)
    if guests:
        heading = f"{'CPUS':>5}{'MEM':>7}  {'NAME':<24} STATE"
        lines.append(line(label(""), Span(heading, Role.MUTED)))
    lines += [_guest(page, row) for row in sorted(guests, key=_order)[:LISTED]]
    if more := len(guests[LISTED:]):
        lines.append(line(label(""), Span(f"and {more} more", Role.MUTED)))
    return lines


def _role(row: Row) -> Role:
    if row["state"] == "crashed" or row["why"] in _TROUBLE:
        return Role.CRIT
    if row["state"] == "paused" or row["why"]:
        return Role.WARN
    if row["state"] == "running":
        return Role.TEXT
    return Role.WARN if row["autostart"] and row["state"] == "shut off" else Role.MUTED


def _order(row: Row) -> tuple[int, str]:
    ranks = {Role.CRIT: 0, Role.WARN: 1, Role.TEXT: 2, Role.MUTED: 3}
    return ranks[_role(row)], str(row["name"])


def _guest(page: Page, row: Row) -> Line:
    name = str(row["name"])
    cpus = page.state.value("guests.cpus", name)
    memory = page.state.value("guests.memory_bytes", name)
    given = f"{'-' if cpus is None else f'{cpus:.0f}':>5}"
    given += f"{'-' if memory is None else size(memory):>7}  "
    state = f"{row['state']}{f': {why}' if (why := row['why']) else ''}"
    if row["state"] == "shut off" and row["autostart"]:
        state += ", but has autostart"
    role = _role(row)
    shown = Span(f"{fit(name, 24)} ", Role.MUTED if role is Role.MUTED else Role.STRONG)
    return line(label(""), Span(given, Role.MUTED), shown, Span(state, role))
