"""The audit log's nouns: one entry for each thing that was begun, ended or refused on a host.

Entries form a chain: each holds the hash of the one before it, so that none can be altered, taken
out, put in or moved without all later ones telling of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Protocol

from opsdash.core.masking import mask
from opsdash.core.text import clean

FIRST_HASH = "0" * 64
"""What the first entry has in the place of an earlier one's hash."""

MOST_COMMAND = 16_384
MOST_TEXT = 1_000
"""Characters of a command, and of each other text, that are kept."""


class Phase(StrEnum):
    """What an entry tells of: a step is about to begin, it has ended, a plan was refused (by a
    guardrail, read-only, or the person who was asked), or the log itself was mended after a crash.
    """

    BEGIN = "begin"
    END = "end"
    REFUSED = "refused"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log.

    `at` is when (seconds since 1970), `who` the person, `from_where` the machine and terminal they
    sat at. `step` counts the plan's steps on this host from 1 (0: the plan as a whole), `command`
    is what ran there, with passwords taken out. `exit_status` is that of an END (None: it has
    none), `text` a sentence where there is more to say than that. `before` and `after` are digests
    of what was changed, where they are known. `seq` counts all entries from 1, `prev_hash` is the
    hash of the entry before; both and `hash` are the log's own affair.
    """

    at: float
    who: str
    host: str
    action: str
    phase: Phase
    plan_id: str = ""
    step: int = 0
    command: str = ""
    target: str = ""
    from_where: str = ""
    exit_status: int | None = None
    text: str = ""
    before: str = ""
    after: str = ""
    seq: int = 0
    prev_hash: str = ""
    hash: str = ""

    @property
    def ok(self) -> bool:
        """Whether it tells of something that ended well."""
        return self.phase is Phase.END and self.exit_status == 0


class AuditLog(Protocol):
    """Where entries are written. Without its line nothing may be changed."""

    async def write(self, entry: AuditEntry) -> None:
        """Return when the entry is on disk for good; AuditError: it is not, so change nothing."""
        ...


def fit_to_keep(entry: AuditEntry) -> AuditEntry:
    """The same entry as it may be written: passwords masked, control characters gone, each text
    cut to its limit (a command that was cut names the digest of all of it).
    """
    command = mask(clean(entry.command, len(entry.command)))
    if len(command) > MOST_COMMAND:
        digest = hashlib.sha256(command.encode("utf-8", "replace")).hexdigest()
        command = f"{command[:MOST_COMMAND]}… ({len(command)} characters, sha256 {digest})"
    words: dict[str, Any] = {
        name: mask(clean(getattr(entry, name), MOST_TEXT))
        for name in ("who", "host", "action", "plan_id", "target", "from_where", "text")
    }
    words |= {name: clean(getattr(entry, name), MOST_TEXT) for name in ("before", "after")}
    return replace(entry, command=command, **words)


def canonical(values: Mapping[str, Any]) -> bytes:
    """The one way to write these values: JSON in ASCII, sorted keys, no spaces."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def hash_of(values: Mapping[str, Any], prev_hash: str) -> str:
    """The hash of an entry's values (its own hash aside) after the one before it."""
    rest = {name: value for name, value in values.items() if name != "hash"}
    return hashlib.sha256(prev_hash.encode() + canonical(rest)).hexdigest()


def chained(entry: AuditEntry, seq: int, prev_hash: str) -> AuditEntry:
    """The entry as number `seq` of the chain."""
    placed = replace(entry, seq=seq, prev_hash=prev_hash, hash="")
    return replace(placed, hash=hash_of(asdict(placed), prev_hash))


def as_line(entry: AuditEntry) -> bytes:
    """The entry as it stands in the file, without its newline."""
    return canonical(asdict(entry))


_NAMES = frozenset(one.name for one in fields(AuditEntry))


def from_line(line: bytes) -> AuditEntry:
    """The entry that a line holds; ValueError: it holds none. What a newer opsdash has added is
    left out. Whether its hash is right is not looked at.
    """
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError("not an object")  # noqa: TRY004 - of the text, not of a caller's value
    try:
        known = {name: value for name, value in values.items() if name in _NAMES}
        entry = AuditEntry(**{**known, "phase": Phase(values["phase"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"not an entry: {error}") from None
    texts = (entry.who, entry.host, entry.action, entry.prev_hash, entry.hash, entry.command)
    numbers = (entry.seq, entry.step, entry.at)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a text is missing")
    if not all(isinstance(number, int | float) for number in numbers):
        raise ValueError("a number is missing")
    return entry
