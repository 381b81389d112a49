"""A file system has found damage in itself, or lacks one of its devices."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.reading import Row
from opsdash.core.text import count, duration

RECENT_S = 86_400.0

EXT4_ADVICE = "see that the backup is good; umount it and e2fsck -f: that also resets the count"
BTRFS_ADVICE = "btrfs device stats and scrub it; btrfs replace a device that lacks or errs on"


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """CRIT with errors of the last day and without a device, WARN for older ones: until somebody
    has checked the file system they may have spread.
    """
    for row in inquiry.state.rows("fserrors"):
        health, text = _said(row)
        yield Finding(
            "filesystem-errors",
            inquiry.state.name,
            health,
            f"{row['kind']} on {short(str(row['name']))} {text}",
            str(row["name"]),
            evidence=str(row["kinds"]),
            advice=EXT4_ADVICE if row["kind"] == "ext4" else BTRFS_ADVICE,
        )


def _said(row: Row) -> tuple[Health, str]:
    if row["missing"]:
        return Health.CRIT, "is missing"
    errors, age_s = count(int(row["errors"] or 0), "error"), row["age_s"]
    if age_s is None:
        return Health.WARN, f"has noted {errors}"
    health = Health.CRIT if float(age_s) < RECENT_S else Health.WARN
    return health, f"has noted {errors}, the last {duration(float(age_s))} ago"


FILESYSTEM_ERRORS = Check(
    id="filesystem-errors",
    title="File system damaged",
    judge=judge,
    reads=("fserrors",),
    advice=EXT4_ADVICE,
)
