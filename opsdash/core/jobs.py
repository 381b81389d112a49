"""The jobs of a fleet as a screen sees them: it pulls, may begin one, and may call one off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from opsdash.core.action import Action, Arguments
from opsdash.core.automation import Automated
from opsdash.core.confirm import NOTHING_ASKED, Asked
from opsdash.core.discover import actions
from opsdash.core.errors import Refused
from opsdash.core.job import Job, Result
from opsdash.core.plan import Plan
from opsdash.core.snapshot import HostState


class Jobs(Protocol):
    """Jobs that run, and those that are remembered. Only begin() and recall() wait, and for the
    disk alone.
    """

    @property
    def rev(self) -> int:
        """Grows with every change of any job that runs here."""
        ...

    def actions(self) -> Mapping[str, Action]:
        """All that can be done to the fleet, by id, the user's own actions included."""
        ...

    def here(self) -> Sequence[Job]:
        """The jobs that were begun in this run of the program, the newest first."""
        ...

    async def remembered(self) -> Sequence[Job]:
        """The jobs of earlier runs and of other programs on this machine, the newest first; their
        outputs may be left out.
        """
        ...

    async def recall(self, job_id: str) -> Job | None:
        """A job with all that its hosts put out, by its id; None: nobody remembers it."""
        ...

    def tail(self, job_id: str, host: str, most: int) -> Result | None:
        """The last `most` bytes of each output of the step that runs on a host by now; None: none
        runs there.
        """
        ...

    def asked(self, plan: Plan) -> Asked:
        """What a person is asked before this plan runs."""
        ...

    def refusal(self, plan: Plan) -> str:
        """Why this plan may not run now, as a sentence; empty: it may."""
        ...

    async def note_refusal(self, plan: Plan, why: str) -> None:
        """Write down that somebody wanted this, and why it was not done."""
        ...

    async def planned(self, action: Action, states: Sequence[HostState], given: Arguments) -> Plan:
        """The plan of an action that looks at the hosts first; its id is for good. ArgumentError,
        and Refused when it may not look.
        """
        ...

    async def automated(self, wish: Automated, hosts: Sequence[str]) -> Plan:
        """The plan that lets a tool of this machine do something to hosts; Refused: it can't."""
        ...

    async def begin(self, plan: Plan) -> Job:
        """Apply a plan that was agreed to. Refused: it may not be; then nothing was done."""
        ...

    def cancel(self, job_id: str, hosts: Iterable[str] = ()) -> None:
        """Call a job off on these hosts; none given: altogether."""
        ...


class NoJobs:
    """The jobs of a fleet on which nothing can be run; `why` says so in a sentence."""

    rev = 0

    def __init__(self, why: str) -> None:
        self.why = why

    def actions(self) -> Mapping[str, Action]:
        """Those that come with opsdash."""
        return actions()

    def here(self) -> Sequence[Job]:
        """None."""
        return ()

    async def remembered(self) -> Sequence[Job]:
        """None."""
        return ()

    async def recall(self, job_id: str) -> Job | None:
        """There is none."""
        return None

    def tail(self, job_id: str, host: str, most: int) -> Result | None:
        """Nothing runs."""
        return None

    def asked(self, plan: Plan) -> Asked:
        """Nothing: it is refused."""
        return NOTHING_ASKED

    def refusal(self, plan: Plan) -> str:
        """Always, and why."""
        return self.why

    async def note_refusal(self, plan: Plan, why: str) -> None:
        """Nobody wants to know."""

    async def planned(self, action: Action, states: Sequence[HostState], given: Arguments) -> Plan:
        """It is refused."""
        raise Refused(self.why)

    async def automated(self, wish: Automated, hosts: Sequence[str]) -> Plan:
        """It is refused."""
        raise Refused(self.why)

    async def begin(self, plan: Plan) -> Job:
        """It is refused."""
        raise Refused(self.why)

    def cancel(self, job_id: str, hosts: Iterable[str] = ()) -> None:
        """Nothing runs."""
