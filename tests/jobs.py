"""Jobs that tests look at: values, and a place that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from opsdash.core.action import Action, Arguments, Wish
from opsdash.core.automation import Automated
from opsdash.core.confirm import Asked, tier
from opsdash.core.discover import every_action
from opsdash.core.errors import Refused
from opsdash.core.fleet import Fleet
from opsdash.core.job import HostRun, Job, JobState, Result, RunState
from opsdash.core.plan import Plan
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.run_plan import RunWish, run_plan
from opsdash.core.snapshot import HostState
from opsdash.engine.preparing import planned
from tests.fleet_states import NOW

AT = NOW - 4.0


def done(host: str, out: bytes, took_s: float = 0.3, *, status: int = 0) -> HostRun:
    """A host that answered."""
    state = RunState.DONE if status == 0 else RunState.FAILED
    result = Result(status, out if status == 0 else b"", b"" if status == 0 else out)
    return HostRun(host, state, (result,), began_at=AT, ended_at=AT + took_s)


def lost(host: str, text: str) -> HostRun:
    """A host that was not reached."""
    return HostRun(host, RunState.UNREACHABLE, (), text, began_at=AT, ended_at=AT + 10.0)


def timed_out(host: str) -> HostRun:
    """A host that took too long."""
    problem = Problem(ProblemKind.TIMEOUT, f"{host}: no answer within 60 s")
    return HostRun(
        host,
        RunState.TIMEOUT,
        (Result(None, b"begun\n", problem=problem),),
        "over its time",
        began_at=AT,
        ended_at=AT + 60,
    )


def job_of(wish: RunWish, runs: Sequence[HostRun], job_id: str = "a1b2c3", **more: object) -> Job:
    """A job with these runs; finished if all of them are."""
    plan = replace(run_plan(wish, [run.host for run in runs]), id=job_id, at=AT, who="eve")
    ended = all(run.state.ended for run in runs)
    job = Job(
        plan,
        {run.host: run for run in runs},
        JobState.FINISHED if ended else JobState.RUNNING,
        began_at=AT,
        ended_at=max(run.ended_at for run in runs) if ended else 0.0,
    )
    return replace(job, **more)  # type: ignore[arg-type]


def mixed(job_id: str = "a1b2c3", *, running: bool = True) -> Job:
    """The run of the mock-up: four answers, one failure, one lost, one that still runs."""
    runs = [
        *(
            done(f"web{number:02}", b"permitrootlogin no\n", 0.2 + number / 50)
            for number in range(1, 13)
        ),
        *(done(f"edge{number}", b"permitrootlogin no\n", 0.4) for number in range(1, 9)),
        done("db3", b"permitrootlogin yes\n", 1.9),
        done("db4", b"permitrootlogin yes\n", 1.2),
        done("cache5", b"permitrootlogin prohibit-password\n", 0.3),
        done("old1", b"sshd: not found\n", 0.2, status=127),
        lost("build2", "build2: no answer within 10 s"),
    ]
    if running:
        runs.append(HostRun("edge9", RunState.RUNNING, began_at=AT, begun=1))
        runs.append(HostRun("edge10"))
    return job_of(RunWish("sshd -T | grep -i permitroot"), runs, job_id)


class KeptJobs:
    """Jobs that a test has put in; a plan that begins is a job whose hosts all wait."""

    def __init__(self, *jobs: Job, earlier: Iterable[Job] = ()) -> None:
        self.rev = 1
        self._here = {job.id: job for job in jobs}
        self._earlier = {job.id: job for job in earlier}
        self.begun: list[Plan] = []
        self.called_off: list[tuple[str, tuple[str, ...]]] = []
        self.said: dict[tuple[str, str], Result] = {}
        self.forbidden = ""
        self.looks: list[Plan] = []
        self.refused: list[str] = []
        self.fleet: Fleet | None = None
        self.automations: list[Automated] = []
        self.own_actions: dict[str, Action] = {}

    def actions(self) -> dict[str, Action]:
        """Those that come with opsdash, and own ones that a test has put in."""
        return every_action(self.own_actions)

    def put(self, job: Job) -> None:
        """It stands like this now."""
        self._here[job.id] = job
        self.rev += 1

    def here(self) -> Sequence[Job]:
        """The newest first."""
        return list(reversed(self._here.values()))

    async def remembered(self) -> Sequence[Job]:
        """Those of earlier runs."""
        return list(self._earlier.values())

    async def recall(self, job_id: str) -> Job | None:
        """Any of them."""
        return self._here.get(job_id) or self._earlier.get(job_id)

    def tail(self, job_id: str, host: str, most: int) -> Result | None:
        """What a test says that a host has put out."""
        return self.said.get((job_id, host))

    def asked(self, plan: Plan) -> Asked:
        """As the rules say."""
        assert self.fleet is not None
        return tier(plan, self.fleet)

    def refusal(self, plan: Plan) -> str:
        """What a test forbids."""
        return self.forbidden

    async def note_refusal(self, plan: Plan, why: str) -> None:
        """A test may look at it."""
        self.refused.append(why)

    async def planned(self, action: Action, states: Sequence[HostState], given: Arguments) -> Plan:
        """What follows when no host has anything of it; it may not be looked at a forbidden one."""

        async def look(plan: Plan) -> Job:
            if self.forbidden:
                raise Refused(self.forbidden)
            self.looks.append(plan)
            gone = {one: done(one, b"facts gone\n") for one in plan.names()}
            return Job(plan, gone, began_at=AT)

        return await planned(action, states, given, Wish("an-id", "ann", AT), look=look)

    async def automated(self, wish: Automated, hosts: Sequence[str]) -> Plan:
        """A run of the tool's name."""
        if self.forbidden:
            raise Refused(self.forbidden)
        self.automations.append(wish)
        plan = run_plan(RunWish(wish.tool.program), hosts)
        return replace(plan, action=wish.action, id="an-id", rollout=wish.rollout)

    async def begin(self, plan: Plan) -> Job:
        """It begins, and goes no further."""
        if self.forbidden:
            raise Refused(self.forbidden)
        self.begun.append(plan)
        job = Job(plan, {name: HostRun(name) for name in plan.names()}, began_at=AT)
        self.put(job)
        return job

    def cancel(self, job_id: str, hosts: Iterable[str] = ()) -> None:
        """It is remembered that somebody wanted it."""
        self.called_off.append((job_id, tuple(hosts)))
