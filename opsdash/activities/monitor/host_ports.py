"""The section of the host page about ports: who listens, who may come, who is connected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opsdash.activities.monitor.host_demand import as_root, instead, needs_root
from opsdash.activities.monitor.host_sections import LABEL, Page, freshness, head, label
from opsdash.core.reading import Reading, Row
from opsdash.core.text import clean_line, count
from opsdash.widgets.line import Line, Role, Span, fit, line, wrap

LISTED = 16
PEERS = 5

_SCOPES = {"all": "open to all", "one": "on an address", "self": "on loopback"}


@dataclass(frozen=True, slots=True)
class Port:
    """Somebody who listens at a port, on all addresses at once."""

    port: str
    scope: str
    addresses: tuple[str, ...]
    row: Row


def ports_section(page: Page) -> list[Line]:
    """Those who listen, with what is open to all first; connections by state, and by peer."""
    reading = page.reading("ports")
    other = instead(page, "PORTS", "ports")
    if reading is None or other is not None:
        return other or []
    found = _merged(_named(page, reading.rows))
    how_many = {scope: sum(one.scope == scope for one in found) for scope in _SCOPES}
    said = ", ".join(f"{how_many[one]} {words}" for one, words in _SCOPES.items() if how_many[one])
    first = line(head("PORTS"), Span(said if found else "nobody listens", Role.MUTED))
    lines = [(*first, *freshness(page, "ports"))]
    if found:
        heading = f"{'PORT':<10} {'ON':<14} {'PID':>7}  {'USER':<10} PROCESS"
        lines.append(line(label(""), Span(heading, Role.MUTED)))
    lines += [_row(one) for one in found[:LISTED]]
    untold = int(reading.get("ports.listening") or 0) - len(reading.rows)
    if more := len(found[LISTED:]) + max(0, untold):
        lines.append(line(label(""), Span(f"and {more} more", Role.MUTED)))
    if any(one.row["pid"] is None for one in found):
        lines += needs_root(page, "listeners", "processes of others")
    return [*lines, *_connections(reading, page.width - LABEL)]


def _named(page: Page, rows: Iterable[Row]) -> list[Row]:
    """The rows, with the processes that only root could see where they were looked up."""
    owners = as_root(page, "listeners")
    seen = {_key(row): row for row in owners.rows} if owners is not None else {}
    return [seen.get(_key(row), row) if row["pid"] is None else row for row in rows]


def _key(row: Row) -> tuple[object, ...]:
    return row["proto"], row["address"], row["port"]


def _merged(rows: Iterable[Row]) -> list[Port]:
    """A line per port and process, not one per address."""
    found: dict[tuple[object, ...], Port] = {}
    for row in rows:
        port = f"{row['port']}/{str(row['proto'])[:3]}"
        scope = str(row["scope"])
        key = (port, scope == "all", row["pid"], row["user"], row["unit"])
        known = found.get(key)
        addresses = (*(known.addresses if known else ()), str(row["address"]))
        found[key] = Port(port, scope, addresses, known.row if known else row)
    return list(found.values())


def _row(one: Port) -> Line:
    row, is_open = one.row, one.scope == "all"
    pid = "-" if row["pid"] is None else str(row["pid"])
    on = "all addresses" if is_open else " ".join(one.addresses)
    return line(
        label(""),
        Span(f"{one.port:<10} ", Role.STRONG if is_open else Role.TEXT),
        Span(f"{fit(on, 14)} ", Role.TEXT if is_open else Role.MUTED),
        Span(f"{pid:>7}  {fit(str(row['user']), 10)} ", Role.MUTED),
        *_process(row),
    )


def _process(row: Row) -> tuple[Span, ...]:
    name = clean_line(str(row["name"]), 24)
    unit = clean_line(str(row["unit"]), 40).removesuffix(".service")
    many = f" \N{MULTIPLICATION SIGN}{row['processes']}" if _number(row["processes"]) > 1 else ""
    if not name:
        return (Span(f"({unit})" if unit else "-", Role.MUTED),)
    return (Span(name + many), Span(f" ({unit})" if unit not in ("", name) else "", Role.MUTED))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _connections(reading: Reading, width: int) -> list[Line]:
    """How many connections there are in which state, and with whom most of them are."""
    states = reading.labelled("ports.connections")
    if not states:
        return []
    ranked = sorted(states.items(), key=lambda item: -item[1])
    all_of_them = count(int(sum(states.values())), "connection")
    texts = [f"{all_of_them}: {', '.join(f'{n:.0f} {name}' for name, n in ranked)}"]
    peers = reading.labelled("ports.peer_connections")
    with_whom = sorted(peers.items(), key=lambda item: -item[1])[:PEERS]
    if with_whom:
        texts.append(f"most with {', '.join(f'{peer} {n:.0f}' for peer, n in with_whom)}")
    wrapped = [part for text in texts for part in wrap(text, width)]
    return [line(label(""), Span(part, Role.MUTED)) for part in wrapped]
