"""What hooks tell: one thing that happened, or several in one message, as words and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from secrets import token_hex

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.masking import mask
from opsdash.core.text import clean, clean_line, count

SCHEMA = "opsdash-hook-1"

LISTED, LINES = 100, 15
"""So many events of a message are listed in its data, and in its text; all are counted."""


class NewsKind(StrEnum):
    """Something was raised, is over, or comes and goes; or a message is a summary, or a test."""

    RAISED = "raised"
    ENDED = "ended"
    FLAPPING = "flapping"
    SEVERAL = "several"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class News:
    """One thing to be told; times are seconds since 1970, `since` is when it was first seen."""

    kind: NewsKind
    at: float
    host: str
    check: str
    health: Health
    text: str
    subject: str = ""
    since: float = 0.0
    advice: str = ""

    def __post_init__(self) -> None:
        """Clean: the words are the host's."""
        for name, limit in (("host", 256), ("check", 100), ("subject", 256), ("text", 300)):
            object.__setattr__(self, name, clean_line(getattr(self, name), limit))
        object.__setattr__(self, "advice", clean(self.advice, 1000))

    @property
    def title(self) -> str:
        """``CRIT db3: disk-full /var``; what is over is OK."""
        word = "OK" if self.kind is NewsKind.ENDED else self.health.name
        return f"{word} {self.host}: {self.check} {self.subject}".rstrip()

    @property
    def words(self) -> str:
        """The title, and what is known of it."""
        return f"{self.title}: {self.text}" if self.text else self.title

    def data(self) -> dict[str, object]:
        """As a receiver gets it; times are UTC."""
        return {
            "kind": self.kind.value,
            "at": iso(self.at),
            "host": self.host,
            "check": self.check,
            "subject": self.subject,
            "health": self.health.name,
            "text": self.text,
            "since": iso(self.since) if self.since else None,
            "advice": self.advice,
        }


def news_of(kind: NewsKind, finding: Finding, at: float, text: str = "") -> News:
    """What there is to tell of a finding now."""
    return News(
        kind,
        at,
        finding.host,
        finding.check,
        finding.health,
        mask(text or finding.summary),
        finding.subject,
        finding.since,
        finding.advice,
    )


@dataclass(frozen=True, slots=True)
class Message:
    """What one hook is called with once. `why` says why it comes as one, or late; `missed` counts
    what could not be told before, `left_out` what it has no room for; `repeated`: whoever got it
    may have got it before.
    """

    hook: str
    at: float
    news: tuple[News, ...]
    why: str = ""
    missed: int = 0
    left_out: int = 0
    repeated: bool = False
    test: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        """Give it the name by which a receiver knows it again."""
        object.__setattr__(self, "id", self.id or token_hex(8))

    @property
    def kind(self) -> NewsKind:
        """What it is about."""
        if self.test:
            return NewsKind.TEST
        return self.news[0].kind if len(self.news) == 1 else NewsKind.SEVERAL

    @property
    def health(self) -> Health:
        """How bad the worst of what is raised is; OK when all is over."""
        bad = [one.health for one in self.news if one.kind is not NewsKind.ENDED]
        return max(bad, default=Health.OK)

    @property
    def title(self) -> str:
        """One line that says it all."""
        if len(self.news) == 1:
            return f"{'TEST ' if self.test else ''}{self.news[0].title}"
        kinds = Counter(one.kind for one in self.news)
        raised = [one for one in self.news if one.kind is not NewsKind.ENDED]
        hosts = count(len({one.host for one in self.news}), "host")
        healths = Counter(one.health for one in raised)
        shown = ", ".join(f"{healths[one]} {one.name}" for one in sorted(healths, reverse=True))
        over = f"{kinds[NewsKind.ENDED]} over" if kinds[NewsKind.ENDED] else ""
        return f"{', '.join(filter(None, (shown, over)))} on {hosts}"

    @property
    def text(self) -> str:
        """All of it in words, a line for each, the worst first."""
        if len(self.news) == 1:
            lines = [self.news[0].text or self.news[0].title]
        else:
            ordered = sorted(self.news, key=_worst_first)
            lines = [one.words for one in ordered[:LINES]]
            more = len(self.news) - LINES + self.left_out
            lines += [f"and {more} more"] if more > 0 else []
        lines += [f"({self.why})"] if self.why else []
        lines += [f"({count(self.missed, 'message')} before this could not be told)"][: self.missed]
        return "\n".join(lines)

    def data(self) -> dict[str, object]:
        """The whole of it: what a command gets on its standard input, and a webhook as its body."""
        first = self.news[0]
        same = len({one.host for one in self.news}) == 1
        return {
            "schema": SCHEMA,
            "id": self.id,
            "hook": self.hook,
            "kind": self.kind.value,
            "at": iso(self.at),
            "title": self.title,
            "text": self.text,
            "health": self.health.name,
            "host": first.host if same else None,
            "why": self.why or None,
            "count": len(self.news) + self.left_out,
            "missed": self.missed,
            "repeated": self.repeated,
            "events": [one.data() for one in self.news[:LISTED]],
        }

    def fields(self) -> dict[str, str]:
        """What templates may name."""
        first, one = self.news[0], len(self.news) == 1
        hosts = list(dict.fromkeys(news.host for news in self.news))
        also = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
        return {
            "kind": self.kind.value,
            "host": hosts[0] + also,
            "check": first.check if one else "",
            "subject": first.subject if one else "",
            "health": self.health.name,
            "title": self.title,
            "text": self.text,
            "advice": first.advice if one else "",
            "time": datetime.fromtimestamp(self.at, UTC).astimezone().strftime("%Y-%m-%d %H:%M"),
            "count": str(len(self.news) + self.left_out),
            "id": self.id,
        }


def a_test(hook: str, host: str, at: float) -> Message:
    """What `opsdash hooks test` sends."""
    text = "a test of this hook: nothing is wrong"
    news = News(NewsKind.RAISED, at, host, "hook-test", Health.WARN, text, since=at)
    return Message(hook, at, (news,), test=True)


def iso(at: float) -> str:
    """A time as ``2026-11-27T19:30:02Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _worst_first(news: News) -> tuple[bool, int, float]:
    return (news.kind is NewsKind.ENDED, -news.health, -news.at)


# -- as it is stored --------------------------------------------------------------------------


def news_row(news: News) -> dict[str, object]:
    """As it is stored until it is told."""
    return {**news.data(), "at": news.at, "since": news.since, "health": int(news.health)}


def news_from(row: Mapping[str, object]) -> News:
    """What was stored; ValueError, KeyError or TypeError of what another version wrote."""
    return News(
        NewsKind(str(row["kind"])),
        float(str(row["at"])),
        str(row["host"]),
        str(row["check"]),
        Health(int(str(row["health"]))),
        str(row["text"]),
        str(row["subject"]),
        float(str(row["since"])),
        str(row["advice"]),
    )


def again(message: Message) -> Message:
    """The same, of which it is not known whether it was told."""
    return replace(message, repeated=True)
