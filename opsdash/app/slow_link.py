"""The link to the terminal: how slow it is, and what is left out when it is slow."""

from __future__ import annotations

from textual import screen as textual_screen

from opsdash.app.terminal_keys import TerminalKeys
from opsdash.core.terminal_answers import ASK_GROUND, Answers
from opsdash.core.theme import SIXTEEN_COLOURS
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span

SLOW_S = 0.150
"""Round trip above which few bytes count more than smooth motion."""

ASKED, ASK_EVERY_S = 3, 1.0
"""How often the round trip is measured before it is judged: by the quickest, not by a hiccup."""

LOW_FRAMES_PER_S = 8
FULL_FRAMES_PER_S = 20
LOW_PACE_S = 3.0
"""How long a page waits at least before it shows news by itself; keys are answered at once."""

SAID_S = 8.0


class SlowLink(TerminalKeys):
    """The part of the app that measures the link and spares it.

    `low` is None until it is decided by measurement; `answers` is None where the terminal can't be
    asked. `by_ground` are the themes for a dark and a light ground, where neither was chosen;
    `full_theme` is the one to go back to when bytes do not count any more.
    """

    low: bool | None = False
    answers: Answers | None = None
    by_ground: tuple[str, str] | None = None
    full_theme = ""

    def on_mount(self) -> None:
        """Ask the terminal once it has something to look at."""
        if self.low:
            self._slow_down()
        if self.answers is not None:
            self.answers.heard = lambda: self.call_later(self._heed_terminal)
            question = ASK_GROUND if self.by_ground else ""
            self.call_after_refresh(self._ask, question)

    def _ask(self, question: str = "") -> None:
        if self.answers is not None and self._driver is not None:
            self._driver.write(question + self.answers.ask_who())

    def _heed_terminal(self) -> None:
        """The terminal has answered: its ground, or how far away it is."""
        answers = self.answers
        if answers is None:
            return
        if answers.light is not None and self.by_ground is not None:
            dark, light = self.by_ground
            self.by_ground = None
            if self.looks.name == dark and answers.light and light in self.looks.themes:
                self.wear(light)
        if self.low is not None:
            return
        if answers.answered < ASKED:
            self.set_timer(ASK_EVERY_S, self._ask)
        elif answers.round_trip_s is not None:
            self.low = answers.round_trip_s > SLOW_S
            if self.low:
                self._slow_down()
                taken = f"{answers.round_trip_s * 1000:.0f} ms"
                said = f"slow link ({taken}): fewer bytes from now on; :full bandwidth ends it"
                self.say(said, SAID_S)

    def pace_s(self) -> float:
        """How long a page waits between news, in seconds."""
        return LOW_PACE_S if self.low else 0.0

    def link_badges(self) -> Line:
        """That the screen is slower than the fleet, and how that ends."""
        return (Span(" LOW BANDWIDTH :full ", Role.UNKNOWN),) if self.low else ()

    def link_entries(self) -> list[Entry]:
        """The palette's switch."""
        if self.low:
            return [Entry("full bandwidth", lambda _: self._spare(on=False), "smooth, all colours")]
        return [Entry("low bandwidth", lambda _: self._spare(on=True), "fewer bytes: slow links")]

    def _spare(self, *, on: bool) -> None:
        self.low = on
        if on:
            self._slow_down()
            self.say("fewer bytes from now on; :full bandwidth ends it", SAID_S)
            return
        self._frames(FULL_FRAMES_PER_S)
        if self.full_theme and self.looks.name == SIXTEEN_COLOURS:
            self.wear(self.full_theme)
        self.say("full bandwidth")

    def _slow_down(self) -> None:
        """Fewer frames, and a theme that costs half the bytes, unless one was asked for."""
        self._frames(LOW_FRAMES_PER_S)
        theme = self.looks.theme
        if not (theme.is_ansi or self.looks.fixed) and SIXTEEN_COLOURS in self.looks.themes:
            self.full_theme = theme.name
            self.wear(SIXTEEN_COLOURS)

    def _frames(self, per_s: int) -> None:
        """Textual reads it when it is imported, and has no way to change it afterwards (8.2.8)."""
        setattr(textual_screen, "UPDATE_PERIOD", 1 / per_s)  # noqa: B010 - declared Final
        for screen in self.screen_stack:
            screen._update_timer._interval = 1 / per_s  # noqa: SLF001
