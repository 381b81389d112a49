"""A page that follows jobs while they run."""

from __future__ import annotations

from opsdash.widgets.panel import Desk, Panel

NEWS_S = 0.25
"""How often a page looks for news of a job that runs."""


class JobNews(Panel):
    """Drawn anew when a job has come farther, besides when the fleet has changed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._jobs_rev = -1

    def on_mount(self) -> None:
        """Look four times a second; over a slow link as often as any page."""
        self.set_interval(NEWS_S, self._heed_jobs)

    def look_for_news(self) -> None:
        """News of jobs are news."""
        self._heed_jobs()
        super().look_for_news()

    def _heed_jobs(self) -> None:
        seen = self._jobs_rev != self.desk.source.jobs.rev
        if seen and self.display and self.screen.is_current and not self.desk.pace_s():
            self.draw()

    def draw(self) -> None:
        """Draw now, and remember what was seen."""
        self._jobs_rev = self.desk.source.jobs.rev
        super().draw()
