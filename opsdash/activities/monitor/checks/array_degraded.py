"""An array of disks lacks one: the next one that fails may take the data along."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count, percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """CRIT while nothing is done about it, WARN while it is rebuilt on what it has."""
    state = inquiry.state
    missing = state.labelled("hardware.array_missing")
    for row in state.rows("hardware"):
        if row.get("kind") != "array":
            continue
        name = str(row["name"])
        lacks = round(missing.get(name, 0.0))
        rebuilt = state.value("hardware.array_rebuild_ratio", name)
        failed, asleep = str(row["failed"]), row["state"] != "active"
        if not lacks and not failed and not asleep:
            continue
        health = Health.CRIT if rebuilt is None else Health.WARN
        what = f"lacks {count(lacks, 'device')}" if lacks else str(row["state"])
        parts = [f"array {short(name)} ({row['level'] or 'no level'}) {what}"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"rebuilding, {percent(rebuilt)} done"] if rebuilt is not None else []
        summary, proof = ", ".join(parts), _seen_by_root(inquiry, name)
        yield Finding("array-degraded", state.name, health, summary, name, evidence=proof)


def _seen_by_root(inquiry: Inquiry, name: str) -> str:
    """What mdadm tells besides, where root has looked."""
    for row in inquiry.state.rows("storage"):
        if row.get("kind") == "array" and row["name"] == name and row["state"]:
            return f"mdadm: {row['state']}: {row['devices']}"
    return ""


ARRAY_DEGRADED = Check(
    id="array-degraded",
    title="Disk array degraded",
    judge=judge,
    reads=("hardware",),
    advice="cat /proc/mdstat; mdadm --detail of it; replace the device, then mdadm --add",
)
