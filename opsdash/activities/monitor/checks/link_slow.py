"""A network link is slower than it should be: a bad cable, a wrong setting at one end."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.reading import Row

_GIGABIT = 1e9


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By what both ends can do, by the others of its kind on the host, and by what the same link
    is on hosts with the same tags.
    """
    state = inquiry.state
    links = [row for row in state.rows("links") if row.get("kind") == "link"]
    for row in links:
        name = str(row["name"])
        speed = state.value("links.speed_bits_per_s", name)
        if speed is None:
            continue
        why = _why(inquiry, row, speed, links)
        half = row["duplex"] == "half"
        if why or half:
            at = f"link {short(name)} at {_mbits(speed)} Mbit/s" + (", half duplex" if half else "")
            evidence = f"driver {row['driver']}" if row["driver"] else ""
            yield Finding(
                "link-slow",
                state.name,
                Health.WARN,
                f"{at}: {why}" if why else at,
                name,
                evidence=evidence,
            )


def _why(inquiry: Inquiry, row: Row, speed: float, links: list[Row]) -> str:
    """In comparison with what it is too slow; empty: it is not."""
    state, name = inquiry.state, str(row["name"])
    own = state.value("links.own_bits_per_s", name)
    partner = state.value("links.partner_bits_per_s", name)
    if own and partner and min(own, partner) > speed:
        return f"both ends can do {_mbits(min(own, partner))}"
    if own and speed < _GIGABIT <= own:
        offers = f", the other end offers {_mbits(partner)}" if partner else ""
        return f"the port can do {_mbits(own)}{offers}"
    for other in () if partner else links:
        like = other["driver"] == row["driver"] != "" and _own(inquiry, other) == own
        faster = state.value("links.speed_bits_per_s", str(other["name"])) or 0.0
        if like and faster > speed:
            return f"{short(str(other['name']))}, the same kind, is at {_mbits(faster)}"
    usual = inquiry.peers("links.speed_bits_per_s", name)
    if usual is not None and usual > speed and (own is None or own >= usual):
        return f"it is {_mbits(usual)} on its peers"
    return ""


def _own(inquiry: Inquiry, row: Row) -> float | None:
    return inquiry.state.value("links.own_bits_per_s", str(row["name"]))


def _mbits(bits_per_s: float) -> str:
    return f"{bits_per_s / 1e6:.0f}"


LINK_SLOW = Check(
    id="link-slow",
    title="Network link slow",
    judge=judge,
    reads=("links",),
    hold_s=180.0,
    advice="ethtool it; change the cable, and let both ends negotiate (autoneg on)",
)
