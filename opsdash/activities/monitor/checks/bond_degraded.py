"""A member of a bond of network links is down: the next cable that is pulled is an outage."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """WARN while another member carries the traffic, CRIT where none does."""
    for row in inquiry.state.rows("links"):
        down = str(row["down"]).split() if row.get("kind") == "bond" else []
        if not down:
            continue
        name, members = str(row["name"]), str(row["members"]).split()
        health = Health.CRIT if len(down) == len(members) else Health.WARN
        which = ", ".join(short(one) for one in down)
        summary = f"bond {short(name)}: {which} down of {count(len(members), 'member')}"
        evidence = f"{row['mode']}: {row['members']}"
        yield Finding("bond-degraded", inquiry.state.name, health, summary, name, evidence=evidence)


BOND_DEGRADED = Check(
    id="bond-degraded",
    title="Bond degraded",
    judge=judge,
    reads=("links",),
    advice="cat /proc/net/bonding/ it; check the cable and the port of the switch",
)
