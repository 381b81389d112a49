"""Runbooks that are worked through, as a screen sees them: it pulls, answers, and goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from opsdash.core.plan import Plan
from opsdash.core.runbook import BookStep, Runbook
from opsdash.core.runbook_turn import Ended, Passed, Turn


class WalkState(StrEnum):
    """How it stands: a look is under way, a person is asked something or shown an action, an action
    is being done, it was halted in the middle of a step that can be begun again, or it has ended.
    """

    LOOKING = "looking"
    ASKING = "asking"
    DOING = "doing"
    HALTED = "halted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class WalkKey:
    """A runbook and the host on which it is worked through: never twice at once."""

    book: str
    host: str


@dataclass(frozen=True, slots=True)
class WalkSeen:
    """A walk as it stands. `turn` is what is to be done now, `trail` what was; `told` says why it
    was halted, or what goes on; `ahead` are the steps that come next in the runbook, if nothing
    leads elsewhere. `job_id` is the job of the action that was done last. Times are seconds since
    1970.
    """

    key: WalkKey
    title: str
    state: WalkState
    turn: Turn
    trail: tuple[Passed, ...] = ()
    told: str = ""
    ahead: tuple[BookStep, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    job_id: str = ""
    began_at: float = 0.0
    since: float = 0.0

    @property
    def words(self) -> str:
        """What it came to; empty while it goes on."""
        return self.turn.words if isinstance(self.turn, Ended) else ""


class Walks(Protocol):
    """The runbooks that there are, and those that are being worked through. Only begin() and
    plan() may raise: Refused, with a sentence.
    """

    @property
    def rev(self) -> int:
        """Grows with every change of any of them."""
        ...

    @property
    def books(self) -> Mapping[str, Runbook]:
        """Every runbook by id."""
        ...

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the user's own files, as ``file:line:column: text``."""
        ...

    def here(self) -> Sequence[WalkSeen]:
        """Those that were begun in this run of the program, the newest first."""
        ...

    def find(self, key: WalkKey) -> WalkSeen | None:
        """One of them."""
        ...

    def begin(self, key: WalkKey, given: Mapping[str, str], subject: str = "") -> None:
        """Begin a runbook, or go on with it where it stands; one that has ended begins anew.
        Refused: there is no such runbook or host, or an argument makes no sense.
        """
        ...

    def restart(self, key: WalkKey) -> None:
        """Begin anew, from its first step, with what it was given."""
        ...

    def again(self, key: WalkKey) -> None:
        """Go on with one that was halted, with the step at which that was."""
        ...

    def answer(self, key: WalkKey, value: str) -> None:
        """What a person chose; ValueError says why it can't be that."""
        ...

    def decline(self, key: WalkKey, why: str = "") -> None:
        """A person does not choose, or does not agree to the action."""
        ...

    def stop(self, key: WalkKey) -> bool:
        """End the look that is under way, which halts it; False: none is."""
        ...

    async def read(self, *, again: bool = False) -> bool:
        """Read the files of the runbooks if they have changed, or `again`; whether that was so."""
        ...

    def plan(self, key: WalkKey) -> Plan:
        """The plan of the action that is proposed. Refused: it can't be made; the walk goes on as
        if it had been declined.
        """
        ...

    async def do(self, key: WalkKey, plan: Plan) -> None:
        """Apply a plan that was agreed to, and go on when it has ended. Refused as Jobs.begin()."""
        ...


def seen_text(seen: WalkSeen) -> Iterator[str]:
    """All that was gone through, as plain text for a ticket."""
    yield f"{seen.title} ({seen.key.book}) on {seen.key.host}"
    for one in seen.trail:
        yield f"- {one.words}: {one.said or one.went.value}" if one.words else f"- {one.said}"
        if one.output is not None:
            for text in (one.output.stdout, one.output.stderr):
                yield from (f"    {line}" for line in text.splitlines())
    if seen.told:
        yield f"halted: {seen.told}"
    if seen.words:
        yield f"= {seen.words}"
