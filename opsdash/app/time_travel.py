"""Time travel: every page shows the fleet as it was, step by step or at a moment that is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from textual.dom import DOMNode

from opsdash.app.pages import STARTING, Pages
from opsdash.app.text_screen import TextScreen
from opsdash.core.event import Event, EventKind
from opsdash.core.moment import FORMS, ago_words, clock_words, moment_of, two_moments
from opsdash.core.text import duration
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span
from opsdash.widgets.panel import Panel

LIVE = "live again"

LOOK_BACK_S = 30 * 86400.0
MOST_CHANGES = 200
"""Changes of health that are offered to jump to."""

CULPRITS_S, FRAME_S = 10.0, 0.1
"""So long after a change its culprits have been listed, and its first frame been taken."""

MOST_STEPS = 60
"""A held key goes so many steps at a time at most."""

FORBIDDEN = {
    "ask_again": "ask a host",
    "root": "become root",
    "run": "run anything",
    "runbook": "work through a runbook",
    "run_again": "run anything",
    "shell": "open a shell",
    "ack": "acknowledge",
    "ack_note": "acknowledge",
    "mute": "mute",
}
"""What can't be done in the past, by its action."""

NOT_PICKED = {
    "refresh": "ask a host",
    "root": "become root",
    "run": "run anything",
    "run again": "run anything",
    "shell": "open a shell",
    "shell here": "open a shell",
    "forward": "forward a port",
    "shell in a window": "open a shell",
    "ack": "acknowledge",
    "ack…": "acknowledge",
    "mute": "mute",
    "maintenance": "begin maintenance",
}
"""The same by its name in the palette."""


