"""A question to the person at the screen: one dialog at a time, over whatever is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from opsdash.core.program_keys import PROMPT, YES_OR_NO
from opsdash.core.prompts import YES, Question, QuestionKind
from opsdash.core.secret import Secret
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.key_hints import KeyHints
from opsdash.widgets.keyed import Keyed
from opsdash.widgets.line import Line, Role, Span, line, wrap
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.palette import Palette
from opsdash.widgets.typed_ahead import Field


def question_lines(question: Question, width: int) -> list[Line]:
    """Who asks, for what, and what should be read before answering; remote words stay plain."""
    room = max(20, width)
    lines = [line(Span(text, Role.HEADING)) for text in wrap(question.title, room)]
    lines.append(line(Span(f"host {question.host}", Role.MUTED)))
    for said in question.text.splitlines():
        lines += [line(text) for text in wrap(said, room)] if said.strip() else [()]
    if question.field:
        lines += [(), *(line(Span(text, Role.STRONG)) for text in wrap(question.field, room))]
    return lines


class PromptScreen(Keyed[None], ModalScreen[None]):
    """The dialog of a secret or of a line; `answer` gets what was typed, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(PROMPT)

    def __init__(
        self, question: Question, look: Callable[[], Palette], answer: asyncio.Future[Secret | None]
    ) -> None:
        super().__init__()
        self.question = question
        self._look = look
        self._answer = answer

    def compose(self) -> ComposeResult:
        """The words, the field, the keys."""
        yield TextLines(self._look, "prompt-page")
        yield from self.fields()
        yield KeyHints(self._look)

    def fields(self) -> ComposeResult:
        """Where the answer is typed; a secret does not show."""
        masked = self.question.kind is QuestionKind.SECRET
        yield Field(password=masked, id="prompt-field", compact=True)

    def on_mount(self) -> None:
        """Fill the page, and give the keys to the field."""
        self.on_resize()
        for field in self.query(Input):
            field.focus()

    def on_resize(self) -> None:
        """Another width wraps the words anew."""
        page = self.query_one("#prompt-page", TextLines)
        page.set_lines(question_lines(self.question, self.size.width - 2))

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        """What was typed goes into a Secret at once; the field keeps nothing."""
        secret = Secret(event.value)
        event.value = ""
        with self.prevent(Input.Changed):
            event.input.clear()
        self.settle(secret)

    def action_decline(self) -> None:
        """The person does not want to answer."""
        self.settle(None)

    def settle(self, answer: Secret | None) -> None:
        """Deliver the answer, and go."""
        if not self._answer.done():
            self._answer.set_result(answer)
        self.dismiss()


class ConfirmScreen(PromptScreen):
    """The dialog of a yes: only the letter says it; everything else declines."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(YES_OR_NO)

    def fields(self) -> ComposeResult:
        """Nothing is typed."""
        yield from ()

    def action_agree(self) -> None:
        """Yes."""
        self.settle(YES)


class ScreenPrompter:
    """Asks by dialogs of the running program; before it runs and after its end nobody is there.

    A screen asks for nothing unbidden but the passphrase of a key: see core.prompts.
    """

    eager = False

    def __init__(self) -> None:
        self._app: App[None] | None = None
        self._look: Callable[[], Palette] | None = None

    def serve(self, app: App[None], look: Callable[[], Palette]) -> None:
        """From now on dialogs open over this program."""
        self._app, self._look = app, look

    @property
    def present(self) -> bool:
        """Whether a screen is there to ask on."""
        return self._app is not None and self._app.is_running

    async def ask(self, question: Question) -> Secret | None:
        """Open the dialog and wait for the answer; cancelled, the dialog goes away."""
        if self._app is None or self._look is None or not self._app.is_running:
            return None
        answer: asyncio.Future[Secret | None] = asyncio.get_running_loop().create_future()
        kind = ConfirmScreen if question.kind is QuestionKind.CONFIRM else PromptScreen
        dialog = kind(question, self._look, answer)
        self._app.call_next(self._app.push_screen, dialog)
        try:
            return await answer
        except asyncio.CancelledError:
            if dialog in self._app.screen_stack:
                self._app.call_next(dialog.dismiss)
            raise
