"""Forwarded ports: one here leads to one of a host, or to what that host reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from opsdash.core.target import checked_address
from opsdash.core.text import clean_line

FORMS = "PORT, PORT:PORT or PORT:HOST:PORT"

HERE = "127.0.0.1"
"""Where forwarded ports are listened on: nobody but this machine gets at them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A port of this machine (0: any that is free) that is to lead to a port of `to_host`, a name
    or address as the host knows it: ``localhost`` is the host itself.
    """

    port: int
    to_host: str
    to_port: int

    @property
    def to(self) -> str:
        """Where it leads, as ``localhost:80``."""
        return place(self.to_host, self.to_port)


@dataclass(frozen=True, slots=True)
class Forward:
    """A forwarded port as it stands: through which host, since when (seconds since 1970), whether
    that host is connected now, how many connections are open and were made in all, the bytes that
    went there and came back, and why the last connection that failed did.
    """

    id: int
    host: str
    wish: Wish
    since: float
    up: bool = True
    open: int = 0
    made: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    said: str = ""

    def __post_init__(self) -> None:
        """A server may have chosen the words."""
        object.__setattr__(self, "said", clean_line(self.said, 200))

    @property
    def at(self) -> str:
        """Where it is to be found here, as ``127.0.0.1:8080``."""
        return f"{HERE}:{self.wish.port}"


Tell = Callable[[str], None]
"""Hears a sentence about a forwarded port: that it waits for its host, or works again."""


class Forwarder(Protocol):
    """The forwarded ports of a running fleet. They end with the program."""

    def all(self) -> tuple[Forward, ...]:
        """Those that are open, the oldest first."""
        ...

    async def open(self, host: str, wish: Wish, tell: Tell) -> Forward:
        """Forward a port over the connection to a host that stands; HostError says why not.

        It stays when the connection breaks, and works again over the next one. That nothing
        listens over there yet is no error: the forward says so.
        """
        ...

    async def close(self, number: int) -> None:
        """End one by its id, with all connections through it; one that is gone is no error."""
        ...


def parse_wish(text: str) -> Wish:
    """``80``, ``8080:80`` or ``8080:db.internal:5432``, with IPv6 addresses in brackets.

    ValueError says what is wrong.
    """
    first, colon, rest = text.strip().partition(":")
    if not colon:
        port = _port(first)
        return Wish(port, "localhost", port)
    if ":" not in rest:
        return Wish(_port(first, least=0), "localhost", _port(rest))
    host, _, to_port = rest.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("an IPv6 address stands in brackets: 8080:[2001:db8::1]:80")
    return Wish(_port(first, least=0), checked_address(host), _port(to_port))


def place(host: str, port: int) -> str:
    """A host and port as they are written: ``localhost:80``, ``[::1]:80``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _port(text: str, least: int = 1) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and least <= int(text) <= 65535:
        return int(text)
    raise ValueError(f"a port is a number from {least} to 65535; give {FORMS}")
