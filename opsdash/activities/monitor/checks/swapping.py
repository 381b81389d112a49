"""Memory goes to swap and comes back at once: the host works for its memory alone."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, plain
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import size


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """Pages in and out, the smaller of the two: one way alone is memory put away, or fetched."""
    state = inquiry.state
    came = state.value("kernel.swap_in_pages_per_s")
    went = state.value("kernel.swap_out_pages_per_s")
    if came is None or went is None:
        return
    margin = 0.2 * (inquiry.limits.warn or 0.0)
    verdict = crossed(inquiry, min(came, went), margin=margin, word=plain)
    if verdict is None:
        return
    health, limit = verdict
    summary = f"thrashing: {came:.0f} pages/s from swap, {went:.0f} to it ({limit})"
    left = size(state.value("memory.available_bytes") or 0.0)
    yield Finding("swapping", state.name, health, summary, evidence=f"{left} memory available")


SWAPPING = Check(
    id="swapping",
    title="Swapping",
    judge=judge,
    reads=("kernel",),
    hold_s=35.0,  # two looks in a row: each is an average over half a minute
    # How full swap is says nothing: what nobody has used for days belongs there.
    limits=Limits(200.0, None),
    unit="pages/s",
    advice="who has the memory: ps -eo rss,pid,args --sort=-rss | head; vmstat 2",
    blames=Resource.MEMORY,
)
