"""A fault of our own reaches the user as a sentence; what is needed to mend it goes to a file."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from opsdash.core.text import clean_line


def tell_of_crash(error: BaseException) -> str:
    """Write the report; the sentence that says so, for standard error."""
    from opsdash.config.paths import state_dir
    from opsdash.store.crashes import write_crash

    kind = type(error).__name__
    try:
        where = f"where it happened is in {write_crash(state_dir(), error, time.time())}"
    except OSError as unwritable:
        where = f"no report could be written: {unwritable.strerror or unwritable}"
    return (
        f"opsdash: a fault of its own ended it ({kind}); {clean_line(where)}\n"
        "please report it with that file: it holds lines of code, and no values"
    )


def crash_hook(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What the interpreter calls for an error that nobody caught."""
    if issubclass(kind, KeyboardInterrupt):
        return
    sys.stderr.write(tell_of_crash(error.with_traceback(trace)) + "\n")
