"""Hooks: who is told when something is wrong with a host, of what, by which way, and when not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from enum import StrEnum
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from opsdash.core.errors import OpsdashError
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.secret import Secret
from opsdash.core.selection import Selection
from opsdash.core.text import clean_line, did_you_mean

USUAL_TIMEOUT_S = 10.0
FIELDS = (
    "kind",
    "host",
    "check",
    "subject",
    "health",
    "title",
    "text",
    "advice",
    "time",
    "count",
    "id",
)
"""What a template may name."""

_PART = re.compile(r"\{\{|\}\}|\{([a-z_]*)\}|[{}]")
_OBEYED = ("-", "@", "+")
"""What programs obey at the beginning of an argument: options, and files to be read."""


class Means(StrEnum):
    """How a hook tells."""

    COMMAND = "command"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    BELL = "bell"
    OSC9 = "osc9"

    @property
    def needs_screen(self) -> bool:
        """Whether it is of the terminal that somebody sits at."""
        return self in (Means.BELL, Means.OSC9)


Ring = Callable[[Means, str], None]
"""Rings the bell of the terminal at which somebody sits, or has it show a text."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the local day (over midnight where `end` is before `begin`) in which nothing is told
    that is not at least `passes` bad; None: nothing at all.
    """

    begin: time
    end: time
    passes: Health | None = None

    def holds_at(self, moment: float, zone: tzinfo | None = None) -> bool:
        """Whether it is quiet at a moment (seconds since 1970) in a zone; None: the local one.

        By what the clock on the wall says: an hour that summer time skips or repeats counts so.
        """
        says = datetime.fromtimestamp(moment, zone).time()
        if self.begin <= self.end:
            return self.begin <= says < self.end
        return says >= self.begin or says < self.end

    def lets_pass(self, health: Health) -> bool:
        """Whether something so bad is told all the same."""
        return self.passes is not None and health >= self.passes

    @property
    def words(self) -> str:
        """``22:00-07:00``."""
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many messages within so many seconds."""

    most: int
    within_s: float
    words: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Of what a hook tells: findings at least so bad, of these hosts and checks, that last."""

    selection: Selection
    severity: Health = Health.CRIT
    checks: tuple[str, ...] = ("*",)
    raised: bool = True
    ended: bool = True
    quiet: Quiet | None = None
    rate: Rate | None = None
    wait_s: float = 0.0

    def concerns(self, host: Host, finding: Finding) -> bool:
        """Whether it is about such a finding; not whether it is time to tell."""
        return (
            finding.health >= self.severity
            and any(fnmatchcase(finding.check, glob) for glob in self.checks)
            and self.selection.names(host)
        )


@dataclass(frozen=True, slots=True)
class Template:
    """Text with fields in braces, understood."""

    parts: tuple[tuple[str, str], ...]
    """Text, and the field behind it; no field: none."""

    def filled(self, fields: Mapping[str, str]) -> str:
        """The text with values in place of fields."""
        return "".join(text + fields.get(name, "") for text, name in self.parts)

    def argument(self, fields: Mapping[str, str]) -> str:
        """The same as an argument: what a host says must be neither an option nor a file's name."""
        text = self.filled(fields)
        leads = bool(self.parts) and not self.parts[0][0] and bool(self.parts[0][1])
        return f" {text}" if leads and text.startswith(_OBEYED) else text


@dataclass(frozen=True, slots=True)
class Hook:
    """One of them. `argv` is a command's; the URL of a webhook is `url` or the first line of
    `url_file`: a token may stand in it. `body` is what is sent in place of all, its
    texts templates.
    """

    name: str
    means: Means
    rule: Rule
    argv: tuple[Template, ...] = ()
    url: Secret | None = None
    url_file: str = ""
    body: Mapping[str, object] | None = None
    timeout_s: float = USUAL_TIMEOUT_S


class TemplateFault(OpsdashError):
    """A template that means nothing."""


def parse_template(text: str) -> Template:
    """Understand a template; TemplateFault says what is wrong, and what could have been meant."""
    parts: list[tuple[str, str]] = []
    before, at = "", 0
    for found in _PART.finditer(text):
        before += text[at : found.start()]
        at = found.end()
        if found[0] in ("{{", "}}"):
            before += found[0][0]
        elif found[1] is None:
            raise TemplateFault(f"a lone {found[0]} means nothing here: write it twice")
        elif found[1] not in FIELDS:
            known = f"known are {', '.join(FIELDS)}"
            raise TemplateFault(
                f"no field {found[0]}{did_you_mean(found[1], FIELDS) or f': {known}'}"
            )
        else:
            parts.append((before, found[1]))
            before = ""
    before += text[at:]
    return Template((*parts, (before, "")) if before else tuple(parts))


def filled(body: object, fields: Mapping[str, str]) -> object:
    """The same data with the values of fields in all its templates."""
    if isinstance(body, Template):
        return body.filled(fields)
    if isinstance(body, Mapping):
        return {str(key): filled(value, fields) for key, value in body.items()}
    if isinstance(body, Sequence) and not isinstance(body, str):
        return [filled(value, fields) for value in body]
    return body


def url_fault(text: str, means: Means) -> str:
    """Why this is no URL to tell anything to, without repeating it; empty: it is one."""
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > 2000:
        return "should be a URL: what is not ASCII, and blanks, are written %20"
    try:
        parts = urlsplit(text)
        known = bool(parts.scheme) and "://" in text and parts.port != 0
    except ValueError:
        known = means is Means.APPRISE and "://" in text
        return "" if known else "should be a URL: https://address/path"
    if means is Means.APPRISE:
        return "" if known else "should be a URL of apprise: ntfy://topic, mailto://..."
    if not known or parts.scheme not in ("http", "https") or not parts.hostname:
        return "should be a URL: https://address/path"
    if "@" in parts.netloc:
        return "names a user: put the URL in a file that only you may read, and name it by url_file"
    return ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of telling once: whether it was taken, in words, and what to do if not.

    `again` says that trying again can help.
    """

    told: bool
    text: str
    hint: str = ""
    again: bool = False
    took_s: float = 0.0

    def __post_init__(self) -> None:
        """Clean: programs and servers chose the words."""
        object.__setattr__(self, "text", clean_line(self.text, 200))
        object.__setattr__(self, "hint", clean_line(self.hint, 200))
