"""The colours of the program: picked from a list that shows each at once, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from textual.filter import LineFilter

from opsdash.app.dialogs import Dialogs
from opsdash.app.look import Colourless, Looks, as_textual
from opsdash.core.text import clean_line
from opsdash.core.theme import Theme
from opsdash.widgets.entries import Entry
from opsdash.widgets.palette import Palette

CHOICE = "theme"
"""The name under which the theme that was picked is remembered."""

COLOURLESS = Colourless()

FAULT_S = 15.0
"""How long a fault in one stays: it is read in another window than it was made in."""


class Themes(Protocol):
    """Where the themes are; `broken` ones by name, each with what is wrong with it."""

    broken: tuple[tuple[str, str], ...]

    def changed(self) -> bool:
        """Whether any is other than when they were read."""
        ...

    def read(self) -> tuple[dict[str, Theme], tuple[str, ...]]:
        """All of them, and what is wrong with them."""
        ...

    def short(self, fault: str) -> str:
        """What is wrong, in few words."""
        ...


class Colours(Dialogs):
    """The part of the app that knows of themes."""

    looks: Looks
    theme_files: Themes | None = None
    theme_notice = ""

    def on_mount(self) -> None:
        """Look at the theme files from now on."""
        if self.theme_files is not None:
            self.follow_files("themes", self._heed_themes)

    async def _heed_themes(self) -> None:
        """A slow disk may hold up this worker, and nothing else."""
        files = self.theme_files
        if files is None or not await asyncio.to_thread(files.changed):
            return
        themes, faults = await asyncio.to_thread(files.read)
        self.take_themes(themes)
        if faults:
            more = f" (and {len(faults) - 1} more: opsdash themes check)" if faults[1:] else ""
            self.say(f"{clean_line(files.short(faults[0]))}{more}", FAULT_S)
        else:
            self.say("themes read again")

    def look(self) -> Palette:
        """What everything is painted with now."""
        return self.looks.palette

    def put_on(self, looks: Looks) -> None:
        """The looks to choose from, and the one in force, from the first frame on."""
        self.looks = looks
        for theme in looks.themes.values():
            self.register_theme(as_textual(theme))
        self.theme = looks.name
        self.set_class(looks.ascii_only, "-ascii")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """A theme without colours sends none, whatever a style sheet says."""
        found = super().get_line_filters()
        return found if self.looks.theme.has_colours else [*found, COLOURLESS]

    def wear(self, name: str) -> None:
        """Paint everything in this theme, at once, without keeping it."""
        if name != self.looks.name:
            self.looks.name = name
            self.theme = name

    def choose_theme(self, name: str) -> None:
        """This theme from now on, and when the program starts again."""
        self.wear(name)
        kept = self._keeper.kept
        self._keeper.keep(replace(kept, choices={**kept.choices, CHOICE: name}))
        self.say(f"theme {name}")

    def action_pick_theme(self) -> None:
        """Look at the themes one by one, and keep one."""
        self.pick("theme: moving shows it, enter keeps it", self.theme_entries())

    def theme_entries(self, before: str = "") -> list[Entry]:
        """Every theme by name, the one in force first; broken ones can't be picked and say why."""
        worn = self.looks.name
        names = sorted(self.looks.themes, key=lambda name: (name != worn, name))
        found = [self._entry(self.looks.themes[name], before, worn) for name in names]
        broken = self.theme_files.broken if self.theme_files is not None else ()
        return [*found, *(_unusable(before + name, fault) for name, fault in broken)]

    def _entry(self, theme: Theme, before: str, worn: str) -> Entry:
        about = f"{kind(theme)}{', in force' if theme.name == worn else ''}"
        show: Callable[[bool], None] = lambda on: self.wear(theme.name if on else worn)  # noqa: E731
        return Entry(
            before + theme.name, lambda _: self.choose_theme(theme.name), about, preview=show
        )

    def take_themes(self, themes: dict[str, Theme]) -> None:
        """Theme files were saved: their colours from now on, the one in force at once."""
        before = self.looks.theme
        # one that can't be used any more stays as it was
        self.looks.replace({**self.looks.themes, **themes})
        for theme in self.looks.themes.values():
            self.register_theme(as_textual(theme))
        if self.looks.theme != before:
            self.mutate_reactive(Colours.theme)


def _unusable(title: str, fault: str) -> Entry:
    return Entry(clean_line(title), lambda _: None, disabled=clean_line(fault))


def kind(theme: Theme) -> str:
    """What sort of theme it is, in a word or two."""
    ground = "dark" if theme.dark else "light"
    if not theme.has_colours:
        return "no colours"
    return f"{ground}, 16 colours" if theme.is_ansi else ground
