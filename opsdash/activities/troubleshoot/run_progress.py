"""What a terminal shows while a run is under way: one line, rewritten; or hosts as they end."""

from __future__ import annotations

import asyncio
import shutil
import sys

import click

from opsdash.activities.troubleshoot.run_report import each_line, pace, seconds
from opsdash.core import clock
from opsdash.core.job import Job
from opsdash.core.progress import Progress, progress
from opsdash.core.text import duration, shorten
from opsdash.engine.job_handle import JobHandle

EVERY_S = 0.25
CLEAR = "\r\x1b[K"


class RunProgress:
    """Follows a job; with `each` what a host put out is printed when it has ended."""

    def __init__(self, handle: JobHandle, *, each: bool) -> None:
        self._handle = handle
        self._each = each
        self._told: set[str] = set()
        self._live = sys.stderr.isatty()

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            self._look()
            await asyncio.sleep(EVERY_S)

    def end(self) -> None:
        """Tell the rest, and leave the line clean."""
        self._look()
        if self._live:
            click.echo(CLEAR, nl=False, err=True)

    def _look(self) -> None:
        job = self._handle.job()
        if self._each:
            self._tell_ended(job)
        if self._live:
            width = shutil.get_terminal_size((80, 24)).columns
            text = progress_line(progress(job, clock.now()))
            click.echo(CLEAR + shorten(text, width - 1), nl=False, err=True)

    def _tell_ended(self, job: Job) -> None:
        for run in job.runs.values():
            if not run.state.ended or run.host in self._told:
                continue
            self._told.add(run.host)
            if self._live:
                click.echo(CLEAR, nl=False, err=True)
            for text, error in each_line(run):
                click.echo(text, err=error)


def progress_line(found: Progress) -> str:
    """How far it is in one line."""
    counted = [
        ("done", found.done),
        ("failed", found.failed),
        ("running", found.running),
        ("waiting", found.waiting),
        ("called off", found.called_off),
    ]
    parts = [f"{found.ended}/{found.total}"]
    parts += [f"{number} {word}" for word, number in counted if number]
    parts += [text] if (text := pace(found)) else []
    if found.left_s is not None:
        parts.append(f"~{seconds(found.left_s)} left")
    elif found.slowest_s is not None and found.slowest_s > 1:
        parts.append(f"longest {duration(found.slowest_s)}")
    return "  ".join(parts)
