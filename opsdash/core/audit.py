"""The audit log's nouns: one entry for each thing that was begun, ended or refused on a host.

Entries form a chain: each holds the hash of the one before it, so that none can be altered, taken
out, put in or moved without all later ones telling of it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Protocol

from opsdash.core.event import Event, EventKind
from opsdash.core.masking import mask
from opsdash.core.plan import Step
from opsdash.core.secret import Secret
from opsdash.core.text import clean, clean_line, count

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


_WORDS = ("who", "host", "action", "plan_id", "target", "from_where", "text", "before", "after")


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
    words: dict[str, Any] = {name: clean(getattr(entry, name), MOST_TEXT) for name in _WORDS}
    words["target"], words["text"] = mask(words["target"]), mask(words["text"])
    return replace(entry, command=command, **words)


def input_words(step: Step) -> str:
    """What a step is given to read, as far as that may be written down: its length and digest."""
    if step.copy is not None and step.copy.digest:
        size = count(step.copy.size_bytes, "byte")
        return f"given {step.copy.local}, {size}, sha256 {step.copy.digest}"
    if step.copy is not None:
        return f"copied to {step.copy.local}"
    if step.stdin is None:
        return ""
    if isinstance(step.stdin, Secret):
        return "given a secret"
    digest = hashlib.sha256(step.stdin).hexdigest()
    return f"given {count(len(step.stdin), 'byte')}, sha256 {digest}"


def canonical(values: Mapping[str, Any]) -> bytes:
    """The one way to write these values: JSON in ASCII, sorted keys, no spaces."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def hash_of(line: bytes, entry: AuditEntry) -> str:
    """The hash that an entry should have whose canonical line this is: of the hash before it and
    the line without its own hash. No text of the line can be taken for that: in texts " is \\".
    """
    rest = line.replace(b'"hash":"%b",' % entry.hash.encode(), b"", 1)
    return hashlib.sha256(entry.prev_hash.encode() + rest).hexdigest()


def chained(entry: AuditEntry, seq: int, prev_hash: str) -> AuditEntry:
    """The entry as number `seq` of the chain."""
    placed = replace(entry, seq=seq, prev_hash=prev_hash, hash="")
    return replace(placed, hash=hash_of(as_line(placed), placed))


def as_line(entry: AuditEntry) -> bytes:
    """The entry as it stands in the file, without its newline."""
    return canonical({name: getattr(entry, name) for name in _NAMES})


_NAMES = tuple(sorted(one.name for one in fields(AuditEntry)))
_TEXTS = frozenset(
    {"who", "host", "action", "plan_id", "command", "target", "from_where", "text"}
    | {"before", "after", "prev_hash", "hash"}
)
_NUMBERS = frozenset({"at", "step", "seq"})


def from_line(line: bytes) -> AuditEntry:
    """The entry that a line holds; ValueError: it holds none. What a newer opsdash has added is
    left out. Whether its hash is right is not looked at.
    """
    return from_values(values_of(line))


def values_of(line: bytes) -> Any:
    """What a line holds; ValueError: it is no JSON."""
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("nested too deep") from None


def from_values(values: Any) -> AuditEntry:
    """The entry that has these values; ValueError: none has."""
    if not isinstance(values, dict) or not values.keys() >= _TEXTS | _NUMBERS:
        raise ValueError("not an entry")
    status = values.get("exit_status")
    if not (
        all(isinstance(values[name], str) for name in _TEXTS)
        and all(isinstance(values[name], int | float) for name in _NUMBERS)
        and math.isfinite(values["at"])
        and (status is None or isinstance(status, int))
    ):
        raise ValueError("not the values of an entry")
    known = {name: values[name] for name in _TEXTS | _NUMBERS}
    return AuditEntry(phase=Phase(str(values.get("phase"))), exit_status=status, **known)


RUNBOOK_LOOK = "runbook.look"
"""What the looks of runbooks are called here and in guardrails: they read, and do nothing."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a plan did on one host, told by its entries: `ok` None where it is not known how it
    ended (it runs, or opsdash ended first).
    """

    at: float
    who: str
    host: str
    action: str
    target: str
    plan_id: str
    ok: bool | None
    text: str = ""

    @property
    def words(self) -> str:
        """In words: ``tom: service.restart nginx, ok``."""
        how = {True: "ok", False: f"failed ({self.text})", None: "end not known"}[self.ok]
        return clean_line(f"{self.who}: {self.action} {self.target}".rstrip() + f", {how}", 200)

    def event(self) -> Event:
        """As an event of the host."""
        return Event(self.at, EventKind.ACTED, self.host, self.words, subject=self.target)


def done(entries: Iterable[AuditEntry]) -> list[Done]:
    """What was done, by plan and host, the latest first; `entries` in the order of the log."""
    by_plan: dict[tuple[str, str], list[AuditEntry]] = {}
    for entry in entries:
        if entry.action != RUNBOOK_LOOK and entry.phase in (Phase.BEGIN, Phase.END) and entry.host:
            by_plan.setdefault((entry.plan_id, entry.host), []).append(entry)
    found = [_done(steps) for steps in by_plan.values()]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _done(steps: Sequence[AuditEntry]) -> Done:
    last = steps[-1]
    ends = [one for one in steps if one.phase is Phase.END]
    failed = [one for one in ends if one.exit_status != 0]
    ok = False if failed else None if last.phase is Phase.BEGIN else True
    text = failed[0].text or _status(failed[0].exit_status) if failed else last.text
    return Done(last.at, last.who, last.host, last.action, last.target, last.plan_id, ok, text)


def _status(status: int | None) -> str:
    return "no exit status" if status is None else f"exit status {status}"
