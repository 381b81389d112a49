"""The base of every panel: a page of the program that draws one snapshot of the fleet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.containers import Vertical
from textual.message import Message

from opsdash.core.job import Job
from opsdash.core.kept import Forgetful, Keeper
from opsdash.core.plan import Plan
from opsdash.core.snapshot import Snapshot
from opsdash.core.source import FleetSource
from opsdash.widgets.boundary import Undrawable, attempt
from opsdash.widgets.entries import Entry
from opsdash.widgets.keyed import keymap_of
from opsdash.widgets.line import Line, Role, Span, wrap
from opsdash.widgets.line_view import Bar, LineView
from opsdash.widgets.palette import Palette

REFRESH_S = 0.5
"""How often the panel on the screen looks for news."""


Decided = Callable[[Plan | None, str], None]
"""Hears what became of a plan that was shown."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a panel works with: the fleet, the present look, the time of what is shown, and the
    wall clock (both seconds since 1970), what is remembered of how it was looked at, and how long
    to wait at least between news, in seconds.
    """

    source: FleetSource
    look: Callable[[], Palette]
    now: Callable[[], float]
    title: str = "opsdash"
    clock: Callable[[], float] | None = None
    keeper: Keeper = field(default_factory=Forgetful)
    pace_s: Callable[[], float] = lambda: 0.0

    def wall(self) -> float:
        """The time of day, which goes on while what is shown is frozen."""
        return (self.clock or self.now)()


class Panel(Vertical):
    """One page. It is found by its folder and its class; it pulls what it shows by its own timer.

    A subclass sets `slug` (unique) and `title`, composes its widgets and draws in `show()`; the key
    ``view.SLUG`` of its activity's keymap.py opens it. Only the panel on the screen is drawn;
    between revisions it is drawn once a second, for ages and the clock.
    """

    slug: ClassVar[str] = ""
    title: ClassVar[str] = ""
    takes: ClassVar[str] = ""
    """What may be typed behind its name in the palette, in brackets: ``[METRIC]``."""

    moves_by_itself: ClassVar[bool] = False
    """Whether what is pointed at changes without a key: other pages are asked for what it is now.
    The first page is not, lest its cursor goes wherever that happened to be.
    """

    DEFAULT_CSS = """
    Panel > #trouble { display: none; height: auto; max-height: 4; }
    Panel.-broken > #trouble { display: block; }
    """

    class HostChosen(Message):
        """The user wants to see this host in full."""

        def __init__(self, host: str) -> None:
            super().__init__()
            self.host = host

    class HostPointed(Message):
        """The user looks at this host now: other panels open on it."""

        def __init__(self, host: str) -> None:
            super().__init__()
            self.host = host

    class PickWanted(Message):
        """The user is to pick one of these."""

        def __init__(self, title: str, entries: Sequence[Entry]) -> None:
            super().__init__()
            self.title, self.entries = title, entries

    class PageWanted(Message):
        """The user wants to read this."""

        def __init__(self, title: str, lines: Sequence[Line]) -> None:
            super().__init__()
            self.title, self.lines = title, lines

    class CopyWanted(Message):
        """This text belongs on the user's clipboard; `what` names it."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text, self.what = text, what

    class ExamineWanted(Message):
        """The user wants to know what is wrong with the way to this host."""

        def __init__(self, host: str) -> None:
            super().__init__()
            self.host = host

    class JobChosen(Message):
        """The user wants to see this job, by its id."""

        def __init__(self, job_id: str) -> None:
            super().__init__()
            self.job_id = job_id

    class RunbookWanted(Message):
        """The user wants to work through a runbook on a host, for a finding about `subject`."""

        def __init__(self, book: str, host: str, subject: str = "") -> None:
            super().__init__()
            self.book, self.host, self.subject = book, host, subject

    class PlanWanted(Message):
        """The user wants this done: it is shown, and `decided` hears of it: the plan if they agreed
        to it, or None and why it may not be done (empty: they left it).
        """

        def __init__(self, plan: Plan, decided: Decided) -> None:
            super().__init__()
            self.plan, self.decided = plan, decided

    class ExportWanted(Message):
        """The user wants this text in a file; `what` names it in a word that a file can have."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text, self.what = text, what

    class ShellWanted(Message):
        """The user wants a shell on these hosts."""

        def __init__(self, hosts: Sequence[str]) -> None:
            super().__init__()
            self.hosts = tuple(hosts)

    class Said(Message):
        """One sentence for the last line."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, desk: Desk) -> None:
        super().__init__(id=self.slug)
        self.desk = desk
        self._seen: tuple[int, int] = (-1, -1)
        self._drawn_at = float("-inf")

    def show(self, snapshot: Snapshot) -> None:
        """Draw this snapshot: only what differs from what is on the screen."""

    def aim(self, host: str) -> None:
        """Be about this host from now on; panels about the whole fleet do not mind."""

    def stay(self) -> None:
        """The user has chosen the row that the cursor is on: it stays there."""

    def gather(self, hosts: Sequence[str]) -> bool:
        """Be about these hosts from now on; False: this panel is about one, or about all."""
        return False

    def heed(self, words: str) -> None:
        """Heed what was typed behind the page's name in the palette."""

    def words_for(self, slug: str) -> str:
        """What the page of this slug is told when it is opened from here: what is pointed at."""
        return ""

    def chosen(self) -> tuple[str, ...]:
        """The hosts that the next page is about: marked ones, else the one that is pointed at."""
        return (self.pointed(),) if self.pointed() else ()

    def targets(self) -> tuple[str, ...]:
        """The hosts that a refresh is about; none: the whole fleet."""
        return ()

    def job(self) -> Job | None:
        """The job that this page is about."""
        return None

    def interrupt(self) -> str:
        """Something runs on this page that the user wants ended: what was done about it, in a
        sentence; empty: nothing runs.
        """
        return ""

    def entries(self) -> list[Entry]:
        """What the palette offers on this page, besides its keys."""
        return []

    def pointed(self) -> str:
        """The host that the keys of this page are about; empty: none."""
        return ""

    def key(self, name: str) -> str:
        """The key of an id as it is in force now, for sentences; empty where it has none."""
        return keymap_of(self.app).of(name)

    def own_keys(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Lines that speak of the key that asks again, with the key that does it now.

        Hints of problems and advice of checks are written for everybody, headless ones too.
        """
        keymap = keymap_of(self.app)
        if "refresh" not in keymap.given:
            return lines
        usual = keymap.registry.by_id()["refresh"].keys[0]
        own = keymap.of("refresh") or f"{keymap.of('cmd.open')} refresh"
        return [
            tuple(Span(part.text.replace(usual, own), part.role) for part in parts)
            for parts in lines
        ]

    def take_focus(self) -> None:
        """Give the keys to the panel's main view."""
        for view in self.query(LineView):
            if view.can_focus:
                # at once: by and by, it would be taken back from whatever got it meanwhile
                self.screen.set_focus(view)
                return

    def on_mount(self) -> None:
        """Look for news from now on; the sentence for the worst case waits out of sight."""
        self.mount(Bar(self.desk.look, "trouble"), before=0)
        self.set_interval(REFRESH_S, self.look_for_news)

    def on_resize(self) -> None:
        """Another size is news."""
        self.draw()

    def look_for_news(self) -> None:
        """Draw if this panel is on the screen and anything can have changed."""
        seen = (self.desk.source.rev, int(self.desk.now()))
        early = abs(self.desk.wall() - self._drawn_at) < self.desk.pace_s()
        if self.display and self.screen.is_current and seen != self._seen and not early:
            self.draw()

    def draw(self) -> None:
        """Draw now. What goes wrong becomes a sentence on this panel; the rest goes on."""
        if not self.is_mounted:
            return
        self._seen = (self.desk.source.rev, int(self.desk.now()))
        self._drawn_at = self.desk.wall()
        outcome = attempt(lambda: self.show(self.desk.source.snapshot()))
        self.set_class(isinstance(outcome, Undrawable), "-broken")
        if isinstance(outcome, Undrawable):
            trouble = next(iter(self.query("#trouble").results(Bar)), None)
            if trouble is None:
                self._seen = (-1, -1)  # drawn before its parts are there: once more when they are
                return
            lines = wrap(f"{self.title}: {outcome.text}", self.size.width)
            trouble.styles.height = len(lines)
            trouble.set_lines([(Span(text, Role.UNKNOWN),) for text in lines])
