"""An examination as lines of the screen: stage by stage, and what mends what failed."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from opsdash.activities.troubleshoot.doctor_report import HEALTHS, WORD
from opsdash.core.examination import Examined, Note, Verdict
from opsdash.core.text import clean_line
from opsdash.widgets.line import ROLES, Line, Role, Span, line
from opsdash.widgets.palette import Palette

INDENT = 13
"""Cells of the first column, in which the stage is named."""


def stage_lines(one: Examined, hop: str, palette: Palette, width: int) -> list[Line]:
    """A stage of a host, or of the jump host `hop`, in lines of at most `width` cells."""
    name = Span(one.stage.words.ljust(INDENT), Role.MUTED)
    badge = badge_of(one.verdict, palette)
    text = f"{hop}: {one.text}" if hop else one.text
    role = badge.role if one.verdict is Verdict.FAIL else Role.TEXT
    word = f"{badge.text:<{WORD}}" if len(badge.text) < WORD else f"{badge.text}  "
    parts = unbroken(text, width - INDENT - len(word)) if text else [""]
    lines: list[Line] = [line(name, Span(word, badge.role), Span(parts[0], role))]
    lines += [line(" " * (INDENT + len(word)), Span(part, role)) for part in parts[1:]]
    for note in one.notes:
        lines += _note(note, palette, width)
    return [*lines, *advice_lines(one, width)]


def advice_lines(one: Examined, width: int, indent: int = INDENT) -> list[Line]:
    """The next step of a stage that is not well, and the commands that mend it."""
    lines: list[Line] = []
    if one.verdict in (Verdict.FAIL, Verdict.WARN) and one.hint:
        lines += _below("next", one.hint, Role.ACCENT, width, indent)
    for command in one.mends:
        lines += _below("$", command, Role.STRONG, width, indent)
    return lines


def without_advice(one: Examined) -> Examined:
    """The same stage, where its next step stands elsewhere."""
    return replace(one, problem=None, hint="", mends=())


def unbroken(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` characters; paths and options keep their hyphens."""
    return textwrap.wrap(clean_line(text), max(width, 8), break_on_hyphens=False) or [""]


def badge_of(verdict: Verdict, palette: Palette) -> Span:
    """Sign and word of a verdict, in its colour."""
    health = HEALTHS.get(verdict)
    if health is None:
        return Span(f"- {verdict.word}", Role.MUTED)
    return Span(f"{palette.glyph(health)} {verdict.word}", ROLES[health])


def _note(note: Note, palette: Palette, width: int) -> list[Line]:
    health = HEALTHS.get(note.verdict)
    sign = palette.glyph(health) if health is not None else "-"
    role = ROLES[health] if health is not None else Role.MUTED
    return _below(sign, note.text, role if note.verdict is not Verdict.OK else Role.TEXT, width)


def _below(word: str, text: str, role: Role, width: int, indent: int = INDENT) -> list[Line]:
    pad = " " * indent
    parts = unbroken(text, width - indent - len(word) - 1)
    first = line(pad, Span(f"{word} ", Role.MUTED), Span(parts[0], role))
    rest = " " * (len(word) + 1)
    return [first, *(line(pad, rest, Span(part, role)) for part in parts[1:])]
