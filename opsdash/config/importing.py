"""Imports as a screen does them: looked at first, then written, never what was not looked at."""

from __future__ import annotations

from pathlib import Path

from opsdash.config.importers.plan import ImportPlan, plan_import
from opsdash.config.importers.sources import READERS
from opsdash.config.source_text import whole_file
from opsdash.core.offer import Preview

KINDS = tuple(READERS)


def preview(kind: str, path: str) -> tuple[ImportPlan, Preview]:
    """What an import would write, for who writes it and for who reads it; ConfigError."""
    if kind not in KINDS:
        raise whole_file(Path(kind), f"no such source: it is one of {', '.join(KINDS)}")
    plan = plan_import(kind, Path(path) if path else None)
    left_out = tuple(f"left out: {text}" for text in plan.left_out)
    return plan, Preview(
        kind,
        str(plan.source),
        str(plan.target),
        plan.text,
        len(plan.hosts),
        (*left_out, *plan.notes),
    )
