"""Runbooks in words: what was gone through, and what there is, for the command line and tickets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opsdash.core.runbook import Ask, BookStep, Decide, Do, End, Look, Runbook, Verify
from opsdash.core.runbook_condition import Output
from opsdash.core.runbook_turn import Passed, Went
from opsdash.core.text import clean_line, count

SHOWN_LINES = 12
"""Lines of an output that are shown where all of it is not wanted."""

_KINDS: dict[type[BookStep], str] = {
    Look: "look",
    Decide: "decide",
    Ask: "ask",
    Do: "do",
    Verify: "verify",
    End: "end",
}
KINDS = {
    Went.LOOKED: "look",
    Went.DECIDED: "decide",
    Went.ANSWERED: "ask",
    Went.DONE: "do",
    Went.NOT_DONE: "do",
    Went.HELD: "verify",
    Went.NOT_HELD: "verify",
    Went.SKIPPED: "skip",
    Went.ENDED: "end",
}
"""What a step that was gone through is called."""


def kind_of(step: BookStep) -> str:
    """What a step does, as the file calls it."""
    return _KINDS[type(step)]


def outcome(one: Passed) -> str:
    """How a step went, in a few words; empty: as it should."""
    if one.went is Went.DONE:
        return one.said or "done"
    if one.went is Went.NOT_DONE:
        return f"not done: {one.said}" if one.said else "not done"
    if one.went is Went.LOOKED and one.output is not None:
        return _status(one.output)
    return one.said


def _status(output: Output) -> str:
    if output.status is None:
        return "cut off"
    said = [f"status {output.status}"] if output.status else []
    said += ["there was more"] if output.truncated else []
    if not output.stdout.strip() and not output.stderr.strip() and not said:
        said.append("nothing")
    return ", ".join(said)


def output_lines(output: Output, most: int = SHOWN_LINES) -> list[str]:
    """An output as lines that can be shown; of a longer one the first and the last."""
    lines = [clean_line(one) for one in output.stdout.rstrip("\n").split("\n")]
    lines = [] if lines == [""] else lines
    errors = [clean_line(one) for one in output.stderr.splitlines() if one.strip()]
    if len(lines) > most:
        begin, end = most // 2, most - most // 2
        left_out = f"… {count(len(lines) - most, 'more line')}"
        lines = [*lines[:begin], left_out, *lines[-end:]]
    return lines + errors[:most]


def passed_lines(one: Passed, most: int = SHOWN_LINES) -> Iterator[str]:
    """A step that was gone through, with its output."""
    said = outcome(one)
    words = f"{one.words}: {said}" if one.words and said else one.words or said
    yield f"{KINDS[one.went]:<7} {words}"
    if one.output is not None:
        yield from (f"        {text}" for text in output_lines(one.output, most))


def book_lines(book: Runbook) -> Iterator[str]:
    """A runbook, to read before it is begun."""
    yield f"{book.id}: {book.title}"
    yield from ([book.about] if book.about else [])
    yield ""
    yield f"for      {', '.join(book.checks) or 'no check in particular'}"
    yield f"danger   {book.danger.words}"
    yield f"from     {book.place if book.own else 'opsdash itself'}"
    for wanted in book.arguments:
        yield f"takes    {wanted.name}={wanted.name.upper()}  {wanted.help}{_or_else(wanted)}"
    yield ""
    for place, step in enumerate(book.steps, 1):
        yield from _step_lines(place, step)


def _or_else(wanted: object) -> str:
    default, subject = getattr(wanted, "default", None), getattr(wanted, "from_subject", False)
    parts = ["what the finding is about"] if subject else []
    parts += [repr(default)] if default is not None else []
    return f" (else {', else '.join(parts)})" if parts else " (asked if not given)"


def _step_lines(place: int, step: BookStep) -> Iterator[str]:
    words = f"{step.action} {_given(step)}".strip() if isinstance(step, Do) else step.words
    name = f"  [{step.name or step.key}]" if step.name or step.key else ""
    yield f"{place:>2}. {kind_of(step):<7} {words}{name}"
    if isinstance(step, Look | Verify):
        yield from (f"      | {text}" for text in step.script.rstrip().split("\n"))
        yield from ["      as root where that is allowed"] if step.root else []
    if isinstance(step, Decide):
        for case in step.cases:
            way = f" -> {case.go}" if case.go else ""
            yield f"      {case.say or '(goes on)'}{way}"
    if isinstance(step, Ask):
        yield from (f"      {value}: {about}" for value, about in step.options)


def _given(step: Do) -> str:
    return " ".join(f"{name}={value}" for name, value in step.given)


def list_rows(books: Sequence[Runbook]) -> list[tuple[str, ...]]:
    """The table of runbooks."""
    return [
        (
            one.id,
            one.title,
            one.danger.value,
            " ".join(one.checks) or "-",
            "own" if one.own else "-",
        )
        for one in books
    ]
