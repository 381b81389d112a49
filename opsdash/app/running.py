"""Running commands: typed for hosts, shown as a plan, agreed to, and then looked at as a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.widgets import Input

from opsdash.app.confirm_screen import confirm_screen
from opsdash.app.pages import STARTING
from opsdash.app.run_line import HOW, RunLine, wish_of_line
from opsdash.app.time_travel import TimeTravel
from opsdash.core.errors import OpsdashError, Refused
from opsdash.core.interactive import wants_terminal
from opsdash.core.job import Job, JobState, RunState
from opsdash.core.jobs import Jobs
from opsdash.core.kept import keep_typed
from opsdash.core.plan import Plan, plan_id
from opsdash.core.run_plan import RunWish, run_plan, wish_of
from opsdash.core.text import clean_line, count, shorten
from opsdash.widgets.entries import Entry
from opsdash.widgets.panel import Decided, Panel

HISTORY = "run"
SAID_S = 8.0


class Running(TimeTravel):
    """The part of the app that runs plans. The hosts are those that were chosen when the key was
    pressed, whatever becomes of marks and filters meanwhile.
    """

    _may_end = False

    @property
    def jobs(self) -> Jobs | None:
        """What is run, and was; None while starting."""
        return self.freezer.jobs if self.freezer is not None else None

    @property
    def run_line(self) -> RunLine:
        """Where a command is typed."""
        return self.screen_stack[0].query_one("#run-line", RunLine)

    def back_to_page(self) -> None:
        """The page has the keys again."""
        if self.page is not None:
            self.page.take_focus()

    def on_mount(self) -> None:
        """A command is typed on any page."""
        self.mount(RunLine(self.look, "run-line", self.back_to_page), before="#keys")

    # -- keys -----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, letters are text."""
        if action in ("run", "run_again"):
            return len(self.screen_stack) == 1 and not isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    def action_run(self) -> None:
        """Type a command for the chosen hosts."""
        hosts = self._hosts()
        if not hosts:
            return
        words = f"run on {count(len(hosts), 'host')} ({shorten(' '.join(hosts), 40)}){HOW}"
        history = self._keeper.kept.history.get(HISTORY, ())
        self.run_line.ask(words, history, lambda text: self._take(text, hosts))

    def action_run_again(self) -> None:
        """The command of this job again; elsewhere the last one that was typed."""
        page = self.page
        if (job := page.job() if page is not None else None) is not None:
            wish = wish_of(job.plan)
            marked = page.chosen() if page is not None and page.slug == "job" else ()
            hosts = marked if self._has_marks(page) else job.plan.names()
            if wish is None:
                self.say(f"{job.plan.action} is no run: it has a plan of its own")
            else:
                self._propose(wish, self._there(hosts))
            return
        history = self._keeper.kept.history.get(HISTORY, ())
        if not history:
            self.say(f"nothing was run yet{self.keymap.sentence('run', ': ', ' types a command')}")
        elif hosts := self._hosts():
            self._take(history[0], hosts)

    def _has_marks(self, page: Panel | None) -> bool:
        grid = getattr(page, "grid", None)
        return grid is not None and len(grid.marks) > 0

    def _hosts(self) -> tuple[str, ...]:
        """The hosts that are chosen now; where there are none, that is said."""
        if self.page is None or self.freezer is None:
            self.say(STARTING)
            return ()
        hosts = self._there(self.page.chosen())
        if not hosts:
            self.say("no host is pointed at: go to the row of one, or mark some")
        return hosts

    def _there(self, hosts: Sequence[str]) -> tuple[str, ...]:
        known = self.freezer.snapshot().hosts if self.freezer is not None else {}
        return tuple(host for host in dict.fromkeys(hosts) if host in known)

    def _take(self, text: str, hosts: tuple[str, ...]) -> None:
        """What was typed; ValueError says what is wrong with it."""
        wish = wish_of_line(text)
        if why := wants_terminal(wish.command):
            raise ValueError(why)
        keep_typed(self._keeper, HISTORY, text.strip())
        self._propose(wish, hosts)

    # -- from a wish to a job -------------------------------------------------------------------

    def _propose(self, wish: RunWish, hosts: tuple[str, ...]) -> None:
        if hosts:
            self.propose(run_plan(wish, hosts))
        else:
            self.say("none of these hosts is in the fleet any more")

    def propose(
        self, plan: Plan, decided: Decided | None = None, *, keeps_id: bool = False
    ) -> None:
        """Show a plan, and run it if the user agrees; says why where it can't be. `decided` hears
        of it, and runs it itself. One that `keeps_id` has its own id in what it would do.
        """
        jobs = self.jobs
        if jobs is None:
            self.say(STARTING)
            return
        if self.in_past:
            self.say(self._refusal("run anything"))
            return
        from opsdash.config.person import user_name

        name = plan.id if keeps_id else plan_id(self._now())
        plan = replace(plan, id=name, at=self._now(), who=user_name())
        if why := jobs.refusal(plan):
            self.run_worker(jobs.note_refusal(plan, why), name="refusal")
            self.say(clean_line(why), SAID_S)
            if decided is not None:
                decided(None, why)
            return

        def agreed(yes: bool | None) -> None:
            if decided is not None:
                decided(plan if yes else None, "")
            elif yes:
                self.run_worker(self._begin_job(plan), name=f"begin {plan.id}")
            else:
                self.say("nothing was done")

        self.push_screen(confirm_screen(plan, jobs.asked(plan), self.look), agreed)

    async def _begin_job(self, plan: Plan) -> None:
        jobs = self.jobs
        if jobs is None:
            return
        try:
            job = await jobs.begin(plan)
        except Refused as error:
            hint = f": {error.hint}" if error.hint else ""
            self.say(clean_line(f"{error}{hint}"), SAID_S)
        except OpsdashError as error:
            self.say(clean_line(str(error)), SAID_S)
        else:
            self.open_job(job.id)

    def open_job(self, job_id: str) -> None:
        """Look at a job."""
        self.action_view("job", job_id)

    @on(Panel.PlanWanted)
    def show_plan(self, event: Panel.PlanWanted) -> None:
        """A page has something to be done."""
        if not self._covered:
            self.propose(event.plan, event.decided)

    @on(Panel.JobChosen)
    def job_chosen(self, event: Panel.JobChosen) -> None:
        """A page knows which."""
        self.open_job(event.job_id)

    def running_jobs(self) -> list[Job]:
        """The jobs that run here now."""
        here = self.jobs.here() if self.jobs is not None else ()
        return [job for job in here if job.state is JobState.RUNNING]

    def asks_before_the_end(self) -> bool:
        """Whether jobs run: then it is asked what is to become of them before the program ends."""
        running = self.running_jobs()
        if not running or self._may_end:
            return False
        hosts = sum(len(job.in_state(RunState.RUNNING, RunState.WAITING)) for job in running)
        about = f"{count(hosts, 'host')}: what runs there is ended, and no other begins"
        entries = [
            Entry("stay", lambda _: None, "the jobs go on"),
            Entry("look", lambda _: self.open_job(running[0].id), running[0].plan.title),
            Entry("quit", lambda _: self._end_with_jobs(), about),
        ]
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.pick(f"still at work: {count(len(running), 'job')}", entries)
        return True

    def _end_with_jobs(self) -> None:
        """The jobs are called off by the end itself, which waits for them."""
        self._may_end = True
        self.call_next(self.run_action, "quit")

    def interrupt_page(self) -> bool:
        """End what runs on the page that is open, if anything does."""
        covered = len(self.screen_stack) > 1
        said = self.page.interrupt() if self.page is not None and not covered else ""
        if said:
            self.say(said, SAID_S)
        return bool(said)

    # -- files and the palette ------------------------------------------------------------------

    @on(Panel.ExportWanted)
    def export(self, event: Panel.ExportWanted) -> None:
        """A page has something for a file."""
        self.run_worker(self.write_file("", event.text, event.what), name="export")

    def further_entries(self) -> list[Entry]:
        """A command by the palette."""
        return [
            *super().further_entries(),
            Entry("run", self._run_typed, "a command on this host, or the marked", takes="COMMAND"),
        ]

    def _run_typed(self, text: str) -> None:
        hosts = self._hosts()
        if not hosts:
            return
        try:
            self._take(text, hosts)
        except ValueError as error:
            self.say(f"not run: {error}", SAID_S)
