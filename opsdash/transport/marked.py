"""Output between two marks of our own: what a login shell said before is none of it."""

from __future__ import annotations

from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.accounts import account_refused


class MarkedOutput:
    """One output, and the marks that tell what of it is the command's own."""

    def __init__(self, mark: str) -> None:
        self._mark = b"\x1e" + mark.encode() + b" "
        self._begin = self._mark + b"begin\n"
        self._held = b""
        self.begun = False
        self.behind_bytes = 0
        self.status: int | None = None

    def take(self, data: bytes) -> bytes:
        """What of it is the command's, as far as that is known by now."""
        if self.status is not None:
            return b""
        data = self._held + data
        self._held = b""
        if not self.begun:
            _, found, rest = data.partition(self._begin)
            if not found:
                self._held = data[-len(self._begin) :]
                return b""
            self.begun, self.behind_bytes, data = True, len(rest), rest
        own, found, rest = data.partition(self._mark)
        if found:
            said, whole, _ = rest.partition(b"\n")
            if whole:
                self.status = int(said)
            else:
                self._held = found + rest
            return own
        return self._without_half_a_mark(data)

    def _without_half_a_mark(self, data: bytes) -> bytes:
        at = data.rfind(b"\x1e", -len(self._mark))
        if at < 0 or not self._mark.startswith(data[at:]):
            return data
        self._held = data[at:]
        return data[:at]


def no_shell(early: bytes, status: int) -> Problem:
    """Why nothing was even started: what was said before the mark, and the exit status."""
    said = early.decode("utf-8", "replace")
    lines = said.strip().splitlines()
    if not lines and not status:
        return Problem(ProblemKind.LOST, "the connection broke before the command began")
    why = lines[-1] if lines else f"status {status}"
    closed = Problem(ProblemKind.SESSION, f"the session was closed: {why}")
    return account_refused(said) or closed
