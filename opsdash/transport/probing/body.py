"""Whether a body has a pattern."""

from __future__ import annotations


def has(body: bytes, pattern: str) -> bool:
    """Whether RE2 finds a pattern in a body, in a time that grows with its length alone."""
    import re2  # few probes have a pattern

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options).search(body.decode("utf-8", "replace")) is not None
