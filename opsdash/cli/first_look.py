"""How the screen looks on this terminal: characters and colours that it can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import click

from opsdash.config.theme_files import ThemeFiles
from opsdash.core.errors import OpsdashError
from opsdash.core.terminal import MANY, SIXTEEN, Terminal
from opsdash.core.text import clean_line
from opsdash.core.theme import (
    DEFAULT_LIGHT,
    DEFAULT_THEME,
    NO_COLOURS,
    SIXTEEN_COLOURS,
    Theme,
)

_SYSTEMS = {SIXTEEN: "standard", MANY: "256"}


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the screen begins with; `fixed` says that a flag chose the theme for this run.

    `notice` is a sentence on the theme that was kept and can't be had; empty: all is well.
    `by_ground` are the themes for a dark and a light ground, where that alone is to decide and is
    not known yet, and `full` is the theme where bytes do not count.
    """

    files: ThemeFiles
    themes: Mapping[str, Theme]
    theme: str
    plain: bool
    fixed: bool
    by_ground: tuple[str, str] | None
    full: str
    notice: str


def first_look(
    terminal: Terminal, wanted: str | None, *, kept: str, plain: bool | None, low: bool
) -> FirstLook:
    """The theme that was asked for (`wanted`), or was kept, or fits; and whether to draw in ASCII.

    `low` asks for few bytes. click.UsageError when there is no theme of the name that is wanted.
    """
    from opsdash.config.paths import theme_folders

    files = ThemeFiles(theme_folders())
    themes, notices = files.read()
    for notice in notices:
        click.echo(f"opsdash: {notice}", err=True)
    _must_be_there(wanted, themes)
    name = wanted or _fitting(terminal, themes, kept, low=low)
    if name not in themes:
        raise OpsdashError(f"the theme {name} is missing: install opsdash again")
    coded = "UTF-8" in (sys.__stdout__ or sys.stdout).encoding.upper()
    ascii_only = (terminal.plain or not coded) if plain is None else plain
    undecided = name == DEFAULT_THEME and not (wanted or kept) and terminal.light is None
    by_ground = (DEFAULT_THEME, DEFAULT_LIGHT) if undecided else None
    full = wanted or _fitting(terminal, themes, kept, low=False)
    notice = "" if wanted or not terminal.coloured else _missed(files, kept, name, themes)
    return FirstLook(files, themes, name, ascii_only, wanted is not None, by_ground, full, notice)


def _missed(files: ThemeFiles, kept: str, shown: str, themes: Mapping[str, Theme]) -> str:
    """Why the theme that was kept is not what is shown."""
    fault = dict(files.broken).get(kept, "")
    if fault:
        instead = f"another {kept}" if kept == shown else shown
        return clean_line(f"theme {kept}: {fault}; {instead} is shown")
    return f"the theme {kept} is gone, {shown} is shown" if kept and kept not in themes else ""


def check_theme(wanted: str | None) -> None:
    """A theme that is asked for must be there, also where none is worn; else click.UsageError."""
    from opsdash.config.paths import theme_folders

    if wanted is not None:
        _must_be_there(wanted, ThemeFiles(theme_folders()).read()[0])


def _must_be_there(wanted: str | None, themes: Mapping[str, Theme]) -> None:
    if wanted is not None and wanted not in themes:
        raise click.UsageError(
            f"there is no theme {wanted!r}; these are: {', '.join(sorted(themes))}"
        )


def _fitting(terminal: Terminal, themes: Mapping[str, Theme], kept: str, *, low: bool) -> str:
    """The theme to begin with where no flag names one."""
    if not terminal.coloured:
        return NO_COLOURS
    usual = DEFAULT_LIGHT if terminal.light else DEFAULT_THEME
    name = kept if kept in themes else usual
    few = low or terminal.colours <= SIXTEEN
    return SIXTEEN_COLOURS if few and name in themes and not themes[name].is_ansi else name


def tell_textual(terminal: Terminal, *, frames_per_s: int) -> None:
    """Set what Textual reads when it is imported; what the user set stays."""
    for stale in ("COLUMNS", "LINES"):
        os.environ.pop(stale, None)  # an exported size would outlive every resize of the window
    os.environ.setdefault("TEXTUAL_FPS", str(frames_per_s))
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", _SYSTEMS.get(terminal.colours, "truecolor"))
    if not terminal.answers:
        os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    # it would be answered by greys of its own; the theme without colours sends none
    os.environ.pop("NO_COLOR", None)
