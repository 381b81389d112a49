"""The kinds of messages as rows: what they say, since when, on how many hosts, how often."""

from __future__ import annotations

import time
from functools import lru_cache

from opsdash.activities.troubleshoot.log_rows import role_of
from opsdash.core.log_kinds import Kind
from opsdash.core.moment import split_time
from opsdash.core.priority import letter
from opsdash.widgets.columns import Column
from opsdash.widgets.line import Line, Role, Span, fit, fit_right


def _clock(at_s: float | None) -> Line:
    when = split_time(at_s)
    text = time.strftime("%H:%M", when) if when is not None else "-"
    return (Span(fit(text, 5), Role.MUTED),)


def _said(kind: Kind, width: int) -> Line:
    role = role_of(kind.priority)
    program = f"{kind.program}: " if kind.program else ""
    room = max(0, width - 2)
    return (
        Span(f"{letter(kind.priority)} ", role),
        Span(fit(f"{program}{kind.pattern}", room), role),
    )


@lru_cache(maxsize=1)
def kind_columns() -> tuple[Column[Kind], ...]:
    """Columns for any width."""
    return (
        Column("NEW", 3, lambda kind, _: (Span("NEW" if kind.new else "   ", Role.ACCENT),)),
        Column("WHAT THEY SAY", 20, _said, flexible=True),
        Column("FIRST", 5, lambda kind, _: _clock(kind.first_s), rank=2),
        Column("LAST", 5, lambda kind, _: _clock(kind.last_s), rank=1),
        Column("HOSTS", 5, lambda kind, _: (Span(fit_right(str(len(kind.hosts)), 5)),), right=True),
        Column(
            "COUNT",
            7,
            lambda kind, _: (Span(fit_right(f"{kind.count:,}", 7), Role.STRONG),),
            right=True,
        ),
    )
