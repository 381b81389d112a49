"""The steps of a runbook's file, each by itself; runbook_faults.py sees them together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from opsdash.config import runbook_parts as parts
from opsdash.config.marked_entry import Entry
from opsdash.config.marked_yaml import Where
from opsdash.core.runbook import (
    END,
    LOOK_TIMEOUT_S,
    VERIFY_WITHIN_S,
    Ask,
    BookStep,
    Case,
    Decide,
    Do,
    End,
    Look,
    Verify,
)
from opsdash.core.runbook_condition import Condition

MOST_CASES = 50
MOST_OPTIONS = 50
_ACTION = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)+")


def step(form: Entry) -> BookStep | None:
    """One step; None if it is not to be known which kind it is."""
    kinds = [kind for kind in _KINDS if kind in form.data]
    if len(kinds) != 1:
        said = " and ".join(kinds) or "none of them"
        listed = ", ".join(_KINDS)
        form.marked.blame(form.where, f"a step is one of {listed}: this has {said}")
        return None
    keys, understand = _KINDS[kinds[0]]
    form.check_keys((kinds[0], "name", "if", "also", *keys), _KINDER)
    if form.data.get("name") == END:
        form.blame("name", "end is where it all ends: take another name")
    return understand(form)


def _needs(form: Entry, *keys: str) -> None:
    for key in keys:
        if key not in form.data:
            form.marked.blame(form.where, f"needs {key}:")


def _words(form: Entry, kind: str) -> str:
    return form.value(kind, parts.sentence) or ""


def _word(form: Entry, key: str) -> str:
    return form.value(key, parts.word) or ""


def _when(form: Entry) -> Condition | None:
    """What `if:` and `also:` demand, as one condition."""
    where: Where = form.where
    if "if" not in form.data:
        if "also" in form.data:
            form.blame("also", "stands beside if: only")
        return None
    found = parts.condition(form.marked, (*where, "if"), form.data["if"])
    if "also" not in form.data:
        return found
    more = parts.also(form.marked, (*where, "also"), form.data["also"])
    return Condition(also=(found, *more))


def _look(form: Entry) -> Look:
    _needs(form, "run")
    return Look(
        _words(form, "look"),
        form.value("run", parts.script) or "",
        name=_word(form, "name"),
        key=_word(form, "as"),
        root=form.value("root", parts.truth) or False,
        timeout_s=form.value("timeout_s", parts.seconds) or LOOK_TIMEOUT_S,
        when=_when(form),
        go=_word(form, "go"),
    )


def _verify(form: Entry) -> Verify:
    _needs(form, "run", "until")
    until = Condition()
    if "until" in form.data:
        where = (*form.where, "until")
        until = parts.condition(form.marked, where, form.data["until"], own=True)
    return Verify(
        _words(form, "verify"),
        form.value("run", parts.script) or "",
        until,
        name=_word(form, "name"),
        key=_word(form, "as"),
        root=form.value("root", parts.truth) or False,
        within_s=form.value("within_s", parts.seconds) or VERIFY_WITHIN_S,
        timeout_s=form.value("timeout_s", parts.seconds) or LOOK_TIMEOUT_S,
        go=_word(form, "go"),
        else_go=_word(form, "else_go"),
        when=_when(form),
    )


def _decide(form: Entry) -> Decide:
    _needs(form, "cases")
    listed = form.data.get("cases", [])
    if not isinstance(listed, list) or not listed or len(listed) > MOST_CASES:
        form.blame("cases", f"should be a list of at most {MOST_CASES} cases")
        listed = []
    made = [
        _case(form, place, one, last=place == len(listed) - 1) for place, one in enumerate(listed)
    ]
    return Decide(_words(form, "decide"), tuple(made), name=_word(form, "name"), when=_when(form))


def _case(form: Entry, place: int, data: Any, *, last: bool) -> Case:
    where: Where = (*form.where, "cases", place)
    if not isinstance(data, dict):
        form.marked.blame(where, "should be a case: {if: CONDITION, say: WORDS, go: STEP}")
        return Case(None)
    one = Entry(form.marked, where, data)
    one.check_keys(("if", "also", "else", "say", "go"), {"then": " (did you mean go?)"})
    if ("if" in data) == ("else" in data):
        form.marked.blame(where, "a case has either if: or else: true")
    if "else" in data:
        if data["else"] is not True:
            one.blame("else", "should be true: it holds in any case")
        if not last:
            form.marked.blame(where, "else: is the last case, no other comes after it")
    return Case(_when(one), one.value("say", parts.sentence) or "", _word(one, "go"))


def _ask(form: Entry) -> Ask:
    _needs(form, "as")
    kinds = [key for key in ("lines_of", "options", "text") if key in form.data]
    if len(kinds) != 1:
        form.marked.blame(form.where, "an ask has one of lines_of, options, text: true")
    if "pick" in form.data and "lines_of" not in form.data:
        form.blame("pick", "goes with lines_of only")
    if form.data.get("text", True) is not True:
        form.blame("text", "should be true")
    options = form.value("options", _options) or ()
    go = form.data.get("go")
    ways = (form.value("go", _ways) or ()) if isinstance(go, dict) else ()
    values = {value for value, _ in options}
    for answer, _ in ways:
        if options and answer not in values:
            form.marked.blame((*form.where, "go", answer), "is none of the options", key=True)
    return Ask(
        _words(form, "ask"),
        form.value("as", parts.variable) or "",
        name=_word(form, "name"),
        lines_of=_word(form, "lines_of"),
        pick=form.value("pick", parts.picking),
        options=options,
        pattern=form.value("matches", parts.pattern),
        ways=ways,
        go="" if ways or isinstance(go, dict) else _word(form, "go"),
        else_go=_word(form, "else_go"),
        when=_when(form),
    )


def _options(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not value or len(value) > MOST_OPTIONS:
        raise ValueError(f"should be a mapping of at most {MOST_OPTIONS}: value: what it means")
    return tuple((key, parts.sentence(about)) for key, about in value.items())


def _ways(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((answer, parts.word(name)) for answer, name in value.items())


def _do(form: Entry) -> Do:
    return Do(
        form.value("do", _action) or "",
        form.value("with", _given) or (),
        form.value("say", parts.sentence) or "",
        name=_word(form, "name"),
        go=_word(form, "go"),
        else_go=_word(form, "else_go"),
        when=_when(form),
    )


def _action(value: Any) -> str:
    if not isinstance(value, str) or not _ACTION.fullmatch(value):
        raise ValueError("should be an action: noun.verb (opsdash do list)")
    return value


def _given(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError("should be a mapping: argument: value")  # noqa: TRY004
    return tuple((key, parts.plain(text)) for key, text in value.items())


def _end(form: Entry) -> End:
    return End(_words(form, "end"), name=_word(form, "name"), when=_when(form))


_RUNS = ("as", "run", "root", "timeout_s", "go")
_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Entry], BookStep]]] = {
    "look": (_RUNS, _look),
    "decide": (("cases",), _decide),
    "ask": (("as", "lines_of", "pick", "options", "text", "matches", "go", "else_go"), _ask),
    "do": (("with", "say", "go", "else_go"), _do),
    "verify": ((*_RUNS, "until", "within_s", "else_go"), _verify),
    "end": ((), _end),
}
_KINDER = {
    "script": " (did you mean run?)",
    "when": " (did you mean if?)",
    "else": " (did you mean else_go?)",
    "args": " (did you mean with?)",
    "arguments": " (did you mean with?)",
    "goto": " (did you mean go?)",
}
