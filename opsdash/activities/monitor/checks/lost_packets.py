"""How the checks of lost packets judge an interface: by rate and by share at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsdash.activities.monitor.checks.limits import crossed, fine_percent, short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Inquiry

_WAYS = (("receive", "received"), ("transmit", "sent"))


@dataclass(frozen=True, slots=True)
class Loss:
    """A way to lose packets: check and metric, the words for it, and how many a second are
    fewer than worth a word, whatever their share.
    """

    check: str
    metric: str
    words: str
    fewest_per_s: float


def judge_loss(inquiry: Inquiry, loss: Loss) -> Iterator[Finding]:
    """One finding for each interface and direction in which too large a share is lost."""
    reading = inquiry.state.readings.get("network")
    ways = {f"network.{way}_{loss.metric}_ratio": (way, done) for way, done in _WAYS}
    for (metric, card), ratio in reading.samples.items() if reading else ():
        if metric in ways:
            yield from _judge_card(inquiry, loss, (*ways[metric], card), ratio)


def _judge_card(
    inquiry: Inquiry, loss: Loss, where: tuple[str, str, str], ratio: float
) -> Iterator[Finding]:
    way, done, card = where
    subject, name = f"{card} {done}", f"network.{way}_{loss.metric}"
    per_s = inquiry.state.value(f"{name}s_per_s", card) or 0.0
    held = inquiry.before(subject) > Health.OK
    if per_s < loss.fewest_per_s * (0.5 if held else 1.0):
        return
    margin = 0.2 * (inquiry.limits.warn or inquiry.limits.crit or 0.0)
    verdict = crossed(inquiry, ratio, subject=subject, margin=margin, word=fine_percent)
    if verdict is None:
        return
    health, limit = verdict
    summary = f"{short(card)}: {fine_percent(ratio)} of packets {done} {loss.words} ({limit})"
    total = inquiry.state.value(f"{name}s", card) or 0.0
    evidence = f"{per_s:.0f} packets/s, {total:.0f} since boot"
    yield Finding(loss.check, inquiry.state.name, health, summary, subject, evidence)
