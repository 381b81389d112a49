"""Memory gives back what was not put in: mended by ECC, or not."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, plain, short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One that was not mended is CRIT; those that were, since boot, beyond the limit."""
    state = inquiry.state
    for controller, errors in state.labelled("hardware.memory_uncorrected").items():
        if errors:
            summary = (
                f"{count(round(errors), 'memory error')} on {short(controller)} not mended by ECC"
            )
            yield Finding("memory-errors", state.name, Health.CRIT, summary, controller)
    for controller, errors in state.labelled("hardware.memory_corrected").items():
        if state.value("hardware.memory_uncorrected", controller):
            continue
        verdict = crossed(inquiry, errors, subject=controller, margin=0.0, word=plain)
        if verdict is not None:
            health, limit = verdict
            summary = f"{errors:.0f} memory errors on {short(controller)} mended by ECC ({limit})"
            yield Finding("memory-errors", state.name, health, summary, controller)


MEMORY_ERRORS = Check(
    id="memory-errors",
    title="Memory errors",
    judge=judge,
    reads=("hardware",),
    limits=Limits(100.0, None),
    unit="errors",
    advice="find the module (edac-util -v, ras-mc-ctl --errors) and replace it",
)
