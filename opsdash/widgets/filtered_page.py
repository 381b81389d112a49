"""A page whose rows follow a filter that is typed below them: asked, held, remembered, dropped."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from opsdash.core.kept import keep_typed
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.line import Role, Span, line
from opsdash.widgets.panel import Desk, Panel


class FilteredPage(Panel):
    """It has an AskLine of the id `filter_id` and draws what fits `filter_text`; what may be typed
    is said by `filter_help`.
    """

    filter_id: ClassVar[str]
    filter_help: ClassVar[str]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.filter_text = ""

    @property
    def asking(self) -> AskLine:
        """Where the filter is typed."""
        return self.query_one(f"#{self.filter_id}", AskLine)

    def open_filter(self) -> None:
        """Type a filter; it holds while it is typed."""
        self.asking.open(self.filter_text, self.desk.keeper.kept.history.get(self.slug, ()))
        self.asking.say(line(Span(self.filter_help, Role.MUTED)))
        self.draw()

    def filter_by(self, text: str) -> None:
        """Show what fits this from now on; empty: everything."""
        self.filter_text = text.strip()
        self.draw()
        self.refresh_bindings()

    @on(AskLine.Typed)
    @on(AskLine.Dropped)
    def follow_filter(self, event: AskLine.Typed | AskLine.Dropped) -> None:
        """The rows follow what is typed."""
        event.stop()
        self.filter_by(event.text if isinstance(event, AskLine.Typed) else event.before)
        if isinstance(event, AskLine.Dropped):
            self.take_focus()

    @on(AskLine.Entered)
    def take_filter(self, event: AskLine.Entered) -> None:
        """The filter is done, and comes back with the up key."""
        event.stop()
        self.asking.close()
        keep_typed(self.desk.keeper, self.slug, event.text.strip())
        self.filter_by(event.text)
        self.take_focus()
        self.asking.hand_on()
