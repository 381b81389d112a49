"""Regular expressions that people type, searched in linear time.

The standard library's take exponential time for some that look harmless, and nothing could end
them: the loop that searches is the one that polls and takes keys. RE2 has no such expressions.
"""

from __future__ import annotations

from opsdash.core.errors import SelectionError
from opsdash.core.filter_words import Search

MOST_MEMORY_BYTES = 8_000_000


def linear_expression(body: str) -> Search:
    """Understand an expression, in which case does not matter; SelectionError."""
    return _search(body, case_matters=False)


def exact_expression(body: str) -> Search:
    """The same where case matters."""
    return _search(body, case_matters=True)


def _search(body: str, *, case_matters: bool) -> Search:
    import re2  # not before the first frame: few filters need it

    options = re2.Options()
    options.case_sensitive = case_matters
    options.log_errors = False
    options.max_mem = MOST_MEMORY_BYTES
    try:
        found = re2.compile(body, options)
    except (re2.error, UnicodeError) as error:
        why = error.args[0] if error.args else ""
        words = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise SelectionError(f"not a regular expression: {words}") from error
    return lambda text: found.search(text) is not None
