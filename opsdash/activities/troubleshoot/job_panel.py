"""One job: how far it is, its hosts in groups of one answer each, and what each group said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from opsdash.activities.troubleshoot.group_detail import Against, lines, open_lines, title
from opsdash.activities.troubleshoot.job_keys import JobKeys
from opsdash.activities.troubleshoot.job_rows import (
    STATES,
    GroupRow,
    badge,
    bar,
    group_columns,
    short_id,
    shown_line,
)
from opsdash.activities.troubleshoot.keymap import JOB
from opsdash.core.folding import Bucket, Group
from opsdash.core.job import Job
from opsdash.core.output_lines import OutputLine
from opsdash.core.progress import progress
from opsdash.core.snapshot import Snapshot
from opsdash.core.text import count, duration, shorten
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.detail_strip import rule
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Line, Role, Span, line, width_of
from opsdash.widgets.line_view import Bar, TextLines
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import CLOCK, TopLine

WIDE_FROM = 120
"""Cells from which outputs stand beside the groups, and not below them."""


class JobPanel(JobKeys):
    """The job that was opened last."""

    slug: ClassVar[str] = "job"
    title: ClassVar[str] = "Job"
    takes: ClassVar[str] = "[ID]"

    DEFAULT_CSS = """
    JobPanel > #job-parts { height: 1fr; layout: vertical; }
    JobPanel #job-grid { height: 2fr; min-height: 4; }
    JobPanel #job-detail { height: 3fr; }
    JobPanel #job-said { height: 1fr; }
    JobPanel.-beside > #job-parts { layout: horizontal; }
    JobPanel.-beside #job-grid { width: 3fr; height: 1fr; }
    JobPanel.-beside #job-detail { width: 2fr; height: 1fr; margin: 0 0 0 1; }
    JobPanel.-alone #job-detail { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(JOB)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows: dict[str, Group] = {}
        self._detailed: object = None
        self._ran = False

    def compose(self) -> ComposeResult:
        """Head, bar, groups, what the group under the cursor said."""
        look = self.desk.look
        yield TopLine(look, "job-title")
        yield Bar(look, "job-bar")
        with Container(id="job-parts"):
            yield Grid[GroupRow](self._row, look, "job-grid", members=self._members)
            with Container(id="job-detail"):
                yield Bar(look, "job-rule")
                yield TextLines(look, "job-said")
        yield AskLine(look, "job-find", "/")

    @property
    def grid(self) -> Grid[GroupRow]:
        """The groups."""
        return self.query_one("#job-grid", Grid)

    @property
    def said(self) -> TextLines:
        """What the group under the cursor said."""
        return self.query_one("#job-said", TextLines)

    # -- what the keys are about ----------------------------------------------------------------

    def _row(self, key: str) -> GroupRow:
        group = self._rows[key]
        marked = all(host in self.grid.marks for host in group.hosts)
        return GroupRow(group, marked, self.desk.look(), self._told(group))

    def _told(self, group: Group) -> str:
        """For how long those run that have not ended."""
        job = self.job()
        if group.bucket is Bucket.WAITING or job is None:
            return "for their turn" if job is not None else ""
        if group.bucket is not Bucket.RUNNING:
            return ""
        began = [job.runs[host].began_at for host in group.hosts if job.runs[host].began_at]
        return f"for {duration(self.desk.wall() - min(began))}" if began else ""

    def _members(self, key: str) -> Sequence[str]:
        return self._rows[key].hosts

    def group(self) -> Group | None:
        """The group under the cursor."""
        return self._rows.get(self.grid.cursor_key or "")

    def chosen(self) -> tuple[str, ...]:
        """The hosts of the marked groups, else of the one under the cursor."""
        if marked := self.grid.marks.keys:
            return marked
        group = self.group()
        return group.hosts if group is not None else ()

    # -- drawing --------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the job as it stands."""
        beside = self.size.width >= WIDE_FROM
        self.set_class(beside, "-beside")
        self.set_class(not self.detailed, "-alone")
        job = self.job()
        groups = self.groups()
        self._rows.clear()
        self._rows |= {_key(group): group for group in groups}
        width = self.size.width * 3 // 5 if beside and self.detailed else self.size.width
        self.grid.columns = group_columns(width)
        self.grid.marks.forget_all_but([host for group in groups for host in group.hosts])
        self.grid.nothing = self._nothing(job)
        self.grid.set_keys(list(self._rows))
        self._show_head(job)
        self.show_detail()
        if self._ran != self.running():
            self._ran = self.running()
            self.refresh_bindings()

    def _nothing(self, job: Job | None) -> list[Line]:
        if job is not None:
            return [line(Span("no host has a part in this job", Role.MUTED))]
        if self.wanted:
            return [line(Span(f"nobody remembers a job {self.wanted}", Role.UNKNOWN))]
        key = self.key("view.jobs")
        return [line(Span(f"no job is open{f': {key} lists them' if key else ''}", Role.MUTED))]

    def _show_head(self, job: Job | None) -> None:
        trail = Span(f"{self.desk.title} > Jobs > ", Role.MUTED)
        words: Line = (trail, Span("Job", Role.STRONG))
        progress_bar: Line = ()
        if job is not None:
            found = progress(job, self.desk.wall())
            state, role = STATES.get(job.state, (job.state.value, Role.MUTED))
            hosts = count(len(job.runs), "host")
            tail = line(f"  {hosts}  {duration(found.took_s)}  ", Span(state, role))
            shown = job.id if self.size.width >= WIDE_FROM else short_id(job.id)
            name = line(trail, Span(f"{shown} ", Role.ACCENT))
            room = self.size.width - CLOCK - width_of((*name, *tail, *self._badges()))
            title = Span(shorten(job.plan.title, max(room, 10)), Role.STRONG)
            words = (*name, title, *tail)
            progress_bar = bar(found, self.desk.look(), self.size.width)
        self.query_one("#job-title", TopLine).show(words, self._badges(), self.desk.wall())
        lines_of = [progress_bar]
        if job is not None and job.stopped:
            lines_of.append(line(Span(job.stopped, Role.CRIT)))
        strip = self.query_one("#job-bar", Bar)
        strip.styles.height = len(lines_of)
        strip.set_lines(lines_of)

    def _badges(self) -> Line:
        return (Span(" MASKED", Role.PAST),) if self.masked else ()

    def show_detail(self) -> None:
        """What the group under the cursor said; of what has ended only when another is shown."""
        job, group = self.job(), self.group()
        if job is None or group is None:
            self.said.set_lines([])
            self.query_one("#job-rule", Bar).set_lines([()])
            self._detailed = None
            return
        against = self.against(group)
        now = (group, against, self.found)
        if now != self._detailed or not group.bucket.ended:
            first = _key(group) != (self._detailed and _key(self._detailed[0]))  # type: ignore[index]
            self._detailed = now
            self.shown = self._lines(job, group, against)
            self.said.set_lines([shown_line(one) for one in self.shown])
            if first:
                self.said.action_first()
        about: Line = (badge(group.bucket, self.desk.look()), Span(f"  {title(group, against)}"))
        if self.found:
            about = (*about, Span(f"  lines that hold {self.found}", Role.STRONG))
        width = self.query_one("#job-rule", Bar).size.width or self.size.width
        self.query_one("#job-rule", Bar).set_lines([rule(about, (), width)])

    def _lines(self, job: Job, group: Group, against: Against) -> list[OutputLine]:
        if group.bucket.ended:
            found = lines(group, against)
        else:
            jobs = self.desk.source.jobs
            found = open_lines(
                group, job.runs, lambda host, most: jobs.tail(job.id, host, most), self.desk.wall()
            )
        wanted = self.found.lower()
        return [one for one in found if wanted in one.text.lower()] if wanted else found

    # -- what the parts tell --------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, letters are text; escape drops what was searched for."""
        if action in ("find", "compare"):
            return not isinstance(self.app.focused, Input)
        if action == "all_lines":
            return bool(self.found)
        if action == "cancel_job":
            return self.running()
        return super().check_action(action, parameters)

    @on(Grid.RowPointed)
    def follow_cursor(self, event: Grid.RowPointed) -> None:
        """The output follows the cursor."""
        event.stop()
        self.show_detail()

    @on(Grid.RowChosen)
    def open_hosts(self, event: Grid.RowChosen) -> None:
        """Enter picks one of the group's hosts."""
        event.stop()
        self.pick_host()

    @on(Grid.MarksChanged)
    def heed_marks(self, event: Grid.MarksChanged) -> None:
        """Marks are drawn by the table itself."""
        event.stop()


def _key(group: Group) -> str:
    """What stays the same of a group while others come to it; it may become the majority."""
    kind = "done" if group.bucket.answered else group.bucket.value
    return f"{kind} {group.status} {hash((group.output, group.words))}"
