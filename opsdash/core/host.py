"""A host as the user declared it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsdash.core.named_log import NamedLog
    from opsdash.core.probe import Probe
    from opsdash.core.watch_rule import WatchRule


class Sudo(StrEnum):
    """How this host lets us become root: found out, by a password, without one, or never."""

    PROBE = "probe"
    ASK = "ask"
    NOPASSWD = "nopasswd"
    NONE = "none"


class HostKeyPolicy(StrEnum):
    """What to do with a host key that no known_hosts file lists. There is no "off"."""

    STRICT = "strict"
    ACCEPT_NEW = "accept-new"


class Way(StrEnum):
    """How a host is reached: by our own SSH, by the system's ssh program, or not over a network."""

    SSH = "ssh"
    OPENSSH = "openssh"
    LOCAL = "local"
    REPLAY = "replay"

    @property
    def logs_in(self) -> bool:
        """Whether reaching the host takes a login, which may fail."""
        return self is not Way.LOCAL

    @property
    def opens_sockets(self) -> bool:
        """Whether reaching the host takes open files of this process."""
        return self in (Way.SSH, Way.OPENSSH)


@dataclass(frozen=True, slots=True)
class Limits:
    """From where a value is worth a WARN and a CRIT; None: never."""

    warn: float | None
    crit: float | None


@dataclass(frozen=True, slots=True)
class Host:
    """Who it is and how to reach it. Identity is `name`; None means: as ssh itself would."""

    name: str
    address: str | None = None
    port: int | None = None
    user: str | None = None
    keys: tuple[str, ...] = ()
    jump: str | None = None
    tags: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    sudo: Sudo = Sudo.PROBE
    host_key: HostKeyPolicy = HostKeyPolicy.STRICT
    known_hosts: tuple[str, ...] = ()
    interval_s: int = 2
    thresholds: Mapping[str, Limits] = field(default_factory=lambda: MappingProxyType({}))
    way: Way = Way.SSH
    ssh_config: str | None = None
    probes: tuple[Probe, ...] = ()
    logs: tuple[NamedLog, ...] = ()
    watch: tuple[WatchRule, ...] = field(default=(), repr=False)
