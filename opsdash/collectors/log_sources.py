"""Which logs of a host a query means, once it is known what there is on the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from opsdash.collectors.log_commands import CommandLog
from opsdash.collectors.log_containers import Container
from opsdash.collectors.log_files import MOST_FILES, Files
from opsdash.collectors.log_journal import Journal
from opsdash.collectors.log_kernel import Kernel
from opsdash.collectors.log_lines import SOUGHT_LINES, LogSource, may_not
from opsdash.collectors.log_survey import Survey
from opsdash.collectors.log_syslogd import Logread
from opsdash.core.host import Host
from opsdash.core.log_record import LogNotice, LogQuery
from opsdash.core.named_log import NamedLog

MOST_SOURCES = 4
"""Of one host at a time: each holds a session of sshd open, which allows ten."""

HINT = "logs: in hosts.yaml gives names to logs"


def sources_of(
    host: Host, query: LogQuery, survey: Survey, *, now_s: float, mark: str
) -> tuple[list[LogSource], list[LogNotice]]:
    """The sources that the query means on this host, and what has to be said of it. `now_s` is the
    time by the host's clock, `mark` a token that no line can hold.
    """
    name, journal_query = host.name, query
    if leaves_out(query):
        query = replace(query, lines=max(SOUGHT_LINES, query.lines or 0))
    found: list[LogSource] = [*_files(host, query, survey, mark)]
    found += [Container(name, one, query, survey) for one in query.containers]
    found += [
        CommandLog(name, one, query, survey, mark) for one in named_on(host, query) if one.command
    ]
    notices = missing_on(host, query)
    if query.kernel:
        found.append(
            Journal(name, journal_query, survey, now_s)
            if survey.journal
            else Kernel(name, query, survey)
        )
    elif query.units or not (query.files or query.containers or query.named):
        if survey.journal:
            found.append(Journal(name, journal_query, survey, now_s))
        else:
            own, unread = _by_syslog(name, query, survey, mark)
            found, notices = [*found, *own], [*notices, *unread]
    if survey.own_lines_only and any(isinstance(one, Journal) for one in found):
        notices.append(may_not(name, "journal", survey.groups))
    if len(found) > MOST_SOURCES:
        text = (
            f"{name}: only {MOST_SOURCES} logs at a time: {', '.join(_names(found))} are left out"
        )
        notices.append(LogNotice(name, text, "ask for the others by a query of their own"))
    return found[:MOST_SOURCES], notices


def named_on(host: Host, query: LogQuery) -> list[NamedLog]:
    """The logs of this host that the query names, each once."""
    return [one for one in host.logs if one.name in query.named]


def missing_on(host: Host, query: LogQuery) -> list[LogNotice]:
    """That this host has no log of a name."""
    own = {one.name for one in host.logs}
    return [
        LogNotice(host.name, f"{host.name}: it has no log called {name}", HINT)
        for name in dict.fromkeys(query.named)
        if name not in own
    ]


def asks_nothing_of(host: Host, query: LogQuery) -> bool:
    """Whether the query names logs alone, of which this host has none."""
    others = query.files or query.containers or query.units or query.kernel
    return bool(query.named) and not others and not named_on(host, query)


def leaves_out(query: LogQuery) -> bool:
    """Whether a query wants the last of some lines alone: what has no index gives more, then."""
    picks = bool(query.grep or query.units) or query.priority is not None
    return picks and bool(query.lines)


def on_host(query: LogQuery, survey: Survey) -> LogQuery:
    """The query as it is meant on a host: without a journal a boot is a time."""
    if not query.boot or survey.journal or survey.booted_s is None:
        return query
    since_s = survey.booted_s - survey.ahead_s
    return replace(query, since_s=max(since_s, query.since_s or since_s))


def _files(host: Host, query: LogQuery, survey: Survey, mark: str) -> Iterator[Files]:
    """The files that are asked for by their paths and by their names, each once."""
    names = {one.path: one.name for one in named_on(host, query) if one.path}
    paths = list(dict.fromkeys((*query.files, *names)))
    for at in range(0, len(paths), MOST_FILES):
        files = Files(host.name, paths[at : at + MOST_FILES], query, survey, mark)
        files.call(names)
        yield files


def _names(found: Sequence[LogSource]) -> list[str]:
    return [one.name for one in found[MOST_SOURCES:]]


def _by_syslog(
    host: str, query: LogQuery, survey: Survey, mark: str
) -> tuple[list[LogSource], list[LogNotice]]:
    """What a host without a journal has: the files of its syslog, or a ring in memory."""
    notices = [
        may_not(host, path, survey.groups) for path, readable in survey.files if not readable
    ]
    paths = [path for path, readable in survey.files if readable]
    if paths:
        return [Files(host, paths, query, survey, mark)], notices
    if "logread" in survey.tools:
        return [Logread(host, query, survey)], notices
    if not notices:
        text = f"{host}: neither a journal nor a syslog was found"
        notices.append(LogNotice(host, text, "name the file: --file PATH"))
    return [], notices
