"""What a run over many hosts came to: groups and diffs for eyes, JSON for programs. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from opsdash.core.folding import (
    Bucket,
    Group,
    Output,
    bucket_counts,
    natural,
    output_of,
    status_of,
    words_of,
)
from opsdash.core.job import HostRun, Job, RunState
from opsdash.core.output_lines import ERROR_MARK, Kind, OutputLine, diff_lines, output_lines
from opsdash.core.progress import Progress
from opsdash.core.text import clean, clean_line, count, duration
from opsdash.core.utc import utc

SCHEMA = "opsdash-run-1"
INDENT = "  "
MOST_NAMES = 8
"""Hosts of the majority that are named: who is odd is what one wants to know."""

WORDS = {
    Bucket.SAME: "",
    Bucket.DIFFERS: " answered otherwise",
    Bucket.FAILED: " failed",
    Bucket.TIMEOUT: " ran out of time",
    Bucket.UNREACHABLE: " not reached",
    Bucket.CANCELLED: " called off",
    Bucket.NOT_BEGUN: " not begun",
    Bucket.RUNNING: " running",
    Bucket.WAITING: " waiting",
}

Document = dict[str, object]


def seconds(value: float) -> str:
    """A time that a command took, short: ``0.3s``, ``12s``, ``6m``."""
    return f"{value:.1f}s" if value < 9.95 else duration(value)


def pace(found: Progress) -> str:
    """How long hosts took: ``p50 0.3s p95 1.9s``; empty: none has ended."""
    if found.p50_s is None or found.p95_s is None:
        return ""
    return f"p50 {seconds(found.p50_s)} p95 {seconds(found.p95_s)}"


def head_line(job: Job, groups: Sequence[Group], found: Progress) -> str:
    """The job in one line."""
    counts = bucket_counts(groups)
    differing = len([one for one in groups if one.bucket is Bucket.DIFFERS])
    parts = [f"{found.done} done"]
    if differing:
        parts.append(f"{counts[Bucket.DIFFERS]} differ in {count(differing, 'way')}")
    parts += [
        f"{number}{WORDS[bucket]}" for bucket, number in counts.items() if not bucket.answered
    ]
    took = " ".join(filter(None, (seconds(found.took_s), pace(found))))
    return f"run {job.id} on {count(found.total, 'host')}: {', '.join(parts)}; {took}"


def as_lines(groups: Sequence[Group], width: int, *, plain: bool = False) -> list[str]:
    """The groups as a person reads them: the majority's output, how others differ, why the rest
    failed. With `plain` every output is shown as it is, and no diffs.
    """
    most = groups[0] if groups and groups[0].bucket is Bucket.SAME else None
    lines: list[str] = []
    for group in groups:
        lines += ["", *heading(group, width)] if lines else heading(group, width)
        if most is not None and group.bucket is Bucket.DIFFERS and not plain:
            lines += [INDENT + str(one) for one in diff_lines(most.output, group.output)]
        else:
            lines += [INDENT + text for text in body(group)]
    return lines


def heading(group: Group, width: int) -> list[str]:
    """How many hosts, what became of them, and who they are."""
    names = group.hosts
    shown: Sequence[str] = names
    more = ""
    if group.bucket is Bucket.SAME and len(names) > MOST_NAMES:
        shown = names[:MOST_NAMES]
        more = f" and {len(names) - MOST_NAMES} more"
    text = f"{count(len(names), 'host')}{WORDS[group.bucket]}{status_words(group)}: "
    text += " ".join(shown) + more
    return textwrap.wrap(
        clean_line(text, 100_000),
        max(width, 20),
        subsequent_indent=INDENT * 2,
        break_on_hyphens=False,
    )


def status_words(group: Group) -> str:
    """The exit status where it says something."""
    status = group.status
    if status is None or (status == 0 and group.bucket.answered):
        return ""
    return f" (signal {-status})" if status < 0 else f" (exit {status})"


def body(group: Group) -> Iterator[str]:
    """Why, and what the hosts of a group put out, what was said as an error marked."""
    if group.words:
        yield clean_line(group.words)
    for one in output_lines(group.output):
        yield (ERROR_MARK if one.kind is Kind.ERR else "") + one.text
    if group.output.truncated:
        yield "(cut off here: there was more than the limit)"
    if not group.output and not group.words and group.bucket.answered:
        yield "(no output)"


def each_line(run: HostRun) -> Iterator[tuple[str, bool]]:
    """A host's outputs line by line, its name in front, and whether it was said as an error."""
    output = output_of(run)
    for one in output_lines(output):
        yield f"{run.host}: {one.text}", one.kind is Kind.ERR
    if output.truncated:
        yield f"{run.host}: (cut off here: there was more than the limit)", True
    words = words_of(run)
    if run.state is not RunState.DONE:
        status = status_of(run)
        why = words or (f"exit {status}" if status is not None else run.state.value)
        yield f"{run.host}: {run.state.value}: {clean_line(why)}", True


