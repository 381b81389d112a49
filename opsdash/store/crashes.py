"""Reports of faults of our own: where it happened and through which calls, never with a value."""

from __future__ import annotations

import platform
import time
import traceback
from pathlib import Path

from opsdash import __version__
from opsdash.store.dumps import write_new

MAX_CALLS = 60
"""Of the innermost calls: enough to see where it came from, also out of an endless recursion."""


def write_crash(folder: Path, error: BaseException, now: float) -> Path:
    """Write a report of an error into a folder, for its owner's eyes; OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / time.strftime("crash-%Y%m%d-%H%M%S.txt", time.localtime(now))
    write_new(path, crash_text(error))
    return path


def crash_text(error: BaseException) -> str:
    """The report: versions, kinds of the errors, the lines of code on the way.

    What the errors say is left out like every variable: a secret may be in it.
    """
    lines = [f"opsdash {__version__}, Python {platform.python_version()}, {platform.platform()}"]
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        calls = traceback.StackSummary.extract(
            traceback.walk_tb(cause.__traceback__), lookup_lines=False
        )
        lines += [f"\n{type(cause).__module__}.{type(cause).__qualname__}"]
        lines += [_call(one) for one in calls[-MAX_CALLS:]]
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines) + "\n"


def _call(one: traceback.FrameSummary) -> str:
    _, in_package, short = one.filename.rpartition("site-packages/")
    if not in_package:
        short = "/".join(Path(one.filename).parts[-3:])
    return f"  {short}:{one.lineno} {one.name}: {(one.line or '').strip()}"
