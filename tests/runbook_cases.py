"""Recorded cases of runbooks, walked through without a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsdash.core.runbook import Decide, Runbook, called
from opsdash.core.runbook_condition import Output
from opsdash.core.runbook_course import Course
from opsdash.core.runbook_turn import AskNow, DoNow, LookNow, Passed

HOST = "web1"


@dataclass
class Walked:
    """What a case came to: the actions that were proposed, the steps that were gone through."""

    course: Course
    does: list[str] = field(default_factory=list)

    @property
    def path(self) -> list[str]:
        """The steps that were gone through, skipped ones left out."""
        return [one.step for one in self.course.trail if one.went != "skipped"]

    @property
    def says(self) -> list[str]:
        """All that was said, in order; what is asked and why it ended, too."""
        said = [text for one in self.course.trail for text in (one.words, one.said) if text]
        return [*said, getattr(self.course.turn, "words", "")]

    @property
    def branches(self) -> set[tuple[str, int]]:
        """The decisions that were taken: the step, and the number of its case."""
        return {(one.step, one.way) for one in self.course.trail if one.way >= 0}


def walked(book: Runbook, content: Mapping[str, Any]) -> Walked:
    """Walk a runbook through a case. AssertionError: the case lacks an output or an answer."""
    arguments = {name: str(value) for name, value in content.get("arguments", {}).items()}
    found = Walked(Course(book, HOST, arguments, str(content.get("subject", ""))))
    fails = content.get("fails", [])
    while not (course := found.course).ended:
        turn = course.turn
        if isinstance(turn, LookNow):
            if not course.told(_output(content, turn)) and turn.within_s:
                course.gave_up()
        elif isinstance(turn, AskNow):
            answer = content.get("answers", {}).get(turn.key)
            assert answer is not None, f"no answer to {turn.key} ({turn.words})"
            course.answered(str(answer))
        elif isinstance(turn, DoNow):
            found.does.append(turn.line())
            course.done(ok=len(found.does) not in fails)
    return found


def _output(content: Mapping[str, Any], turn: LookNow) -> Output:
    given = content.get("outputs", {}).get(turn.key)
    assert given is not None, f"no output of {turn.key} ({turn.words})"
    if isinstance(given, str):
        return Output(0, given)
    return Output(given.get("exit", 0), given.get("stdout", ""), given.get("stderr", ""))


def in_order(wanted: list[str], told: list[str]) -> list[str]:
    """Those of `wanted` that were not told, or not in this order."""
    rest = iter(told)
    return [one for one in wanted if not any(one == text for text in rest)]


def took_a_branch(book: Runbook, passed: list[Passed]) -> bool:
    """Whether any decision went another way than `else`."""
    ways = {(one.step, one.way) for one in passed if one.way >= 0}
    return any(
        case.when is not None and (called(step), place) in ways
        for step in book.steps
        if isinstance(step, Decide)
        for place, case in enumerate(step.cases)
    )
