"""A disk says that it fails, or that it can't read what was written to it."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, plain, short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.reading import Row
from opsdash.core.text import count, shorten

MODEL_WIDTH = 24

_SILENT = ("Input/output error", "no answer in time")
"""Why a disk can't be read that should be; most others have no SMART, or a bridge before them."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """CRIT by the disk's own verdict; sectors and media errors by the limit."""
    state = inquiry.state
    for row in state.rows("storage"):
        if row.get("kind") != "disk":
            continue
        found = _verdict(row) or _counted(inquiry, row)
        if found is not None:
            health, text = found
            summary = f"disk {_called(row)} {text}"
            serial = f"serial {row['serial']}" if row["serial"] else ""
            evidence = "\n".join(filter(None, (serial, *str(row["attributes"]).split("; "))))
            yield Finding(
                "smart-failing", state.name, health, summary, str(row["name"]), evidence=evidence
            )


def _called(row: Row) -> str:
    """The disk's name and model: one of them is printed on it."""
    model = shorten(str(row["model"]), MODEL_WIDTH)
    return f"{short(str(row['name']))} ({model})" if model else short(str(row["name"]))


def _verdict(row: Row) -> tuple[Health, str] | None:
    failing = str(row["failing"])
    if row["state"] == "failed":
        return Health.CRIT, f"fails: {failing}" if failing else "says that it fails"
    if row["state"] == "unreadable":
        silent = next((one for one in _SILENT if one in str(row["note"])), "")
        return (Health.CRIT, f"can't be read: {silent.lower()}") if silent else None
    if failing == "too hot":
        return Health.WARN, "is too hot"
    if failing:
        return Health.CRIT, f"fails: {failing}"
    return (Health.WARN, f"is past its limit: {row['worn']}") if row["worn"] else None


def _counted(inquiry: Inquiry, row: Row) -> tuple[Health, str] | None:
    name = str(row["name"])
    for metric, noun in (("bad_sectors", "unreadable sector"), ("media_errors", "media error")):
        value = inquiry.state.value(f"storage.disk_{metric}", name)
        verdict = value and crossed(inquiry, value, subject=name, margin=0.0, word=plain)
        if value and verdict:
            health, limit = verdict
            return health, f"has {count(round(value), noun)} ({limit})"
    return None


SMART_FAILING = Check(
    id="smart-failing",
    title="Disk failing",
    judge=judge,
    reads=("storage",),
    limits=Limits(1.0, 1000.0),
    unit="sectors",
    advice="smartctl -a of it; see that the backup is good, then replace the disk",
)
