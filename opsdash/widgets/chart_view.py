"""The part of the screen that a chart is drawn on: rows are hosts, clicks are moments."""

from __future__ import annotations

from textual import events
from textual.message import Message

from opsdash.widgets.line_view import TextLines


class ChartView(TextLines):
    """Lines that do not scroll: up and down go from host to host."""

    DEFAULT_CSS = """
    ChartView { overflow-y: hidden; }
    """

    class Stepped(Message):
        """The user goes on by so many hosts; many: to the first or the last."""

        def __init__(self, hosts: int) -> None:
            super().__init__()
            self.hosts = hosts

    class Pointed(Message):
        """The user points at a cell."""

        def __init__(self, x: int, y: int) -> None:
            super().__init__()
            self.x, self.y = x, y

    def action_move(self, rows: int) -> None:
        """To another host."""
        self.post_message(self.Stepped(rows))

    def action_move_page(self, pages: float) -> None:
        """To another host: there are no pages."""
        self.post_message(self.Stepped(1 if pages > 0 else -1))

    def action_first(self) -> None:
        """To the first host."""
        self.post_message(self.Stepped(-len(self.lines) - 1))

    def action_last(self) -> None:
        """To the last host."""
        self.post_message(self.Stepped(len(self.lines) + 1))

    def on_click(self, event: events.Click) -> None:
        """A click reads the values there."""
        event.stop()
        self.post_message(self.Pointed(event.x, event.y))
