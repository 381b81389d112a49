"""A RAID controller tells of a volume or drive that is not well, or paths to storage are lost."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry

_CALLED = {"volume": "RAID volume", "drive": "RAID drive", "status": "RAID", "paths": "multipath"}
_MENDED = ("being rebuilt", "Rebuilding")

PATH_ADVICE = "multipath -ll; check the cable, the port of the switch and the storage's own side"


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By the controller's own words; a volume of which a drive is being rebuilt is a WARN."""
    rows = inquiry.state.rows("raid")
    mended = {
        str(row["name"]).rpartition(" ")[0]
        for row in rows
        if row["kind"] == "drive" and str(row["state"]).startswith(_MENDED)
    }
    for row in rows:
        if not row["bad"]:
            continue
        kind, name = str(row["kind"]), str(row["name"])
        rebuilt = kind == "volume" and name.rpartition(" ")[0] in mended
        critical = row["bad"] == "critical" and not rebuilt
        what = f" ({row['what']})" if row["what"] and kind != "paths" else ""
        text = f"{_CALLED[kind]} {short(name)}{what}: {row['state']}"
        yield Finding(
            "raid-degraded",
            inquiry.state.name,
            Health.CRIT if critical else Health.WARN,
            text + (", being rebuilt" if rebuilt else ""),
            f"{kind} {name}",
            evidence=str(row["what"]) if kind == "paths" else "",
            advice=PATH_ADVICE if kind == "paths" else "",
        )


RAID_DEGRADED = Check(
    id="raid-degraded",
    title="RAID or paths degraded",
    judge=judge,
    reads=("raid",),
    advice="storcli /call show all, or ssacli ctrl all show config: replace the drive it names",
)
