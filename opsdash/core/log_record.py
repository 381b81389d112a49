"""Lines of logs as records: small, because half a million of them are held at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from sys import intern

from opsdash.core.text import clean

TEXT_LIMIT = 8192
"""Characters of one line that are kept; the cut is marked with an ellipsis."""

LABEL_LIMIT = 128
"""Characters of a unit's or program's name that are kept."""

_KNOWN: dict[str, str] = {}
_MOST_KNOWN = 20_000


def label(text: str) -> str:
    """A name that repeats from line to line: cleaned once, and one object for all of them."""
    known = _KNOWN.get(text)
    if known is not None:
        return known
    if len(_KNOWN) >= _MOST_KNOWN:  # a host that makes up names must not grow this for ever
        _KNOWN.clear()
    cleaned = intern(" ".join(clean(text, LABEL_LIMIT).split()))
    if len(text) <= LABEL_LIMIT:
        _KNOWN[text] = cleaned
    return cleaned


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of a host's log.

    `at_s` is the host's own clock in seconds since 1970; None: the line tells no time. `priority`
    is syslog's, 0 (worst) to 7; None: the source knows none. `source` is ``journal``, a path,
    ``kernel``, ``container NAME`` or ``source NAME``; `boot` tells boots apart where the source
    does. `text` is cleaned: it may hold newlines and tabs, and nothing that a terminal would obey.
    """

    at_s: float | None
    host: str
    text: str
    source: str
    priority: int | None = None
    program: str = ""
    unit: str = ""
    pid: int | None = None
    boot: str = ""

    def __post_init__(self) -> None:
        """Clean what came from the host; make one object of each name that repeats."""
        put = object.__setattr__
        text = self.text
        if len(text) > TEXT_LIMIT or not text.isprintable():
            put(self, "text", clean(text, TEXT_LIMIT).rstrip("\n"))
        put(self, "host", label(self.host))
        put(self, "source", label(self.source))
        put(self, "program", label(self.program))
        put(self, "unit", label(self.unit))
        put(self, "boot", label(self.boot))


@dataclass(frozen=True, slots=True)
class LogGap:
    """Lines of a host that are not there, as one entry at the place where they would have been.

    From `from_s` until `until_s`, by the host's clock; None: that is not known. `dropped` is their
    number where it is known, else 0. `why` is half a sentence for a person.
    """

    host: str
    source: str
    why: str
    from_s: float | None = None
    until_s: float | None = None
    dropped: int = 0

    def __post_init__(self) -> None:
        """Clean the words."""
        object.__setattr__(self, "why", " ".join(clean(self.why, 300).split()))
        object.__setattr__(self, "source", label(self.source))

    @property
    def at_s(self) -> float | None:
        """Its place in time: where it ends."""
        return self.until_s if self.until_s is not None else self.from_s

    @property
    def text(self) -> str:
        """What can be searched in it."""
        return f"missing: {self.why}"

    @property
    def program(self) -> str:
        """No program wrote it."""
        return ""

    @property
    def unit(self) -> str:
        """No unit wrote it."""
        return ""

    @property
    def priority(self) -> int | None:
        """How bad what is missing was, nobody knows."""
        return None


@dataclass(frozen=True, slots=True)
class LogNotice:
    """What has to be known about the lines of a host: that some may not be read, and what allows
    it; that a source is not there. It is no line, and has no place in time. `passes` says that it
    holds only for as long as the host is not reached.
    """

    host: str
    text: str
    hint: str = ""
    source: str = ""
    passes: bool = False

    def __post_init__(self) -> None:
        """Clean the words."""
        object.__setattr__(self, "text", " ".join(clean(self.text, 300).split()))
        object.__setattr__(self, "hint", " ".join(clean(self.hint, 300).split()))


LogEntry = LogRecord | LogGap
"""What has a place in the stream."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines are wanted of each host.

    Without `files`, `containers`, `named` and `kernel` it is the host's own log: the journal, else
    what syslog writes. `named` are logs that the hosts file gives a name to. `units` are names with
    or without ``.service``. `priority` is the least bad one that is wanted. `since_s` and `until_s`
    are seconds since 1970 by our clock. `lines` is the most of each source that is older than the
    beginning (None: all since `since_s`). `boot` wants the current boot alone. `grep` is a regular
    expression that the text must hold, unless it is empty.
    """

    units: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    containers: tuple[str, ...] = field(default=())
    named: tuple[str, ...] = ()
    kernel: bool = False
    priority: int | None = None
    boot: bool = False
    since_s: float | None = None
    until_s: float | None = None
    lines: int | None = 10
    follow: bool = False
    grep: str = ""
