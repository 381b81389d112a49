"""The server's own management controller complains: of a power supply, a fan, heat, a drive."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry

SUPPLY_ADVICE = "check the cord and the outlet; else replace the supply: it can be done running"


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By its own thresholds and words; without mains on any supply it is CRIT, and redundancy is
    told only where no supply explains it.
    """
    rows = inquiry.state.rows("bmc")
    supplies = [row for row in rows if row["kind"] == "supply"]
    all_bad = bool(supplies) and all(row["bad"] for row in supplies)
    explained = any(row["bad"] for row in supplies)
    for row in rows:
        said = str(row["said"])
        if not row["bad"] or (explained and "redundan" in said.lower()):
            continue
        supply = row["kind"] == "supply"
        critical = row["bad"] == "critical" or (supply and all_bad)
        summary = f"{short(str(row['name']))}: {said.removeprefix('Presence detected, ')}"
        yield Finding(
            "bmc-alarm",
            inquiry.state.name,
            Health.CRIT if critical else Health.WARN,
            summary,
            str(row["name"]),
            evidence=f"{row['name']}: {said}",
            advice=SUPPLY_ADVICE if supply else "",
        )


BMC_ALARM = Check(
    id="bmc-alarm",
    title="Management controller complains",
    judge=judge,
    reads=("bmc",),
    advice="ipmitool sdr elist and sel elist, as root, tell what and since when",
)
