"""Own probes: what the user wants to know of a host that no collector asks by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.health import Health
from opsdash.core.host import Limits

EVERY_S = 60
TIMEOUT_S = 10
EXPIRES = Limits(21 * 86_400.0, 7 * 86_400.0)
"""From so many seconds before its end on a certificate is worth a WARN and a CRIT."""

READING = "probes"
"""The collector under whose name the answers of all probes of a host are known."""

NOT_LIMITED = Limits(None, None)

MOST_PROBES = 50
"""Of one host."""

BODY_BYTES = 65_536
"""So much of an answer's body is read, and looked through for the pattern."""


class Origin(StrEnum):
    """From where it is probed: by the host itself, or by this machine."""

    HOST = "host"
    HERE = "here"


class Outcome(StrEnum):
    """How a try ended: with an answer, with a failure of what was probed, or not at all, for a
    reason that says nothing of it.
    """

    ANSWERED = "answered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tcp:
    """A port takes connections."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Tls:
    """A port shows a certificate of `name` that ends no sooner than `expires` allows."""

    address: str
    port: int
    name: str
    expires: Limits = EXPIRES


@dataclass(frozen=True, slots=True)
class Http:
    """A URL answers with one of `statuses` (none: any from 200 to 399), and with a body in which a
    pattern (RE2) is found. With `verify` a certificate must be trusted, too.
    """

    url: str
    statuses: tuple[int, ...] = ()
    body: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Dns:
    """A name has addresses, all of `addresses` among them."""

    name: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """So many processes of a name are there, with `arguments` in their command line."""

    name: str
    arguments: str = ""
    at_least: int = 1
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file, or the newest that a pattern with ``*`` and ``?`` in its last part names, is younger
    and larger than this.
    """

    path: str
    newer_than_s: float | None = None
    larger_than_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A program ends as Nagios plug-ins do: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""

    argv: tuple[str, ...]


What = Tcp | Tls | Http | Dns | Process | File | Command

KINDS: dict[type, str] = {
    Tcp: "tcp",
    Tls: "tls",
    Http: "http",
    Dns: "dns",
    Process: "process",
    File: "file",
    Command: "command",
}
"""What each is called in hosts.yaml."""

OVER_THE_NETWORK = (Tcp, Tls, Http, Dns)
"""What can be probed from here, and may fail for a moment."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe of a host: what, from where, every how many seconds, and with how much patience.

    `slow` says from how many seconds on an answer takes too long. A failure is worth `severity`.
    """

    name: str
    what: What
    origin: Origin = Origin.HOST
    every_s: int = EVERY_S
    timeout_s: int = TIMEOUT_S
    slow: Limits = NOT_LIMITED
    severity: Health = Health.CRIT

    @property
    def kind(self) -> str:
        """``tcp``, ``tls``, ``http``, ``dns``, ``process``, ``file`` or ``command``."""
        return KINDS[type(self.what)]

    @property
    def target(self) -> str:
        """What it is aimed at, in a few words."""
        match self.what:
            case Tcp(address, port) | Tls(address, port):
                return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            case Http(url):
                return url
            case Command(argv):
                return " ".join(argv)
            case File(path):
                return path
            case Dns(name) | Process(name):
                return name
