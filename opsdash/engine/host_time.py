"""How much of a host's own time lies between two readings: what rates are worked out by."""

from __future__ import annotations

from opsdash.core.reading import Reading


def passed_s(before: Reading | None, now: Reading | None, longest_s: float) -> float | None:
    """Seconds of the host's own time between two readings that tell it; None over a reboot, at
    first, or over a gap.
    """
    if before is None or now is None:
        return None
    name = f"{now.collector}.up_s"
    was, up = before.get(name), now.get(name)
    if was is None or up is None or _boot(before) != _boot(now):
        return None
    return up - was if 0 < up - was <= longest_s else None


def _boot(reading: Reading) -> object:
    return reading.rows[0].get("boot_id") if reading.rows else None
