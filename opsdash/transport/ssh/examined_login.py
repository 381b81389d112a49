"""The login in the words of an examination: each thing that was tried, and why not more was."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.examination import Note, Verdict
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh import mends
from opsdash.transport.ssh.key_report import key_notes
from opsdash.transport.ssh.keys import Identities
from opsdash.transport.ssh.resolve import Route
from opsdash.transport.ssh.trace import Attempt, Tap

OUR_METHODS = ("publickey", "keyboard-interactive", "password")


def tried(tap: Tap) -> tuple[Note, ...]:
    """A line for each attempt, in order; one that was right at once needs none."""
    if len(tap.attempts) == 1 and tap.attempts[0].accepted:
        return ()
    return tuple(map(_line, tap.attempts))


def _line(one: Attempt) -> Note:
    verdict = Verdict.OK if one.accepted else Verdict.FAIL
    if one.ended == "nothing to answer with":
        verdict = Verdict.SKIPPED
    ended = one.ended or "then the server hung up"
    return Note(verdict, f"{one.method} {one.what}".rstrip() + f": {ended}")


def accepted(tap: Tap, user: str) -> str:
    """How the login worked."""
    last = tap.attempts[-1] if tap.attempts else None
    if last is None:
        return f"{user} is let in without a proof"
    return f"{user} by {last.method} {last.what}".rstrip()


@dataclass(frozen=True, slots=True)
class Refused:
    """A login that failed, and all that is known of what could have been offered."""

    host: Host
    route: Route
    identities: Identities | None
    tap: Tap | None

    def told(
        self, problem: Problem, commands: tuple[str, ...]
    ) -> tuple[tuple[Note, ...], tuple[str, ...]]:
        """The lines below the failure, and the commands that mend it."""
        notes = [*map(_line, self.tap.attempts)] if self.tap else []
        keys: list[Note] = []
        for_keys: list[str] = []
        if self.identities is not None:
            keys, for_keys = key_notes(self.route, self.identities)
        if self.tap is not None and self.tap.methods:
            notes.append(self._methods(self.tap.methods))
        if problem.kind in (ProblemKind.AUTH, ProblemKind.UNANSWERED):
            commands = tuple(for_keys)
            if problem.kind is ProblemKind.AUTH and self._takes_keys:
                commands = (*for_keys, *mends.for_login(self.host, self.route, ()))
        elif problem.kind is ProblemKind.KEY_FILE:
            commands = tuple(for_keys)
        return (*notes, *keys), commands

    @property
    def _takes_keys(self) -> bool:
        return self.tap is None or not self.tap.methods or "publickey" in self.tap.methods

    def _methods(self, methods: tuple[str, ...]) -> Note:
        strange = not set(methods) & set(OUR_METHODS)
        words = f"the server takes: {', '.join(methods)}"
        if strange:
            words += "; none of them is known here (transport: openssh may know it)"
        return Note(Verdict.FAIL if strange else Verdict.SKIPPED, words)
