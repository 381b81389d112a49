"""The keys of a runbook's page: answering, showing a plan, leaving it, beginning again, copying."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.widgets import Input

from opsdash.core.errors import OpsdashError, Refused
from opsdash.core.plan import Plan
from opsdash.core.runbook_turn import AskNow, DoNow
from opsdash.core.text import clean_line
from opsdash.core.walks import WalkKey, WalkSeen, WalkState, seen_text
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Role, Span, line
from opsdash.widgets.news import NewsPage

NONE_OF_THEM = "none of these"
_WAITS = {WalkState.ENDED: "it has ended", WalkState.DOING: "an action is under way"}


class RunbookKeys(NewsPage):
    """A page about one walk."""

    whole = False

    def seen(self) -> WalkSeen | None:
        """The walk as it stands."""
        return None

    def news(self) -> object:
        """How far the walks have come."""
        return self.desk.source.walks.rev

    @property
    def asking(self) -> AskLine:
        """Where an answer is typed."""
        return self.query_one("#runbook-ask", AskLine)

    # -- keys -----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, letters are text."""
        if action in ("choose", "decline", "begin_again", "whole"):
            return not isinstance(self.app.focused, Input)
        return super().check_action(action, parameters)

    def action_choose(self) -> None:
        """Whatever is to be done now."""
        seen = self.seen()
        if seen is None:
            self._say("no runbook is worked through")
            return
        walks, turn = self.desk.source.walks, seen.turn
        if seen.state is WalkState.HALTED:
            walks.again(seen.key)
        elif seen.state is not WalkState.ASKING:
            self._say(_WAITS.get(seen.state, "it goes on by itself"))
        elif isinstance(turn, AskNow) and turn.choices:
            self.post_message(self.PickWanted(turn.words, self._choices(seen.key, turn)))
        elif isinstance(turn, AskNow):
            self.asking.open("", ())
            self.asking.say(line(Span(f"{turn.words}  {turn.help}".strip(), Role.MUTED)))
        elif isinstance(turn, DoNow):
            self._propose(seen.key)
        self.draw()

    def _choices(self, key: WalkKey, turn: AskNow) -> list[Entry]:
        def take(value: str) -> Callable[[str], None]:
            def run(_: str) -> None:
                self._answer(key, value)

            return run

        entries = [
            Entry(clean_line(value, 200), take(value), about) for value, about in turn.choices
        ]
        none = Entry(NONE_OF_THEM, lambda _: self._decline(key), "nothing is chosen")
        return [*entries, none]

    def _answer(self, key: WalkKey, value: str) -> bool:
        try:
            self.desk.source.walks.answer(key, value)
        except ValueError as error:
            self._say(str(error))
            return False
        self.draw()
        return True

    def _decline(self, key: WalkKey, why: str = "") -> None:
        self.desk.source.walks.decline(key, why)
        self.draw()

    def _propose(self, key: WalkKey) -> None:
        """Show the plan, as that of any action."""
        walks = self.desk.source.walks
        try:
            plan = walks.plan(key)
        except Refused as error:
            self._say(str(error))
            return

        def decided(agreed: Plan | None, why: str) -> None:
            if agreed is not None:
                self.run_worker(self._do(key, agreed), name=f"runbook {agreed.id}")
            elif why:
                self._decline(key, why)

        self.post_message(self.PlanWanted(plan, decided))

    async def _do(self, key: WalkKey, plan: Plan) -> None:
        try:
            await self.desk.source.walks.do(key, plan)
        except OpsdashError as error:
            self._say(str(error))
        self.draw()

    def action_decline(self) -> None:
        """Nothing is chosen, or the action is left undone."""
        seen = self.seen()
        if seen is not None and seen.state is WalkState.ASKING:
            self._decline(seen.key, "left undone" if isinstance(seen.turn, DoNow) else "")
        else:
            self._say("nothing is asked now")

    def action_begin_again(self) -> None:
        """From the first step."""
        seen = self.seen()
        if seen is None or seen.state is WalkState.DOING:
            self._say("an action is under way" if seen else "no runbook is worked through")
            return
        try:
            self.desk.source.walks.restart(seen.key)
        except Refused as error:
            self._say(str(error))
        self.draw()

    def action_whole(self) -> None:
        """Outputs to their end, or their first lines."""
        self.whole = not self.whole
        self.draw()

    def action_copy(self) -> None:
        """All that was gone through, for a ticket."""
        seen = self.seen()
        if seen is None:
            self._say("there is nothing to copy")
        else:
            self.post_message(self.CopyWanted("\n".join(seen_text(seen)), "the runbook"))

    def interrupt(self) -> str:
        """End what runs there."""
        seen = self.seen()
        if seen is None:
            return ""
        if seen.state is WalkState.DOING:
            self.desk.source.jobs.cancel(seen.job_id)
            return f"{seen.job_id} is called off: what runs is being ended"
        stopped = self.desk.source.walks.stop(seen.key)
        self.draw()
        return "halted: what ran there is being ended" if stopped else ""

    def _say(self, text: str) -> None:
        self.post_message(self.Said(clean_line(text)))

    # -- what is typed --------------------------------------------------------------------------

    @on(AskLine.Entered)
    def take_answer(self, event: AskLine.Entered) -> None:
        """An answer was typed."""
        event.stop()
        seen = self.seen()
        if seen is None:
            return
        try:
            self.desk.source.walks.answer(seen.key, event.text.strip())
        except ValueError as error:
            self.asking.complain(clean_line(str(error)), 0, len(event.text))
            return
        self.asking.close()
        self.take_focus()
        self.draw()

    @on(AskLine.Dropped)
    def leave_field(self, event: AskLine.Dropped) -> None:
        """It is asked still."""
        event.stop()
        self.take_focus()

    @on(AskLine.Typed)
    def typed(self, event: AskLine.Typed) -> None:
        """Nothing follows what is typed."""
        event.stop()