class TimeTravel(Pages):
    """The part of the app that goes to another moment. One journey is under way at a time: keys
    that are pressed meanwhile are added up, and the next one goes as far as they say.
    """

    _now: Callable[[], float]

    def __init__(self) -> None:
        super().__init__()
        self._steps = 0
        self._target: float | None = None
        self._travelling = False
        self._recalls = 0

    @property
    def in_past(self) -> bool:
        """Whether the pages show what was."""
        return self.freezer is not None and self.freezer.in_past

    def moment_words(self) -> str:
        """The moment that is shown, for the first line of every page; empty: it is live."""
        if self.freezer is None or not self.in_past:
            return ""
        return ago_words(self.freezer.now(), self._now())

    def badges(self) -> Line:
        """How to get back belongs on every screen that shows the past."""
        if not self.in_past:
            return super().badges()
        key = self.keymap.of("time.live") or f"{self.keymap.of('cmd.open')}live:"
        return (Span(f" {key} live ", Role.PAST), *super().badges())

    # -- keys -----------------------------------------------------------------------------------

    def action_step_time(self, way: int) -> None:
        """A stored poll back (-1) or forward (1)."""
        if self.freezer is None:
            self.say(STARTING)
        elif way > 0 and not self.in_past and self._steps >= 0 and not self._travelling:
            self.say(self.keymap.sentence("time.back", "this is live: ", " goes back"))
        else:
            self._steps = max(-MOST_STEPS, min(MOST_STEPS, self._steps + way))
            self._travel()

    def action_live(self) -> None:
        """Show what is, again."""
        self._steps, self._target = 0, None
        self._recalls += 1
        if self.freezer is None:
            self.say(STARTING)
        elif not self.freezer.frozen and not self._travelling:
            self.say("this is live")
        else:
            self._be_live()

    def _be_live(self) -> None:
        if self.freezer is not None:
            self.freezer.release()
        self._show_it(LIVE)

    def action_freeze(self) -> None:
        """What is held still in the past goes on live."""
        if self.in_past:
            self.action_live()
        else:
            super().action_freeze()

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        """As Textual does it; but in the past nothing can be asked or changed, which is said."""
        if self.in_past and action_name in FORBIDDEN:
            self.say(self._refusal(FORBIDDEN[action_name]))
            return True
        return await super()._dispatch_action(namespace, action_name, params)

    def _refusal(self, word: str) -> str:
        return f"nobody can {word} in the past" + self.keymap.sentence(
            "time.live", ": ", " is live"
        )

    def pick(self, title: str, entries: Sequence[Entry], history: str = "") -> None:
        """What can't be done in the past is not to be picked, and says why."""
        if self.in_past:
            entries = [
                replace(one, disabled=self._refusal(NOT_PICKED[one.title]))
                if one.title in NOT_PICKED
                else one
                for one in entries
            ]
        super().pick(title, entries, history)

    # -- the palette ----------------------------------------------------------------------------

    def further_entries(self) -> list[Entry]:
        """A moment by its name."""
        takes = f"[{FORMS.partition(', now')[0]}]"
        return [
            *super().further_entries(),
            Entry("at", self._go_at, "the fleet as it was", takes=takes),
            Entry("live", lambda _: self.action_live(), "the fleet as it is"),
            Entry("diff", self._go_diff, "what changed between two moments", takes="13:50 [now]"),
        ]

    def _go_at(self, text: str) -> None:
        if self.freezer is None:
            self.say(STARTING)
        elif not text:
            self.run_worker(self._offer_changes(), name="changes", exclusive=True, group="changes")
        else:
            try:
                self.travel_to(moment_of(text, self._now()))
            except ValueError as error:
                self.say(str(error), 6.0)

    async def _offer_changes(self) -> None:
        """The last changes of health, to jump to: the worst turns of late first."""
        if self.freezer is None:
            return
        now = self._now()
        events = await self.freezer.events(now - LOOK_BACK_S)
        entries = change_entries(events, now, self.travel_to)
        if entries:
            self.pick("go to the moment of a change", entries)
        else:
            self.say(f"no change of health is remembered; type a moment: {FORMS}", 6.0)

    def _go_diff(self, text: str) -> None:
        if self.freezer is None or self.page is None:
            self.say(STARTING)
            return
        try:
            span = two_moments(text, self._now(), self.freezer.now())
        except ValueError as error:
            self.say(str(error), 6.0)
            return
        self.run_worker(self._diff(self.page, span), name="diff", exclusive=True, group="diff")

    async def _diff(self, page: Panel, span: tuple[float, float]) -> None:
        """Of the hosts that the page is about; on the fleet's own of all, or of those marked."""
        from opsdash.activities.monitor.diff_report import diff, page_lines, title_of

        freezer, now = self.freezer, self._now()
        if freezer is None:
            return
        hosts = page.chosen()
        if page.slug == self.kinds[0].slug and len(hosts) < 2:
            hosts = tuple(freezer.snapshot().hosts)
        before = await freezer.at(span[0])
        shown = span[1] == freezer.now() or (span[1] >= now - 1 and not freezer.in_past)
        after = freezer.snapshot() if shown else await freezer.at(span[1])
        found = diff(before, after, hosts, await freezer.events(span[0]))
        lines = page_lines(found, now)
        self.push_screen(TextScreen(title_of(found, now), lines, self.look))

    # -- the journey ----------------------------------------------------------------------------

    def travel_to(self, moment: float) -> None:
        """Show the fleet as it was at a moment (seconds since 1970)."""
        self._target, self._steps = moment, 0
        self._travel()

    def _travel(self) -> None:
        if not self._travelling:
            self._travelling = True
            self.run_worker(self._journey(), name="journey", group="journey")

    async def _journey(self) -> None:
        """Go where the keys say until they say no more."""
        try:
            while self._target is not None or self._steps:
                await self._leg()
        finally:
            self._travelling = False

    async def _leg(self) -> None:
        freezer, recalls = self.freezer, self._recalls
        target, steps = self._target, self._steps
        self._target, self._steps = None, 0
        if freezer is None:
            return
        moment = freezer.now() if target is None else target
        way = 1 if steps > 0 else -1
        for _ in range(abs(steps)):
            found = await freezer.stop_next_to(moment, way)
            if recalls != self._recalls:
                return
            if found is None or found > self._now():
                self._at_the_end(way)
                if way > 0 or moment == freezer.now():
                    return
                break
            moment = found
        past = await freezer.at(moment)
        if recalls == self._recalls:  # nobody has called it back meanwhile
            freezer.show(past)
            self._show_it("")

    def _at_the_end(self, way: int) -> None:
        """There is no further stop: behind the last one it is live."""
        if way > 0:
            self._be_live()
        else:
            self.say("nothing earlier is stored" if self.in_past else "no poll is stored yet")

    def _show_it(self, said: str) -> None:
        if self.page is not None:
            self.page.draw()
        self.refresh_bindings()
        if said:
            self.say(said)


def change_entries(events: Sequence[Event], now: float, go: Callable[[float], None]) -> list[Entry]:
    """The last changes of health as entries, the newest first; each goes to its moment."""
    changes = [one for one in events if one.kind is EventKind.HEALTH and one.health is not None]
    entries, after = [], dict[str, float]()
    for one in reversed(changes):
        entries.append(_change(one, now, go, after.get(one.host, now)))
        after[one.host] = one.at
    return entries[:MOST_CHANGES]


def _change(one: Event, now: float, go: Callable[[float], None], over: float) -> Entry:
    """One of them; `over` is when the host's health became another again."""
    worse = one.before is None or one.health is None or one.health > one.before
    moment = min(one.at + (CULPRITS_S if worse else FRAME_S), max(one.at, over - FRAME_S))

    def run(_: str) -> None:
        go(moment)

    became = one.health.name if one.health is not None else ""
    about = f"{became}  {one.text}" if one.text else became
    title = f"{clock_words(one.at, now)}  {one.host}"
    return Entry(title, run, about, f"{duration(now - one.at)} ago")
