"""What systemd is told of a service: that it is ready, how it goes, that it lives, that it ends."""

from __future__ import annotations

import logging
import socket
from collections.abc import MutableMapping

from opsdash.core.text import clean_line

LOG = logging.getLogger(__name__)


class Notifier:
    """The sd_notify(3) protocol; where nobody listens it says nothing.

    `environ` loses its variables, or every process that is started from here would speak for us.
    `watchdog_s` is how often a sign of life is wanted at least; None: never.
    """

    def __init__(self, environ: MutableMapping[str, str], pid: int) -> None:
        self._address = _address(environ.pop("NOTIFY_SOCKET", ""))
        usec = environ.pop("WATCHDOG_USEC", "")
        for_us = environ.pop("WATCHDOG_PID", str(pid)) == str(pid)
        known = bool(self._address) and for_us and usec.isascii() and usec.isdigit()
        self.watchdog_s = int(usec) / 1e6 if known and int(usec) else None

    def ready(self, status: str) -> None:
        """It has begun, and how it goes."""
        self._tell("READY=1", f"STATUS={clean_line(status, 200)}")

    def status(self, status: str) -> None:
        """How it goes."""
        self._tell(f"STATUS={clean_line(status, 200)}")

    def alive(self) -> None:
        """The event loop turns."""
        if self.watchdog_s is not None:
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """It has been told to end, and does."""
        self._tell("STOPPING=1", "STATUS=ends, and writes down what it knows")

    def _tell(self, *words: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)  # a listener that does not read must not hold us up
                out.sendto("\n".join(words).encode(), self._address)
        except OSError as error:
            LOG.warning("systemd can't be told: %s", error)


def _address(said: str) -> str:
    """The socket's path, or its name in the abstract namespace; others there are none."""
    if said.startswith("@"):
        return f"\0{said[1:]}"
    return said if said.startswith("/") else ""
