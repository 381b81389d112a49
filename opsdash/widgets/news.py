"""A page about something that goes on by itself, more often than the fleet changes."""

from __future__ import annotations

from opsdash.widgets.panel import Desk, Panel

NEWS_S = 0.25
"""How often such a page looks for news."""


class NewsPage(Panel):
    """Drawn anew when what it is about has come farther, besides when the fleet has changed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._known: object = None

    def news(self) -> object:
        """How far it has come: another value whenever there is something to draw."""
        return self.desk.source.rev

    def on_mount(self) -> None:
        """Look four times a second; over a slow link as often as any page."""
        self.set_interval(NEWS_S, self._heed_news)

    def look_for_news(self) -> None:
        """Its own news are news."""
        self._heed_news()
        super().look_for_news()

    def _heed_news(self) -> None:
        news = self.news() != self._known
        if news and self.display and self.screen.is_current and not self.desk.pace_s():
            self.draw()

    def draw(self) -> None:
        """Draw now, and remember what was seen."""
        self._known = self.news()
        super().draw()
