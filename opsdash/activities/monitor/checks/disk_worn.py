"""Flash has had most of the writes that it is made for."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent, shorten

MODEL_WIDTH = 24


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By what the disk itself says; it may go on for long past 100 %, or not."""
    state = inquiry.state
    models = {row["name"]: row["model"] for row in state.rows("storage") if row["kind"] == "disk"}
    for disk, worn in state.labelled("storage.disk_worn_ratio").items():
        verdict = crossed(inquiry, worn, subject=disk, margin=0.01)
        if verdict is None:
            continue
        health, limit = verdict
        model = shorten(str(models.get(disk, "")), MODEL_WIDTH)
        called = f"{short(disk)} ({model})" if model else short(disk)
        summary = f"disk {called} worn by {percent(worn)} ({limit})"
        spare = state.value("storage.disk_spare_ratio", disk)
        evidence = "" if spare is None else f"spare blocks left: {percent(spare)}"
        yield Finding("disk-worn", state.name, health, summary, disk, evidence=evidence)


DISK_WORN = Check(
    id="disk-worn",
    title="Disk worn",
    judge=judge,
    reads=("storage",),
    limits=Limits(0.8, 1.0),
    unit="ratio",
    advice="plan to replace it: nvme smart-log or smartctl -a tells how fast it wears",
)
