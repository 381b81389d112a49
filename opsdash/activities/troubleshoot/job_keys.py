"""The keys of a job's page: what its outputs are held against, searching, copying, exporting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual import on

from opsdash.activities.troubleshoot.group_detail import Against
from opsdash.activities.troubleshoot.run_report import as_lines, head_line
from opsdash.core.folding import Bucket, Folder, Group
from opsdash.core.job import Job, JobState
from opsdash.core.output_lines import OutputLine
from opsdash.core.progress import progress
from opsdash.core.text import count
from opsdash.core.volatile import Volatile
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Role, Span, line
from opsdash.widgets.news import NewsPage
from opsdash.widgets.panel import Desk

EXPORT_WIDTH = 100
MOST_EARLIER = 50


class JobKeys(NewsPage):
    """A page about the job `wanted`; `found` is what is searched for in outputs."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.wanted = ""
        self.found = ""
        self.masked = self._by_itself = False
        self._masked_of = ""
        self.detailed = True
        self.plain = False
        self.shown: Sequence[OutputLine] = ()
        self._recalled: Job | None = None
        self._earlier: Job | None = None
        self._folder: tuple[object, Folder] = (None, Folder())
        self._folded: tuple[object, tuple[Group, ...]] = (None, ())
        self._earlier_groups: tuple[object, tuple[Group, ...]] = (None, ())

    def news(self) -> object:
        """How far the jobs have come."""
        return self.desk.source.jobs.rev

    # -- which job ------------------------------------------------------------------------------

    def heed(self, words: str) -> None:
        """Show the job of this id."""
        wanted = words.strip()
        if wanted == self.wanted:
            return
        self.wanted, self.found, self._earlier, self.plain = wanted, "", None, False
        self._recalled = None
        if self._here() is None:
            self.run_worker(self._recall(wanted), name="recall", exclusive=True)

    async def _recall(self, wanted: str) -> None:
        found = await self.desk.source.jobs.recall(wanted)
        if wanted == self.wanted:
            self._recalled = found
            self.draw()

    def _here(self) -> Job | None:
        here = self.desk.source.jobs.here()
        if not self.wanted:
            return here[0] if here else None
        return next((job for job in here if job.id == self.wanted), None)

    def job(self) -> Job | None:
        """The job that is shown; without a wish the newest."""
        return self._here() or self._recalled

    # -- its groups -----------------------------------------------------------------------------

    def _mask_key(self) -> object:
        return (self.wanted, self.masked)

    def _new_folder(self, *, masked: bool) -> Folder:
        if not masked:
            return Folder()
        hosts = self.desk.source.snapshot().hosts
        names = {name for host in hosts.values() for name in (host.name, host.host.address or "")}
        return Folder(Volatile(names).mask)

    def groups(self) -> tuple[Group, ...]:
        """The hosts in groups of one answer each."""
        job = self.job()
        if job is None:
            return ()
        if job.id != self._masked_of:  # its durations would part all hosts from each other
            self.masked = job.plan.measures or (self.masked and not self._by_itself)
            self._masked_of, self._by_itself = job.id, job.plan.measures
        if self._folder[0] != self._mask_key():
            self._folder = (self._mask_key(), self._new_folder(masked=self.masked))
            self._folded = (None, ())
        if self._folded[0] is not job:
            self._folded = (job, self._folder[1].fold(job.runs.values()))
        return self._folded[1]

    def against(self, group: Group) -> Against:
        """What a group is held against."""
        if self._earlier is not None:
            key = (self._earlier.id, self.masked)
            if self._earlier_groups[0] != key:
                folded = self._new_folder(masked=self.masked).fold(self._earlier.runs.values())
                self._earlier_groups = (key, folded)
            return Against(None, self._earlier, self._earlier_groups[1])
        groups = self.groups()
        differs = group.bucket in (Bucket.DIFFERS, Bucket.FAILED) and bool(group.output)
        most = groups[0] if groups and groups[0].bucket is Bucket.SAME else None
        return Against(most if differs and not self.plain else None)

    def group(self) -> Group | None:
        """The group under the cursor."""
        return None

    # -- keys -----------------------------------------------------------------------------------

    def action_compare(self) -> None:
        """Pick what outputs are held against."""
        self.run_worker(self._offer(), name="compare", exclusive=True)

    async def _offer(self) -> None:
        job = self.job()
        if job is None:
            self.post_message(self.Said("no job is open"))
            return
        jobs = self.desk.source.jobs
        here = list(jobs.here())
        known = {one.id for one in here}
        others = [*here, *(one for one in await jobs.remembered() if one.id not in known)]
        entries = [
            Entry("majority", lambda _: self._hold(plain=False), "how a group differs from most"),
            Entry("output", lambda _: self._hold(plain=True), "what a group said, as it is"),
        ]
        if self.plain or self._earlier is not None:
            pass
        elif (group := self.group()) is not None and self.against(group).most is not None:
            entries.reverse()
        same = [one for one in others if one.id != job.id]
        same.sort(key=lambda one: one.plan.title != job.plan.title)
        entries += [
            Entry(f"job {one.id}", self._holding(one.id), one.plan.title)
            for one in same[:MOST_EARLIER]
        ]
        self.post_message(self.PickWanted("hold outputs against", entries))

    def _hold(self, *, plain: bool) -> None:
        self.plain, self._earlier = plain, None
        self.draw()

    def _holding(self, job_id: str) -> Callable[[str], None]:
        def run(_: str) -> None:
            self.run_worker(self._hold_earlier(job_id), name="compare", exclusive=True)

        return run

    async def _hold_earlier(self, job_id: str) -> None:
        found = await self.desk.source.jobs.recall(job_id)
        if found is None:
            self.post_message(self.Said(f"nobody remembers what {job_id} put out"))
        self._earlier = found
        self.draw()

    def action_mask(self) -> None:
        """Let volatile tokens count, or not."""
        if self.masked:
            self.masked = False
            self.draw()
            self.post_message(self.Said("times, pids, names and addresses count again"))
        elif self.job() is not None:
            self.run_worker(self._mask(), name="mask", exclusive=True)

    async def _mask(self) -> None:
        """Of a thousand long outputs that takes a second, in which keys are answered."""
        job = self.job()
        if job is None:
            return
        folder = self._new_folder(masked=True)
        await asyncio.to_thread(folder.fold, list(job.runs.values()))
        self.masked = True
        self._folder, self._folded = (self._mask_key(), folder), (None, ())
        self.draw()
        said = "times, pids, names and addresses are taken out: they part no groups"
        self.post_message(self.Said(said))

    def action_detail(self) -> None:
        """Outputs on or off."""
        self.detailed = not self.detailed
        self.draw()

    def action_copy(self) -> None:
        """What is shown below the groups."""
        if self.shown:
            text = "\n".join(str(one) for one in self.shown)
            self.post_message(self.CopyWanted(text, count(len(self.shown), "line")))
        else:
            self.post_message(self.Said("there is nothing to copy"))

    def action_export(self) -> None:
        """All groups with their whole outputs, into a file."""
        job, groups = self.job(), self.groups()
        if job is None:
            self.post_message(self.Said("no job is open"))
            return
        head = head_line(job, groups, progress(job, self.desk.wall()))
        text = [job.plan.title, head, "", *as_lines(groups, EXPORT_WIDTH, plain=True), ""]
        self.post_message(self.ExportWanted("\n".join(text), f"run-{job.id}"))

    def pick_host(self) -> None:
        """Go to one of the group's hosts."""
        group = self.group()
        if group is None:
            return

        def go(host: str) -> Callable[[str], None]:
            def run(_: str) -> None:
                self.post_message(self.HostChosen(host))

            return run

        hosts = self.desk.source.snapshot().hosts
        entries = [Entry(host, go(host)) for host in group.hosts if host in hosts]
        if entries:
            self.post_message(self.PickWanted(count(len(entries), "host"), entries))
        else:
            self.post_message(self.Said("none of these hosts is in the fleet any more"))

    def running(self) -> bool:
        """Whether the job can be called off."""
        job = self.job()
        return job is not None and job.state is JobState.RUNNING

    def why_not(self, action: str) -> str:
        """Why a key does nothing here."""
        return "this job does not run" if action == "cancel_job" else ""

    def action_cancel_job(self) -> None:
        """Call the job off."""
        self.post_message(self.Said(self.interrupt()))

    def interrupt(self) -> str:
        """Call the job off while it runs."""
        job = self.job()
        if job is None or job.state is not JobState.RUNNING:
            return ""
        self.desk.source.jobs.cancel(job.id)
        return f"{job.id} is called off: what runs is being ended"

    # -- searching ------------------------------------------------------------------------------

    @property
    def finding(self) -> AskLine:
        """Where it is typed what is searched for."""
        return self.query_one("#job-find", AskLine)

    def action_find(self) -> None:
        """Show only the lines that hold what is typed."""
        self.finding.open(self.found, ())
        self.finding.say(line(Span("only lines of the output that hold this", Role.MUTED)))

    def action_all_lines(self) -> None:
        """All lines again."""
        self._find("")

    def _find(self, text: str) -> None:
        self.found = text.strip()
        self.draw()
        self.refresh_bindings()

    @on(AskLine.Typed)
    @on(AskLine.Dropped)
    def follow_typing(self, event: AskLine.Typed | AskLine.Dropped) -> None:
        """The lines follow what is typed."""
        event.stop()
        self._find(event.text if isinstance(event, AskLine.Typed) else event.before)
        if isinstance(event, AskLine.Dropped):
            self.take_focus()

    @on(AskLine.Entered)
    def take_typed(self, event: AskLine.Entered) -> None:
        """It stays so; the page has the keys again."""
        event.stop()
        self.finding.close()
        self._find(event.text)
        self.take_focus()
        self.finding.hand_on()
