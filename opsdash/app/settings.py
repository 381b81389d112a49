"""What is set, by which file or flag, and how it is changed: one page that the palette opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opsdash.app.colours import kind
from opsdash.app.forwarding import Forwarding
from opsdash.app.shells import HERE
from opsdash.app.text_screen import TextScreen
from opsdash.core.text import count
from opsdash.widgets.entries import Entry
from opsdash.widgets.line import Line, Role, Span, line, wrap

NAME = 12


class Setting(NamedTuple):
    """Its name, how it is, and how that is changed."""

    name: str
    value: str
    change: str


def setting_lines(settings: list[Setting], width: int) -> list[Line]:
    """Each setting with its value, and below it how it is changed; `width` in cells."""
    lines: list[Line] = []
    for one in settings:
        rows = [(part, Role.STRONG) for part in wrap(one.value, width - NAME)]
        rows += [(part, Role.MUTED) for part in wrap(one.change, width - NAME)]
        for place, (text, role) in enumerate(rows):
            name = Span((one.name if place == 0 else "").ljust(NAME), Role.HEADING)
            lines.append(line(name, Span(text, role)))
        lines.append(())
    return lines[:-1]


class Settings(Forwarding):
    """The part of the app that tells what is set."""

    def further_entries(self) -> list[Entry]:
        """All of it on one page."""
        about = "what is set, by which file, and how it is changed"
        return [*super().further_entries(), Entry("settings", self._show_settings, about)]

    def _show_settings(self, _: str) -> None:
        lines = setting_lines([*self._looks_set(), *self._files_set()], self.size.width - 2)
        self.push_screen(TextScreen("what is set", lines, self.look))

    def _looks_set(self) -> Iterator[Setting]:
        theme = self.looks.theme
        by = ", by a flag for this run" if self.looks.fixed else ""
        key = self.keymap.sentence("theme.pick", ", or ")
        yield Setting("theme", f"{theme.name} ({kind(theme)}){by}", f":theme NAME{key} picks one")
        ascii_only = self.looks.ascii_only
        characters = "plain ASCII alone" if ascii_only else "blocks and glyphs"
        yield Setting("characters", characters, "opsdash --ascii takes plain ASCII alone")
        given = len(self.keymap.given)
        keys = f"{count(given, 'action')} on other keys" if given else "the usual keys"
        yield Setting("keys", keys, ":keys lists them and the file that changes them")
        way = "in place of this screen" if self._shell_way() == HERE else "in a window of tmux"
        yield Setting(
            "shell", way, "inside tmux what is picked is kept: :shell here, or in a window"
        )

    def _files_set(self) -> Iterator[Setting]:
        from opsdash.config import paths  # not before the first frame

        shown = self.freezer.snapshot() if self.freezer is not None else None
        source = shown.source if shown is not None else ""
        reload = self.keymap.sentence("reload", "; ", " reads it again")
        yield Setting("hosts", source or "no file: a demo, or this machine alone",
                      f"--hosts FILE or $OPSDASH_HOSTS names another{reload}")  # fmt: skip
        rails = paths.guardrails_file(source)
        there = "" if rails.exists() else " (not there)"
        yield Setting(
            "guardrails", f"{rails}{there}", "opsdash guardrails says what may not be done"
        )
        who = shown.read_only if shown is not None else ""
        changes = f"nothing may be changed: {who}" if who else "allowed, by a plan that is shown"
        yield Setting("changes", changes, "opsdash --read-only, or $OPSDASH_READ_ONLY=1")
        yield Setting("own files", str(paths.config_dir()), "hosts.yaml, keys.yaml, themes, hooks")
        yield Setting(
            "kept in", str(paths.state_dir()), "history, jobs, audit log, views: $XDG_STATE_HOME"
        )