def document(job: Job, groups: Sequence[Group]) -> Document:
    """The run as JSON data: stable, versioned; see docs/run.schema.json."""
    counts = bucket_counts(groups)
    return {
        "schema": SCHEMA,
        "id": job.id,
        "name": clean_line(job.plan.note),
        "command": clean(job.plan.title, 10_000),
        "state": job.state.value,
        "stopped": clean_line(job.stopped),
        "began_at": _moment(job.began_at),
        "ended_at": _moment(job.ended_at),
        "counts": {bucket.value: counts.get(bucket, 0) for bucket in Bucket},
        "left_out": [
            {"host": clean_line(one.host), "why": clean_line(one.why)} for one in job.plan.left_out
        ],
        "groups": [_group(group) for group in groups],
        "hosts": [
            _host(run) for run in sorted(job.runs.values(), key=lambda run: natural(run.host))
        ],
    }


def _group(group: Group) -> Document:
    return {
        "bucket": group.bucket.value,
        "exit_status": group.status,
        "words": clean_line(group.words),
        "hosts": [clean_line(name) for name in group.hosts],
        **_output(group.output),
    }


def _host(run: HostRun) -> Document:
    took = run.ended_at - run.began_at if run.began_at and run.ended_at else None
    return {
        "name": clean_line(run.host),
        "state": run.state.value,
        "exit_status": status_of(run),
        "words": clean_line(words_of(run)),
        "took_s": None if took is None else round(took, 3),
    }


def _output(output: Output) -> Document:
    return {
        "stdout": _text(output.stdout),
        "stderr": _text(output.stderr),
        "truncated": output.truncated,
    }


def _text(data: bytes) -> str:
    """A whole output, safe to print; bytes that are no text are replaced."""
    return clean(data.decode(errors="replace"), len(data) + 1)


def _moment(at: float) -> str | None:
    return utc(at, "milliseconds") if at else None


def compared(
    before: Job, groups_before: Iterable[Group], groups: Iterable[Group]
) -> list[OutputLine]:
    """Which hosts answer otherwise than in an earlier run, and how."""
    old = {host: group for group in groups_before for host in group.hosts}
    lines: list[OutputLine] = []
    changed: dict[tuple[Group, Group], list[str]] = {}
    alike = 0
    for group in groups:
        for host in group.hosts:
            was = old.get(host)
            if was is None:
                lines.append(_note(f"{host} was not part of {before.id}"))
            elif (was.status, was.output) == (group.status, group.output):
                alike += 1
            else:
                changed.setdefault((was, group), []).append(host)
    for (was, group), hosts in changed.items():
        lines.append(_note(f"{count(len(hosts), 'host')} changed: {' '.join(hosts)}"))
        lines += _change(was, group)
    total = sum(map(len, changed.values()))
    return [_note(f"against {before.id}: {alike} as before, {total} changed"), *lines]


def _change(was: Group, group: Group) -> Iterator[OutputLine]:
    then = f"{was.bucket.value}{status_words(was)}"
    now = f"{group.bucket.value}{status_words(group)}"
    if was.bucket.answered != group.bucket.answered or was.status != group.status:
        yield _note(f"was {then}, is {now}{': ' + group.words if group.words else ''}")
    if was.output != group.output:
        yield from diff_lines(was.output, group.output)


def _note(text: str) -> OutputLine:
    return OutputLine(Kind.NOTE, clean_line(text, 10_000))
