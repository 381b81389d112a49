"""A file system stopped taking writes although nobody asked for that."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import clean_label, shorten


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """CRIT at once: services go on running there and lose what they write."""
    for row in inquiry.state.rows("filesystem"):
        if not row.get("read_only"):
            continue
        mount, kind = str(row["mount"]), shorten(clean_label(str(row.get("type"))), 16)
        summary = f"{short(mount)} has turned read-only ({kind})"
        evidence = f"{row.get('device')} ({kind}) on {mount}"
        name = inquiry.state.name
        yield Finding("filesystem-read-only", name, Health.CRIT, summary, mount, evidence)


FILESYSTEM_READ_ONLY = Check(
    id="filesystem-read-only",
    title="File system turned read-only",
    judge=judge,
    reads=("filesystem",),
    advice="read the kernel log for I/O errors first; check the file system before remounting it",
)
