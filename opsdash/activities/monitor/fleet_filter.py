"""The filter of the fleet page, as it is typed."""

from __future__ import annotations

from opsdash.core.filter import Filter, parse_filter


def understand_filter(text: str) -> Filter:
    """A filter that was typed; FilterError says which word is wrong, where, and why."""
    from opsdash.config.expression import linear_expression  # not before the first frame

    return parse_filter(text, linear_expression)
