"""Which logs of a host a query means, once it is known what there is on the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsdash.collectors.log_containers import Container
from opsdash.collectors.log_files import MOST_FILES, Files
from opsdash.collectors.log_journal import Journal
from opsdash.collectors.log_kernel import Kernel
from opsdash.collectors.log_lines import SOUGHT_LINES, LogSource, may_not
from opsdash.collectors.log_survey import Survey
from opsdash.collectors.log_syslogd import Logread
from opsdash.core.log_record import LogNotice, LogQuery

MOST_SOURCES = 4
"""Of one host at a time: each holds a session of sshd open, which allows ten."""


def sources_of(
    host: str, query: LogQuery, survey: Survey, *, now_s: float, mark: str
) -> tuple[list[LogSource], list[LogNotice]]:
    """The sources that the query means on this host, and what has to be said of it. `now_s` is the
    time by the host's clock, `mark` a token that no line can hold.
    """
    found: list[LogSource] = []
    notices: list[LogNotice] = []
    journal_query = query
    if leaves_out(query):
        query = replace(query, lines=max(SOUGHT_LINES, query.lines or 0))
    for at in range(0, len(query.files), MOST_FILES):
        paths = query.files[at : at + MOST_FILES]
        found.append(Files(host, paths, query, survey, mark))
    found += [Container(host, name, query, survey) for name in query.containers]
    if query.kernel:
        found.append(
            Journal(host, journal_query, survey, now_s)
            if survey.journal
            else Kernel(host, query, survey)
        )
    elif query.units or not found:
        if survey.journal:
            found.append(Journal(host, journal_query, survey, now_s))
        else:
            own, notices = _by_syslog(host, query, survey, mark)
            found += own
    if survey.own_lines_only and any(isinstance(one, Journal) for one in found):
        notices.append(may_not(host, "journal", survey.groups))
    if len(found) > MOST_SOURCES:
        text = (
            f"{host}: only {MOST_SOURCES} logs at a time: {', '.join(_names(found))} are left out"
        )
        notices.append(LogNotice(host, text, "ask for the others by a query of their own"))
    return found[:MOST_SOURCES], notices


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
