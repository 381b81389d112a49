"""Who sits at this terminal, and where: what others read beside an ack or in the audit log."""

from __future__ import annotations

import os
import platform
import pwd
from contextlib import suppress

from opsdash.core.text import clean_line


def user_name() -> str:
    """The name of the user; behind sudo that of whoever called it, else the number."""
    try:
        number = int(os.environ.get("SUDO_UID", "")) if os.geteuid() == 0 else os.getuid()
    except ValueError:
        number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def from_where() -> str:
    """The machine and terminal of the user, and from where they came: ``desk pts/3 from 10.0.0.5``.

    Without a terminal (a timer, a script) it is the machine alone.
    """
    found = [platform.node() or "localhost"]
    for number in (0, 1, 2):
        with suppress(OSError):
            found.append(os.ttyname(number).removeprefix("/dev/"))
            break
    came = os.environ.get("SSH_CONNECTION", "").split()
    if came:
        found += ["from", came[0]]
    return clean_line(" ".join(found), 200)
