"""How jobs and their groups look as rows: glyph, word and colour for each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.activities.troubleshoot.run_report import pace, seconds
from opsdash.core.folding import Bucket, Group, Output
from opsdash.core.health import Health
from opsdash.core.job import Job, JobState, RunState
from opsdash.core.output_lines import Kind, OutputLine, output_lines
from opsdash.core.progress import Progress
from opsdash.core.text import clean_line, count, duration, shorten
from opsdash.widgets.columns import Column
from opsdash.widgets.line import ROLES, Line, Role, Span, fit_right, line
from opsdash.widgets.palette import Palette

_HEALTHS = {
    Bucket.SAME: Health.OK,
    Bucket.DIFFERS: Health.WARN,
    Bucket.FAILED: Health.CRIT,
    Bucket.TIMEOUT: Health.CRIT,
    Bucket.UNREACHABLE: Health.DOWN,
    Bucket.CANCELLED: Health.UNKNOWN,
    Bucket.NOT_BEGUN: Health.UNKNOWN,
}
_OPEN = {Bucket.RUNNING: Role.ACCENT, Bucket.WAITING: Role.MUTED}

STATES = {
    JobState.RUNNING: ("running", Role.ACCENT),
    JobState.FINISHED: ("finished", Role.TEXT),
    JobState.STOPPED: ("stopped", Role.CRIT),
    JobState.CANCELLED: ("cancelled", Role.UNKNOWN),
    JobState.BROKEN_OFF: ("broken off", Role.CRIT),
}
BAR = 24
SHORT_BAR = 6
WIDE = 100
"""Cells of the bar of progress, and of a screen that has room for the longer one."""

FIRST_BYTES = 4096
"""So much of an output is looked at for its first words."""

LINE_ROLES = {
    Kind.OUT: Role.TEXT,
    Kind.ERR: Role.WARN,
    Kind.BOTH: Role.MUTED,
    Kind.GONE: Role.CRIT,
    Kind.NEW: Role.OK,
    Kind.NOTE: Role.UNKNOWN,
    Kind.PLACE: Role.ACCENT,
}


def role_of(bucket: Bucket) -> Role:
    """The colour of a bucket."""
    return _OPEN[bucket] if bucket in _OPEN else ROLES[_HEALTHS[bucket]]


def badge(bucket: Bucket, palette: Palette) -> Span:
    """Glyph and word of a bucket."""
    sign = "…" if bucket in _OPEN else palette.glyph(_HEALTHS[bucket])
    return Span(f"{sign} {bucket.value.replace('-', ' ')}", role_of(bucket))


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as a row: `told` is what is said in place of an output, where there is none yet."""

    group: Group
    marked: bool
    palette: Palette
    told: str = ""


def status_cell(status: int | None) -> str:
    """An exit status, or the signal that killed it."""
    return "-" if status is None else f"sig{-status}" if status < 0 else str(status)


def first_words(group: Group) -> str:
    """What is most worth reading of a group in one line."""
    if group.words:
        return group.words
    output = group.output
    begin = Output(output.stdout[:FIRST_BYTES], output.stderr[:FIRST_BYTES])
    for one in output_lines(begin, 0, 50):
        if one.text.strip():
            return one.text.strip()
    return "(no output)" if group.bucket.answered else ""


def group_columns(width: int) -> list[Column[GroupRow]]:
    """The columns of the table of groups."""
    names = 20 if width < 100 else 26

    def hosts(row: GroupRow, room: int) -> Line:
        return (Span(fit_right(str(len(row.group.hosts)), room)),)

    def words(row: GroupRow, room: int) -> Line:
        role = Role.TEXT if row.group.bucket.answered else role_of(row.group.bucket)
        return (Span(shorten(row.told or first_words(row.group), room), role),)

    return [
        Column("", 1, lambda row, _: (Span(row.palette.mark if row.marked else " ", Role.ACCENT),)),
        Column("GROUP", 13, lambda row, _: (badge(row.group.bucket, row.palette),)),
        Column("HOSTS", 5, hosts, right=True),
        Column("RC", 4, lambda row, _: (Span(fit_right(status_cell(row.group.status), 4)),),
               rank=1, right=True),
        Column("OUTPUT", 20, words, flexible=True),
        Column("WHO", names, lambda row, room: (Span(who(row.group.hosts, room), Role.MUTED),),
               rank=2),
    ]  # fmt: skip


