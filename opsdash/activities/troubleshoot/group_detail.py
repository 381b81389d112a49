"""What stands below the table of groups: an output, a diff, or for how long who runs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from opsdash.activities.troubleshoot.run_report import MOST_NAMES, compared, heading
from opsdash.core.folding import Bucket, Group, Output
from opsdash.core.job import HostRun, Job, Result
from opsdash.core.output_lines import (
    ERROR_MARK,
    Kind,
    OutputLine,
    diff_lines,
    output_lines,
    raw_lines,
    shown,
)
from opsdash.core.text import clean_line, count, duration

MOST_LINES = 5000
"""Lines of an output that are shown; a file takes all of them."""

MOST_OPEN = 200
"""Hosts of which it is told for how long they run."""

TAIL, LONG_TAIL = 4096, 65_536
"""Bytes that are looked at of what hosts have put out by now; and of one that is alone."""

Tail = Callable[[str, int], "Result | None"]
"""The last bytes of what the step that runs on a host has put out by now."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a group is held against: the majority, or the groups of an earlier job."""

    most: Group | None = None
    earlier: Job | None = None
    groups: Sequence[Group] = ()


def title(group: Group, against: Against) -> str:
    """What the lines below are."""
    if not group.bucket.ended:
        return f"{group.bucket.value}: {count(len(group.hosts), 'host')}"
    if against.earlier is not None:
        return f"against {against.earlier.id}, {clean_line(against.earlier.plan.title, 60)}"
    if against.most is not None and against.most != group:
        return f"diff against {count(len(against.most.hosts), 'host')} of the majority"
    return "output"


def lines(group: Group, against: Against) -> list[OutputLine]:
    """The lines of a group that has ended: who, why, and its output or a diff of it."""
    found = [OutputLine(Kind.NOTE, text) for text in _who(group)]
    if group.words:
        found.append(OutputLine(Kind.ERR, clean_line(group.words)))
    if against.earlier is not None:
        return [*found, *compared(against.earlier, against.groups, [group])]
    if against.most is not None and against.most != group:
        return [*found, *diff_lines(against.most.output, group.output)]
    return [*found, *_output(group)]


def _who(group: Group) -> list[str]:
    if len(group.hosts) <= MOST_NAMES:
        return [" ".join(group.hosts)]
    if group.bucket is Bucket.SAME:
        return heading(group, 10_000)
    return [f"{count(len(group.hosts), 'host')}: {' '.join(group.hosts)}"]


def _output(group: Group) -> Iterator[OutputLine]:
    found = output_lines(group.output, 0, MOST_LINES)
    for one in found:
        mark = ERROR_MARK if one.kind is Kind.ERR else ""
        yield OutputLine(one.kind, mark + one.text)
    if len(found) == MOST_LINES:
        total = sum(len(raw_lines(part)) for part in (group.output.stdout, group.output.stderr))
        if total > MOST_LINES:
            yield OutputLine(Kind.NOTE, f"{total - MOST_LINES} more lines: export writes them all")
    if group.output.truncated:
        yield OutputLine(Kind.NOTE, "cut off here: there was more than the limit")
    if not found and group.bucket.answered:
        yield OutputLine(Kind.NOTE, "no output")


def open_lines(
    group: Group, runs: Mapping[str, HostRun], tail: Tail, now: float
) -> list[OutputLine]:
    """Who has not ended, the longest first: for how long it runs, and what it said last."""
    hosts = sorted(group.hosts, key=lambda host: runs[host].began_at or now)
    found = []
    for host in hosts[:MOST_OPEN]:
        age = f"{duration(now - runs[host].began_at):>4}" if runs[host].began_at else "   -"
        said = tail(host, LONG_TAIL if len(hosts) == 1 else TAIL)
        if said is not None and len(hosts) == 1:
            output = Output(said.stdout, said.stderr)
            return [OutputLine(Kind.NOTE, f"{age}  {host}"), *output_lines(output)]
        last = _last(said) if said is not None else ""
        found.append(OutputLine(Kind.OUT, f"{age}  {host}" + (f"  {last}" if last else "")))
    if len(hosts) > MOST_OPEN:
        found.append(OutputLine(Kind.NOTE, f"and {len(hosts) - MOST_OPEN} more"))
    return found


def _last(said: Result) -> str:
    """The last line that holds anything."""
    for data in (said.stderr, said.stdout):
        for raw in reversed(raw_lines(data)):
            if text := shown(raw).strip():
                return text
    return ""
