"""A runbook as the lines of a page: what was gone through, what is to be done now, what comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsdash.activities.troubleshoot.runbook_words import KINDS, kind_of, outcome, output_lines
from opsdash.core.health import Health
from opsdash.core.runbook import Do, Runbook
from opsdash.core.runbook_condition import in_words, places_in
from opsdash.core.runbook_turn import AskNow, DoNow, LookNow, Passed, Went
from opsdash.core.text import count, duration
from opsdash.core.walks import WalkSeen, WalkState
from opsdash.widgets.line import ROLES, Line, Role, Span, line, wrap
from opsdash.widgets.palette import Palette

KIND = 8
INDENT = 2 + KIND
SHORT, WHOLE = 8, 2000
"""Lines of an output that are shown, and where all of it is wanted."""

_HEALTH = {
    Went.DONE: Health.OK,
    Went.HELD: Health.OK,
    Went.NOT_DONE: Health.CRIT,
    Went.NOT_HELD: Health.CRIT,
}
_QUIET = (Went.SKIPPED, Went.ENDED)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How it is drawn: the look, the cells, the time (seconds since 1970), all of the outputs or
    their first lines, and the keys by what they do.
    """

    palette: Palette
    width: int
    now: float
    whole: bool
    keys: dict[str, str]


def head_lines(book: Runbook, width: int) -> Iterator[Line]:
    """What it is about, and the worst that it may do."""
    yield line(Span(book.title, Role.STRONG), Span(f"  {book.danger.words}", Role.MUTED))
    for text in wrap(book.about, width) if book.about else ():
        yield line(Span(text, Role.MUTED))
    yield ()


def trail_lines(seen: WalkSeen, how: Drawing) -> Iterator[Line]:
    """The steps that were gone through, each with its outcome."""
    for one in seen.trail:
        if one.went not in _QUIET:
            yield from _passed(one, how)


def _passed(one: Passed, how: Drawing) -> Iterator[Line]:
    health = _HEALTH.get(one.went)
    sign = how.palette.glyph(health) if health is not None else how.palette.drawable("·")
    role = ROLES[health] if health is not None else Role.MUTED
    said = outcome(one)
    decided = one.went in (Went.DECIDED, Went.ANSWERED)
    words = f"{one.words}:" if said else one.words
    texts = wrap(f"{words} {said}".strip(), how.width - INDENT)
    for place, text in enumerate(texts):
        lead = f"{sign} {KINDS[one.went]:<{KIND}}" if place == 0 else " " * INDENT
        strong = Role.STRONG if decided else role if health is not None else Role.TEXT
        yield line(Span(lead, role), Span(text, strong))
    if one.output is not None:
        for text in output_lines(one.output, WHOLE if how.whole else SHORT):
            yield line(Span(" " * INDENT), Span(text, Role.MUTED))


def now_lines(seen: WalkSeen, how: Drawing) -> Iterator[Line]:
    """What is to be done now, and by which key."""
    turn, keys = seen.turn, how.keys
    since = duration(how.now - seen.since)
    mark = how.palette.drawable("▸")
    go, stop, again = keys.get("go", ""), keys.get("stop", ""), keys.get("again", "")
    if seen.state is WalkState.ENDED:
        yield from _now(f"{mark} end", seen.words, Role.STRONG, how)
        yield from _hint(_does(again, "begins again"), how)
    elif seen.state is WalkState.HALTED:
        yield from _now(f"{mark} halted", seen.told, Role.CRIT, how)
        yield from _hint(_does(go, "goes on with this step", again, "begins again"), how)
    elif seen.state is WalkState.DOING:
        yield from _now(f"{mark} do", f"{_words(seen)}: under way for {since}", Role.ACCENT, how)
    elif isinstance(turn, LookNow):
        kind = "verify" if turn.within_s else "look"
        within = f" of {duration(turn.within_s)}" if turn.within_s else ""
        words = f"{turn.words}: for {since}{within}"
        yield from _now(f"{mark} {kind}", words, Role.ACCENT, how)
        yield from _hint(_does(stop, "ends it"), how)
    elif isinstance(turn, AskNow):
        yield from _now(f"{mark} ask", turn.words, Role.ACCENT, how)
        many = count(len(turn.choices), "choice") if turn.choices else turn.help or "typed"
        yield from _hint(f"{many}; {_does(go, 'answers', keys.get('no', ''), 'leaves it')}", how)
    else:
        yield from _now(f"{mark} do", _words(seen), Role.ACCENT, how)
        yield from _hint(_does(go, "shows the plan", keys.get("no", ""), "leaves it undone"), how)


def _words(seen: WalkSeen) -> str:
    turn = seen.turn
    if not isinstance(turn, DoNow):
        return ""
    return turn.line() if turn.words == turn.action else f"{turn.words} ({turn.line()})"


def _does(*pairs: str) -> str:
    """``enter goes on, n leaves it``: of keys that there are."""
    said = zip(pairs[::2], pairs[1::2], strict=True)
    return ", ".join(f"{key} {does}" for key, does in said if key)


def _now(lead: str, words: str, role: Role, how: Drawing) -> Iterator[Line]:
    for place, text in enumerate(wrap(words, how.width - INDENT) or [""]):
        first = lead.ljust(INDENT) if place == 0 else " " * INDENT
        yield line(Span(first, role), Span(text, Role.STRONG if role is Role.ACCENT else role))


def _hint(text: str, how: Drawing) -> Iterator[Line]:
    for part in wrap(text, how.width - INDENT) if text else ():
        yield line(Span(" " * INDENT), Span(part, Role.ACCENT))


def ahead_lines(seen: WalkSeen, how: Drawing) -> Iterator[Line]:
    """What comes next, if nothing leads elsewhere."""
    for step in seen.ahead:
        words = (step.words or step.action) if isinstance(step, Do) else step.words
        known = {name: f"{{{name}}}" for name in places_in(words)} | dict(seen.variables)
        words = in_words(words, known)
        text = wrap(words, how.width - INDENT)[:1]
        lead = f"{how.palette.drawable('·')} {kind_of(step):<{KIND}}"
        yield line(Span(lead, Role.MUTED), Span(text[0] if text else "", Role.MUTED))
