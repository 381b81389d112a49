"""The doctor's page: the way to one host is examined, and each stage is shown as it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsdash.activities.troubleshoot.doctor_lines import (
    advice_lines,
    badge_of,
    stage_lines,
    unbroken,
    without_advice,
)
from opsdash.activities.troubleshoot.doctor_report import closing
from opsdash.activities.troubleshoot.doctor_report import stage_lines as plain_lines
from opsdash.activities.troubleshoot.keymap import DOCTOR
from opsdash.app.clipboard import copy
from opsdash.app.once import OnceScreen
from opsdash.core.examination import Examination, Examined, Stage, Verdict
from opsdash.core.problem import ProblemKind
from opsdash.core.program_keys import TEXT
from opsdash.core.source import FleetSource
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.key_hints import KeyHints
from opsdash.widgets.keyed import keymap_of
from opsdash.widgets.line import Line, Role, Span, line
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.palette import Palette

A_PERSON_MENDS = frozenset({ProblemKind.HOST_KEY_UNKNOWN, ProblemKind.UNANSWERED, ProblemKind.AUTH})
"""What an answer may mend: is this the host's key, what is the password. A key that has changed or
was revoked is never taken for an answer.
"""


UNWRAPPED = 10_000


class DoctorScreen(OnceScreen[None]):
    """One host's examination; it can be begun again, and asked to ask."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(DOCTOR, TEXT)

    def __init__(self, host: str, source: FleetSource, look: Callable[[], Palette]) -> None:
        super().__init__()
        self._host = host
        self._source = source
        self._look = look
        self._found: list[Examined] = []
        self._exam: Examination | None = None
        self._refusal = ""

    def compose(self) -> ComposeResult:
        """The page, and its keys."""
        yield TextLines(self._look, "doctor-page")
        yield KeyHints(self._look)

    def on_mount(self) -> None:
        """Begin at once."""
        self.set_focus(self.query_one("#doctor-page", TextLines))
        self._begin(ask=False)

    def on_resize(self) -> None:
        """Another width wraps the words anew."""
        self._draw()

    def _begin(self, *, ask: bool) -> None:
        self._found, self._exam, self._refusal = [], None, ""
        self._draw()
        self.run_worker(self._examine(ask=ask), name="doctor", exclusive=True)

    async def _examine(self, *, ask: bool) -> None:
        try:
            self._exam = await self._source.examine(self._host, self._hear, ask=ask)
        except ValueError as error:  # a name that can't be one
            self._refusal = str(error)
        self._draw()
        watched = self._host in self._source.snapshot().hosts
        if watched and self._exam is not None and self._exam.verdict is not Verdict.FAIL:
            self._source.refresh((self._host,))  # a host that rests connects at once

    def _hear(self, one: Examined) -> None:
        self._found.append(one)
        self._draw()

    def _draw(self) -> None:
        if self.is_mounted:
            self.query_one("#doctor-page", TextLines).set_lines(self._lines())
            self.refresh_bindings()

    def _lines(self) -> list[Line]:
        """What came of it and what mends it stand first: the stages may be more than fit."""
        width = max(40, self.size.width - 2)
        said = self._refusal or (closing(self._exam) if self._exam else self._under_way())
        heading = Span(f"doctor {self._host}", Role.HEADING)
        badge = self._badge()
        lines: list[Line] = [line(heading, "  ", badge)]
        lines += [line(Span(part, badge.role)) for part in unbroken(said, width)]
        cause = self._exam.cause if self._exam else None
        if cause is not None:
            lines += advice_lines(cause, width, indent=0)
        if self._may_answer():
            key = keymap_of(self.app).of("doctor.answer")
            lines.append(line(Span(f"{key} ", Role.ACCENT), self._offer()))
        lines.append(())
        for one in self._found:
            hop = "" if one.host == self._host else one.host
            shown = without_advice(one) if one is cause else one
            lines += stage_lines(shown, hop, self._look(), width)
        return lines

    def _badge(self) -> Span:
        if self._exam is None:
            return Span("")
        verdict = Verdict.SKIPPED if self._exam.says_nothing else self._exam.verdict
        return badge_of(verdict, self._look())

    def _under_way(self) -> str:
        """What is being waited for, as far as it can be told from what has ended."""
        stages = list(Stage)
        last = self._found[-1] if self._found else None
        if last is None or last.host != self._host or last.stage is stages[-1]:
            return "examining…"
        return f"examining: {stages[stages.index(last.stage) + 1].words}…"

    def _may_answer(self) -> bool:
        cause = self._exam.cause if self._exam else None
        problem = cause.problem if cause else None
        return problem is not None and problem.kind in A_PERSON_MENDS

    def _offer(self) -> str:
        cause = self._exam.cause if self._exam else None
        unknown = cause and cause.problem and cause.problem.kind is ProblemKind.HOST_KEY_UNKNOWN
        if unknown:
            return "shows the fingerprint once more, and asks whether to trust it"
        return "tries again, and asks you for what the login takes"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to answer only where an answer could mend it."""
        return self._may_answer() if action == "answer" else True

    def action_answer(self) -> None:
        """Examine it again, and let the login ask."""
        self._begin(ask=True)

    def action_again(self) -> None:
        """Examine it again."""
        self._begin(ask=False)

    def action_copy(self) -> None:
        """The page as plain text."""
        lines = [closing(self._exam)] if self._exam else []
        for one in self._found:
            hop = "" if one.host == self._host else one.host
            # unwrapped: commands are there to be pasted
            lines += plain_lines(one, hop=hop, width=UNWRAPPED, ascii_only=False)
        text = "\n".join(lines)
        self.query_one(KeyHints).say(copy(self.app, text, "the page"))

    def action_close(self) -> None:
        """Back to where you were; what is still under way ends."""
        self.dismiss()
