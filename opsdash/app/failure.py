"""What is shown and left behind when the program can't start."""

from __future__ import annotations

from opsdash.core.errors import ConfigError, OpsdashError
from opsdash.core.keymap import Keymap
from opsdash.core.text import clean
from opsdash.widgets.line import Line, Role, Span, line, wrap

BAD_CONFIG, FAILED = 65, 1


def failure_lines(error: OpsdashError, width: int, keymap: Keymap) -> list[Line]:
    """The error over the whole page: what is wrong, what to do, how to leave."""
    room = max(20, width)
    lines = [line(Span(text, Role.CRIT)) for text in wrap(str(error), room)]
    if error.hint:
        lines += [line(Span(text, Role.ACCENT)) for text in wrap(error.hint, room)]
    ways = [keymap.sentence("refresh", after=" starts again")]
    ways.append(f"{keymap.of('nav.quit') or keymap.of('quit')} quits")
    if isinstance(error, ConfigError):
        ways.insert(0, "it starts again when it is saved")
    again = f"mend it: {', '.join(filter(None, ways))}"
    return [*lines, (), line(Span(again, Role.MUTED))]


def exit_code(error: OpsdashError) -> int:
    """65 for faults in the user's files, as in sysexits.h; 1 for everything else."""
    return BAD_CONFIG if isinstance(error, ConfigError) else FAILED


def farewell(error: OpsdashError) -> str:
    """The same words for stderr, which stay readable after the screen is gone."""
    parts = [part for part in (str(error), error.hint) if part]
    return clean("opsdash: " + "\n".join(parts))
