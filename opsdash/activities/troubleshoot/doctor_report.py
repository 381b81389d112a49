"""An examination as text for a terminal and as JSON: stage by stage, the cause, what mends it."""

from __future__ import annotations

import textwrap

from opsdash.core.examination import Examination, Examined, Stage, Verdict
from opsdash.core.health import Health
from opsdash.core.text import clean_line
from opsdash.core.theme import ASCII_GLYPHS, GLYPHS

SCHEMA = "opsdash-doctor-1"
HEALTHS = {Verdict.OK: Health.OK, Verdict.WARN: Health.WARN, Verdict.FAIL: Health.CRIT}
"""What a verdict looks like; the others have no colour."""

WORD, STAGE = 7, 12
"""Columns of the first two words."""

Document = dict[str, object]


def glyph(verdict: Verdict, *, ascii_only: bool) -> str:
    """The one-cell sign of a verdict."""
    health = HEALTHS.get(verdict)
    if health is None:
        return "-"
    return (ASCII_GLYPHS if ascii_only else GLYPHS)[health]


def stage_lines(one: Examined, *, hop: str, width: int, ascii_only: bool) -> list[str]:
    """A stage in lines of at most `width` characters where words allow it; commands stay whole.

    `hop` names the jump host that the stage belongs to; empty for the host itself.
    """
    sign = f"{glyph(one.verdict, ascii_only=ascii_only)} {one.verdict.word}"
    head = f"{one.stage.words:<{STAGE}} {sign:<{WORD}}"
    head = head if head.endswith(" ") else f"{head}  "
    text = f"{hop}: {one.text}" if hop else one.text
    lines = _below(head, text, width)
    pad = " " * (STAGE + 1)
    for note in one.notes:
        lines += _below(f"{pad}{glyph(note.verdict, ascii_only=ascii_only)} ", note.text, width)
    if one.verdict in (Verdict.FAIL, Verdict.WARN) and one.hint:
        lines += _below(f"{pad}next: ", one.hint, width)
    lines += [f"{pad}$ {command}" for command in one.mends]
    return [line.rstrip() for line in lines]


def _below(head: str, text: str, width: int) -> list[str]:
    room = max(20, width - len(head))
    wrapped = textwrap.wrap(clean_line(text), room, break_on_hyphens=False, break_long_words=False)
    parts = wrapped or [""]
    pad = " " * len(head)
    return [f"{head if number == 0 else pad}{part}" for number, part in enumerate(parts)]


def closing(exam: Examination) -> str:
    """The examination in one sentence."""
    cause = exam.cause
    if exam.found and exam.says_nothing:
        return f"{exam.host}: nothing was examined: {exam.found[0].text}"
    if cause is None:
        return f"{exam.host}: everything is as it should be"
    where = "" if cause.host == exam.host else f" on the way, at {cause.host}"
    if cause.verdict is Verdict.WARN:
        return f"{exam.host} can be reached; look at: {cause.stage.words}{where}"
    return f"{exam.host} can't be used: {cause.stage.words} failed{where}: {cause.text}"


def not_accepted(exam: Examination, fingerprint: str) -> str:
    """What to say where the fingerprint that was to be accepted is not the host key's."""
    cause = exam.cause
    refused = cause is not None and cause.stage is Stage.HOST_KEY and cause.verdict is Verdict.FAIL
    if not fingerprint or cause is None or not refused:
        return ""
    if fingerprint.rstrip("=") in cause.text:
        return "nothing was accepted: only a new host key can be, not one that changed"
    return (
        "nothing was accepted: the host shows another fingerprint than the one that was given. "
        "Find out why before you accept that one"
    )


def document(exam: Examination, *, in_fleet: bool) -> Document:
    """The report as JSON data: stable and versioned."""
    cause = exam.cause
    return {
        "schema": SCHEMA,
        "host": clean_line(exam.host),
        "in_fleet": in_fleet,
        "declared": clean_line(exam.place),
        "verdict": str(exam.verdict),
        "cause": None if cause is None else {"host": cause.host, "stage": str(cause.stage)},
        "stages": [_stage(one) for one in exam.found],
    }


def _stage(one: Examined) -> Document:
    return {
        "host": clean_line(one.host),
        "stage": str(one.stage),
        "verdict": str(one.verdict),
        "text": one.text,
        "took_s": round(one.took_s, 3),
        "notes": [{"verdict": str(note.verdict), "text": note.text} for note in one.notes],
        "problem": None if one.problem is None else str(one.problem.kind),
        "next": one.hint,
        "commands": list(one.mends),
    }
