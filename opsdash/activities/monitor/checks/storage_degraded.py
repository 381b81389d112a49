"""A pool of ZFS or a volume of LVM lacks a disk, or has lost data."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.reading import Row

POOL_ADVICE = "zpool status -v; zpool replace the device, or zpool clear if it is well again"
LVM_ADVICE = "lvs -a -o +devices; pvs; bring the disk back, then lvconvert --repair or vgreduce"

_WARNINGS = ("needs a refresh", "has mismatches")
_NO_ERRORS = ("No known data errors", "")


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """CRIT where the next failure costs data or this one has; WARN while it is mended."""
    for row in inquiry.state.rows("storage"):
        kind = row.get("kind")
        found = {"pool": _pool, "volume": _volume, "group": _group}.get(str(kind), _nothing)(row)
        if found is not None:
            health, summary = found
            evidence = " ".join(
                str(row[key]) for key in ("devices", "status", "scan", "attributes") if row.get(key)
            )
            advice = POOL_ADVICE if kind == "pool" else LVM_ADVICE
            subject = f"{kind} {row['name']}"
            yield Finding(
                "storage-degraded",
                inquiry.state.name,
                health,
                summary,
                subject,
                evidence=evidence,
                advice=advice,
            )


def _nothing(_row: Row) -> None:
    return None


def _pool(row: Row) -> tuple[Health, str] | None:
    name, state = f"ZFS pool {short(str(row['name']))}", str(row["state"])
    mended = "resilver in progress" in str(row["scan"])
    if state != "ONLINE":
        more = ", being resilvered" if mended else ""
        return Health.WARN if mended else Health.CRIT, f"{name} is {state}{more}"
    if str(row["errors"]) not in _NO_ERRORS:
        return Health.CRIT, f"{name} has lost data: {row['errors']}"
    if row["devices"]:
        return Health.WARN, f"{name} had errors: {row['devices']}"
    return None


def _volume(row: Row) -> tuple[Health, str] | None:
    fault = str(row["fault"])
    health = Health.WARN if fault.startswith(_WARNINGS) else Health.CRIT
    return (health, f"volume {short(str(row['name']))} {fault}") if fault else None


def _group(row: Row) -> tuple[Health, str] | None:
    text = f"volume group {short(str(row['name']))} lacks a disk"
    return (Health.CRIT, text) if row["partial"] else None


STORAGE_DEGRADED = Check(
    id="storage-degraded",
    title="Storage degraded",
    judge=judge,
    reads=("storage",),
    advice="zpool status -v, or lvs -a -o +devices: bring the disk back or replace it",
)