def who(hosts: Sequence[str], room: int) -> str:
    """As many hosts as there is room for, and how many more there are."""
    text = ""
    for place, host in enumerate(hosts):
        rest = len(hosts) - place - 1
        longer = f"{text} {host}".strip()
        tail = f" +{rest}" if rest else ""
        if len(longer) + len(tail) > room:
            return f"{text} +{rest + 1}".strip() if text else shorten(host, room)
        text = longer
    return text


def bar(found: Progress, palette: Palette, width: int) -> Line:
    """How far it has come, how long hosts take, how long the rest may take."""
    cells = BAR if width >= WIDE else SHORT_BAR
    full = round(found.ratio * cells)
    if found.ended < found.total:
        full = min(full, cells - 1)
    counted = [
        ("done", found.done, Role.OK),
        ("failed", found.failed, Role.CRIT),
        ("running", found.running, Role.ACCENT),
        ("waiting", found.waiting, Role.MUTED),
        ("called off", found.called_off, Role.UNKNOWN),
    ]
    return (
        Span(palette.drawable("█" * full), Role.WARN if found.failed else Role.OK),
        Span(palette.drawable("░" * (cells - full)), Role.MUTED),
        Span(f" {found.ended}/{found.total}" if width >= WIDE else ""),
        *(Span(f"  {word} {number}", role) for word, number, role in counted if number),
        *_times(found),
    )


def _times(found: Progress) -> list[Span]:
    spans = []
    if text := pace(found):
        spans.append(Span(f"  {text}", Role.MUTED))
    if found.left_s is not None:
        spans.append(Span(f"  ~{seconds(found.left_s)} left"))
    elif found.slowest_s is not None and found.ended:
        spans.append(Span(f"  longest {duration(found.slowest_s)}", Role.WARN))
    return spans


def shown_line(one: OutputLine, mark: str = "") -> Line:
    """A line of an output or a diff in its colour."""
    return line(Span(mark + str(one), LINE_ROLES[one.kind]))


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as a row, at a moment (seconds since 1970)."""

    job: Job
    now: float


def short_id(job_id: str) -> str:
    """The end of an id, which every verb takes for the whole."""
    return job_id.rpartition("-")[2] or job_id


def job_columns(width: int) -> list[Column[JobRow]]:
    """The columns of the list of jobs."""
    wide = width >= WIDE

    def name(row: JobRow, room: int) -> Line:
        text = row.job.id if wide else short_id(row.job.id)
        return (Span(shorten(text, room), Role.ACCENT),)

    def state(row: JobRow, _: int) -> Line:
        word, role = STATES.get(row.job.state, (row.job.state.value, Role.MUTED))
        return (Span(word, role),)

    def came(row: JobRow, room: int) -> Line:
        done, failed = len(row.job.in_state(RunState.DONE)), failures(row.job)
        spans = [Span(f"{done} done", Role.OK if done else Role.MUTED)]
        spans += [Span(f" {failed} failed", Role.CRIT)] if failed else []
        rest = len(row.job.runs) - done - failed
        spans += [Span(f" {rest} not", Role.UNKNOWN)] if rest and not _runs(row.job) else []
        return tuple(spans)

    return [
        Column("ID", 16 if wide else 6, name),
        Column("STATE", 10, state),
        Column("HOSTS", 5, lambda row, _: (Span(fit_right(str(len(row.job.runs)), 5)),),
               right=True),
        Column("CAME TO", 18, came),
        Column("AGE", 4, lambda row, _: (Span(fit_right(_age(row), 4), Role.MUTED),), right=True),
        Column("WHAT", 20, lambda row, room: (Span(shorten(what(row.job), room)),), flexible=True),
        Column("WHO", 10, lambda row, room: (Span(shorten(row.job.plan.who, room), Role.MUTED),),
               rank=1),
    ]  # fmt: skip


def _runs(job: Job) -> bool:
    return job.state is JobState.RUNNING


def failures(job: Job) -> int:
    """How many hosts of a job failed, whatever the reason."""
    return len(job.in_state(RunState.FAILED, RunState.TIMEOUT, RunState.UNREACHABLE))


def _age(row: JobRow) -> str:
    return duration(row.now - row.job.began_at) if row.job.began_at else "-"


def what(job: Job) -> str:
    """A run's command; of another action its name and what it is about."""
    plan = job.plan
    name = f"[{plan.note}] " if plan.note else ""
    said = plan.title if plan.action == "run" else plan.title or f"{plan.action} {plan.target}"
    return clean_line(f"{name}{said}", 500)


def hosts_words(hosts: Sequence[str]) -> str:
    """The one host, or how many."""
    return hosts[0] if len(hosts) == 1 else count(len(hosts), "host")
