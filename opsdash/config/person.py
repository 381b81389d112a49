"""Who sits at this terminal: the name that others read beside an ack."""

from __future__ import annotations

import os
import pwd


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
