"""Jobs: what runs, and what was run, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsdash.activities.troubleshoot.job_rows import JobRow, job_columns
from opsdash.activities.troubleshoot.keymap import JOBS
from opsdash.core.job import Job, JobState
from opsdash.core.snapshot import Snapshot
from opsdash.core.text import count
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.news import NewsPage
from opsdash.widgets.panel import Desk
from opsdash.widgets.top_line import TopLine

LOOK_AGAIN_S = 10.0
"""How often what other programs ran here is looked for."""


class JobsPanel(NewsPage):
    """All jobs in one list; enter opens one."""

    slug: ClassVar[str] = "jobs"
    title: ClassVar[str] = "Jobs"

    DEFAULT_CSS = "JobsPanel > #jobs-grid { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(JOBS)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._remembered: Sequence[Job] = ()
        self._looked_at = float("-inf")
        self._jobs: dict[str, Job] = {}

    def news(self) -> object:
        """How far the jobs have come."""
        return self.desk.source.jobs.rev

    def compose(self) -> ComposeResult:
        """How many there are, and the list."""
        yield TopLine(self.desk.look, "jobs-title")
        yield Grid[JobRow](self._row, self.desk.look, "jobs-grid")

    @property
    def grid(self) -> Grid[JobRow]:
        """The list."""
        return self.query_one("#jobs-grid", Grid)

    def _row(self, key: str) -> JobRow:
        return JobRow(self._jobs[key], self.desk.wall())

    def show(self, snapshot: Snapshot) -> None:
        """Draw the list as it is now."""
        if abs(self.desk.wall() - self._looked_at) > LOOK_AGAIN_S:
            self._looked_at = self.desk.wall()
            self.run_worker(self._look_back(), name="jobs", exclusive=True)
        jobs = self.desk.source.jobs
        here = {job.id: job for job in jobs.here()}
        both = [*here.values(), *(job for job in self._remembered if job.id not in here)]
        both.sort(key=lambda job: -(job.began_at or job.plan.at))
        self._jobs.clear()
        self._jobs |= {job.id: job for job in both}
        self.grid.columns = job_columns(self.size.width)
        self.grid.nothing = self._nothing()
        self.grid.set_keys(list(self._jobs))
        self._show_title()

    async def _look_back(self) -> None:
        found = await self.desk.source.jobs.remembered()
        await asyncio.sleep(0)
        self._remembered = found
        if self.display:
            self.draw()

    def _nothing(self) -> list[Line]:
        if why := getattr(self.desk.source.jobs, "why", ""):
            return [line(Span(why, Role.UNKNOWN))]
        key = self.key("run")
        how = f": {key} on a host, or on marked hosts, runs a command" if key else ""
        return [line(Span(f"nothing was run yet{how}", Role.MUTED))]

    def _show_title(self) -> None:
        running = sum(job.state is JobState.RUNNING for job in self._jobs.values())
        trail = Span(f"{self.desk.title} > ", Role.MUTED)
        said = f"  {count(len(self._jobs), 'job')}" + (f", {running} running" if running else "")
        title = (trail, Span("Jobs", Role.STRONG), Span(said))
        self.query_one("#jobs-title", TopLine).show(title, (), self.desk.wall())

    # -- keys -----------------------------------------------------------------------------------

    def _under_cursor(self) -> Job | None:
        return self._jobs.get(self.grid.cursor_key or "")

    def chosen(self) -> tuple[str, ...]:
        """The hosts of the job under the cursor."""
        job = self._under_cursor()
        return job.plan.names() if job is not None else ()

    def job(self) -> Job | None:
        """The job that keys of the program are about."""
        return self._under_cursor()

    def action_copy_job(self) -> None:
        """The command of the job."""
        if job := self._under_cursor():
            self.post_message(self.CopyWanted(job.plan.title, f"the command of {job.id}"))
        else:
            self.post_message(self.Said("there is no job to copy from"))

    def action_cancel_job(self) -> None:
        """Call the job off."""
        job = self._under_cursor()
        if job is None or job.state is not JobState.RUNNING:
            self.post_message(self.Said("this job does not run"))
            return
        self.desk.source.jobs.cancel(job.id)
        self.post_message(self.Said(f"{job.id} is called off: what runs is being ended"))

    @on(Grid.RowChosen)
    def open_job(self, event: Grid.RowChosen) -> None:
        """Enter opens it."""
        event.stop()
        self.post_message(self.JobChosen(event.key))

    @on(Grid.RowPointed)
    @on(Grid.MarksChanged)
    def heed_row(self, event: Grid.RowPointed | Grid.MarksChanged) -> None:
        """A row is no host that other pages could be about."""
        event.stop()
