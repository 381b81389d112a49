"""Which logs are wanted, as it is typed behind the page's name: ``unit:nginx since:-1h``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsdash.core.filter_words import split_words, unquoted
from opsdash.core.log_record import LogQuery
from opsdash.core.moment import moment_of
from opsdash.core.priority import PRIORITIES, priority_of
from opsdash.core.text import clean_line

FORMS = (
    "unit:NAME file:/PATH container:NAME source:NAME kernel boot prio>=err since:-1h until:13:50 "
    "TEXT"
)
MOST_AT_FIRST, LEAST_AT_FIRST = 5_000, 20
"""Lines of the past that a page begins with, of all hosts together, and of each at least."""


@dataclass(frozen=True, slots=True)
class LogWish:
    """What is asked of the hosts, and what the lines that came are filtered by."""

    query: LogQuery
    filter_text: str = ""


def usual(hosts: int) -> LogQuery:
    """The hosts' own logs, from a while ago on, and all that comes."""
    lines = max(LEAST_AT_FIRST, MOST_AT_FIRST // max(hosts, 1))
    return LogQuery(lines=lines, follow=True)


def parse_wish(text: str, hosts: int, now: float) -> LogWish:
    """Understand it; ValueError says in words what is wrong. What names no source is the filter."""
    query, rest = usual(hosts), []
    for word in split_words(text):
        found = _heeded(query, word, now)
        if found is None:
            rest.append(word)
        else:
            query = found
    if query.since_s is not None:
        query = replace(query, lines=None)
    if query.until_s is not None:
        query = replace(query, follow=False)
    return LogWish(query, " ".join(rest))


def _heeded(query: LogQuery, word: str, now: float) -> LogQuery | None:
    """The query with what a word asks for; None: it is none of these."""
    name, colon, value = word.partition(":")
    value = unquoted(value)
    if word == "kernel":
        return replace(query, kernel=True)
    if word == "boot":
        return replace(query, boot=True)
    if word.startswith("prio>="):
        return replace(query, priority=priority_of(word[6:]))
    if not colon or name not in _SOURCES:
        return None
    if not value:
        raise ValueError(f"{word} needs something behind the colon: {FORMS}")
    return _SOURCES[name](query, value, now)


def _unit(query: LogQuery, value: str, now: float) -> LogQuery:
    return replace(query, units=(*query.units, value))


def _file(query: LogQuery, value: str, now: float) -> LogQuery:
    if not value.startswith("/"):
        raise ValueError(f"{clean_line(value, 60)}: the path of a file begins with /")
    return replace(query, files=(*query.files, value))


def _container(query: LogQuery, value: str, now: float) -> LogQuery:
    return replace(query, containers=(*query.containers, value))


def _named(query: LogQuery, value: str, now: float) -> LogQuery:
    return replace(query, named=(*query.named, value))


def _since(query: LogQuery, value: str, now: float) -> LogQuery:
    return replace(query, since_s=moment_of(value, now))


def _until(query: LogQuery, value: str, now: float) -> LogQuery:
    return replace(query, until_s=moment_of(value, now))


_SOURCES = {
    "unit": _unit,
    "file": _file,
    "container": _container,
    "source": _named,
    "since": _since,
    "until": _until,
}


def words_of(query: LogQuery) -> str:
    """The query as a person reads it in the heading."""
    parts = [f"unit {one}" for one in query.units]
    parts += list(query.files)
    parts += [f"container {one}" for one in query.containers]
    parts += [f"source {one}" for one in query.named]
    if not parts:
        parts = ["kernel" if query.kernel else "system log"]
    if query.priority is not None:
        parts.append(f"{PRIORITIES[query.priority]} and worse")
    if query.boot:
        parts.append("this boot")
    return ", ".join(parts)
