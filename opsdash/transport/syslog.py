"""One line to this machine's syslog, which may pass it on to where nobody here can alter it."""

from __future__ import annotations

import logging
import os
import socket

from opsdash.core.text import clean_line

LOG = logging.getLogger(__name__)
ADDRESS = "/dev/log"
_AUTHPRIV_NOTICE = 10 * 8 + 5


class Syslog:
    """The socket of the local syslog or journal; where there is none, nothing is said."""

    def __init__(self, address: str = ADDRESS) -> None:
        self._address = address

    def tell(self, text: str) -> None:
        """Say one line, as opsdash, to be kept with the logins (authpriv); it never waits."""
        line = f"<{_AUTHPRIV_NOTICE}>opsdash[{os.getpid()}]: {clean_line(text, 500)}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)  # a syslog that hangs must not hold us up
                out.sendto(line.encode(), self._address)
        except OSError as error:
            LOG.info("syslog can't be told: %s", error)
