"""What sections have in common whose collectors are asked only while the page is open."""

from __future__ import annotations

from opsdash.activities.monitor.host_sections import (
    LABEL,
    Page,
    head,
    is_overdue,
    label,
    missing,
)
from opsdash.core.reading import Reading
from opsdash.core.snapshot import LinkState
from opsdash.core.text import duration
from opsdash.widgets.line import Line, Role, Span, line, wrap

NOT_KEPT = "not kept of that moment"


def instead(page: Page, title: str, collector: str) -> list[Line] | None:
    """What stands in the place of a section that has no reading; None: there is one to show."""
    reading = page.reading(collector)
    if reading is None and page.state.past:
        return [line(head(title), Span(NOT_KEPT, Role.MUTED))]
    if reading is None and page.state.link.state is not LinkState.UP:
        return []
    if reading is None:
        return [line(head(title), Span("asked for while this page is open", Role.MUTED))]
    return missing(page, title, collector) if reading.problem is not None else None


def as_root(page: Page, collector: str) -> Reading | None:
    """What root saw, while that is still true; None where it did not look."""
    reading = page.reading(collector)
    if reading is None or reading.problem is not None or is_overdue(page, reading):
        return None
    return reading


def needs_root(page: Page, collector: str, what: str) -> list[Line]:
    """That only root may see something, and what to do about it; nothing where root has looked."""
    reading = page.reading(collector)
    if as_root(page, collector) is not None:
        return []
    text = f"{what}: only root may see them"
    if reading is not None and reading.problem is not None:
        text = f"{what}: {reading.problem.text}; {reading.problem.hint}"
    elif reading is not None:
        text = (
            f"{what}: root looked {duration(max(0.0, page.now - reading.at))} ago, and looks again"
        )
    return [line(label(""), Span(part, Role.MUTED)) for part in wrap(text, page.width - LABEL)]
