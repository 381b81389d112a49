"""The UPS runs on its battery, or could not: the host has minutes left, or will have none."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import duration, percent

_WORDS = (
    ("battery low", Health.CRIT),
    ("shutting down", Health.CRIT),
    ("on battery", Health.WARN),
    ("overloaded", Health.WARN),
    ("replace battery", Health.WARN),
    ("no battery", Health.WARN),
    ("no contact", Health.WARN),
    ("bypass", Health.WARN),
    ("alarm", Health.WARN),
)


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By what it says of itself, with the charge and the time that are left."""
    state = inquiry.state
    for row in state.rows("ups"):
        said = str(row["state"]).split(", ")
        found = [(word, health) for word, health in _WORDS if word in said]
        if not found:
            continue
        name = str(row["name"])
        charge = state.value("ups.charge_ratio", name)
        left_s = state.value("ups.runtime_s", name)
        figures = ["" if charge is None else f"{percent(charge)} charged"]
        figures += ["" if left_s is None else f"{duration(left_s)} left"]
        parts = [", ".join(word for word, _ in found), *figures]
        summary = f"UPS {short(name)}: {', '.join(part for part in parts if part)}"
        health = max(health for _, health in found)
        evidence = str(row["model"])
        yield Finding("ups-on-battery", state.name, health, summary, name, evidence=evidence)


UPS_ON_BATTERY = Check(
    id="ups-on-battery",
    title="UPS on battery",
    judge=judge,
    reads=("ups",),
    advice="on battery: shut down what can wait; else upsc or apcaccess tells what it wants",
)
