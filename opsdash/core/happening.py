"""What happened on a host, and when: what a timeline is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.health import Health
from opsdash.core.reading import Row
from opsdash.core.text import clean, clean_line


class Kind(StrEnum):
    """What a happening is about."""

    HEALTH = "health"
    PACKAGE = "package"
    UNIT = "unit"
    LOGIN = "login"
    SUDO = "sudo"
    ACCOUNT = "account"
    BOOT = "boot"
    FILE = "file"
    CRON = "cron"
    PORT = "port"
    MOUNT = "mount"
    ALERT = "alert"
    ACTION = "action"


SOURCES = ("packages", "edits", "unitlog", "authlog")
"""The collectors of changes that the login asks."""

KINDS = frozenset(str(kind) for kind in Kind)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: on our clock (seconds since 1970), of what kind, in words.

    `subject` names the unit, package, file or account that it is about, several of them parted by
    spaces; `who` did it, where that is known; `source` tells it. `detail` is all of it, where the
    words are a summary. `health` is what a host's health became.
    """

    at: float
    host: str
    kind: Kind
    words: str
    subject: str = ""
    who: str = ""
    source: str = ""
    detail: str = ""
    health: Health | None = None

    def __post_init__(self) -> None:
        """Clean: names of files and packages are the host's words."""
        object.__setattr__(self, "words", clean_line(self.words, 300))
        object.__setattr__(self, "subject", clean_line(self.subject))
        object.__setattr__(self, "who", clean_line(self.who, 64))
        object.__setattr__(self, "source", clean_line(self.source, 64))
        object.__setattr__(self, "detail", clean(self.detail))


def happened(host: str, row: Row, ahead_s: float) -> Happening | None:
    """A row of a collector of changes on the clock here, which the host's is `ahead_s` ahead of;
    None for a kind that nobody knows.
    """
    kind, at = str(row.get("kind")), row.get("at")
    if kind not in KINDS or not isinstance(at, int | float):
        return None
    return Happening(
        at - ahead_s,
        host,
        Kind(kind),
        str(row.get("words") or ""),
        str(row.get("subject") or ""),
        str(row.get("who") or ""),
        str(row.get("source") or ""),
        str(row.get("detail") or ""),
    )
