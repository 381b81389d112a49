"""The course of a runbook on one host: what is to be done now, and where its outcome leads. Pure:
it is told what was printed, answered and done, and does nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from opsdash.core.quoting import assignments
from opsdash.core.runbook import (
    END,
    HOST,
    Ask,
    BookStep,
    Decide,
    Do,
    End,
    Look,
    Runbook,
    Verify,
    called,
    pattern_fault,
)
from opsdash.core.runbook_condition import Output, filled, in_words
from opsdash.core.runbook_turn import AskNow, DoNow, Ended, LookNow, Passed, Turn, Went
from opsdash.core.text import clean_line, duration

MOST_STEPS = 60
"""A course that is longer goes round in circles."""

MOST_CHOICES = 200
"""Lines that somebody can choose from."""


@dataclass(slots=True)
class Course:
    """One runbook on one host: `turn` is what is to be done now, `trail` what was. Arguments that
    nobody gave, and that have no default, are asked first. ValueError: an argument makes no sense.
    """

    book: Runbook
    host: str
    given: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    variables: dict[str, str] = field(init=False, default_factory=dict)
    outputs: dict[str, Output] = field(init=False, default_factory=dict)
    trail: list[Passed] = field(init=False, default_factory=list)
    turn: Turn = field(init=False)
    _at: int = field(init=False, default=0)
    _count: int = field(init=False, default=0)
    _missing: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.variables[HOST] = self.host
        found, self._missing = self.book.understood(self.given, self.subject)
        self.variables.update(found)
        self._advance()

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done."""
        return isinstance(self.turn, Ended)

    @property
    def step(self) -> BookStep | None:
        """The step that it stands at; None while arguments are asked, and at its end."""
        if self._missing or self.ended or self._at >= len(self.book.steps):
            return None
        return self.book.steps[self._at]

    @property
    def ahead(self) -> tuple[BookStep, ...]:
        """The steps behind the one that it stands at, as the runbook has them."""
        if self.ended:
            return ()
        return self.book.steps[self._at + (0 if self.step is None else 1) :]

    def told(self, output: Output) -> bool:
        """What the script of a look printed. False: it is to be run again, as what is waited for
        does not hold yet.
        """
        step = self.step
        text = replace(output, stdout=_text(output.stdout), stderr=_text(output.stderr))
        if not isinstance(step, Look | Verify):
            raise self._wrong("an output")
        self.outputs[called(step)] = text
        if step.key:
            self.outputs[step.key] = text
        if isinstance(step, Look):
            self._passed(step, Went.LOOKED, output=text)
        else:
            found = step.until.held({**self.outputs, "": text}, self.variables)
            if found is None:
                return False
            self.variables.update(found)
            self._passed(step, Went.HELD, "it is so", text)
        self._go(step.go)
        return True

    def gave_up(self) -> None:
        """What was waited for did not come to hold in time."""
        step = self.step
        if not isinstance(step, Verify):
            raise self._wrong("a time that is over")
        said = f"not so after {duration(step.within_s)}"
        self._passed(step, Went.NOT_HELD, said, self.outputs.get(called(step)))
        self._go(step.else_go or END, said)

    def answered(self, value: str) -> None:
        """What somebody chose; ValueError says why it can't be that."""
        turn = self.turn
        if not isinstance(turn, AskNow):
            raise self._wrong("an answer")
        if turn.choices and value not in (choice for choice, _ in turn.choices):
            raise ValueError(f"{clean_line(value, 60)!r} is none of the choices")
        step = self.step
        if not isinstance(step, Ask):
            if wrong := self._argument_fault(turn.key, value):
                raise ValueError(wrong)
            self.variables[turn.key] = value
            self._missing.remove(turn.key)
            self.trail.append(Passed(turn.key, turn.words, Went.ANSWERED, clean_line(value)))
            return self._advance()
        if wrong := pattern_fault(value, step.pattern):
            raise ValueError(f"{clean_line(value, 60)!r}: {wrong}")
        self.variables[step.key] = value
        self._passed(step, Went.ANSWERED, clean_line(value))
        return self._go(dict(step.ways).get(value) or step.go)

    def declined(self, why: str = "nothing was chosen") -> None:
        """Nobody answers; of an action: it was not agreed to, or it can't be planned."""
        step = self.step
        if isinstance(step, Do):
            return self.done(ok=False, words=why)
        if isinstance(step, Ask):
            self._passed(step, Went.SKIPPED, why)
            return self._go(step.else_go or END, why)
        if isinstance(self.turn, AskNow):
            self._missing.clear()
            self.turn = self._end(why)
            return None
        raise self._wrong("that nobody answers")

    def done(self, *, ok: bool, words: str = "") -> None:
        """What came of an action."""
        step = self.step
        if not isinstance(step, Do):
            raise self._wrong("what came of an action")
        self._passed(step, Went.DONE if ok else Went.NOT_DONE, words)
        if ok:
            return self._go(step.go)
        return self._go(step.else_go or END, f"not done: {words}" if words else "not done")

    def _argument_fault(self, name: str, value: str) -> str:
        wanted = next(one for one in self.book.arguments if one.name == name)
        wrong = wanted.fault(value)
        return f"{clean_line(value, 60)!r}: {wrong}" if wrong else ""

    def _wrong(self, what: str) -> RuntimeError:
        return RuntimeError(f"{self.book.id} does not wait for {what} now")

    def _passed(
        self, step: BookStep, went: Went, said: str = "", output: Output | None = None
    ) -> None:
        words = in_words(step.words, self.variables) or getattr(step, "action", "")
        self.trail.append(Passed(called(step), words, went, clean_line(said), output))

    def _go(self, name: str, said: str = "") -> None:
        """On to the step of that name; empty: to the next one."""
        turn = self._jump(name, said)
        if turn is None:
            self._advance()
        else:
            self.turn = turn

    def _jump(self, name: str, said: str = "") -> Ended | None:
        if name == END:
            return self._end(said)
        found = self.book.find(name) if name else self._at + 1
        self._at = len(self.book.steps) if found is None else found
        return None

    def _end(self, said: str = "") -> Ended:
        return Ended(said or (self.trail[-1].said if self.trail else "") or "that is all")

    def _advance(self) -> None:
        """Go through what needs nobody, up to the next thing that is to be done."""
        turn: Turn | None = None
        while turn is None:
            turn = self._next()
        self.turn = turn

    def _next(self) -> Turn | None:
        if self._missing:
            wanted = next(one for one in self.book.arguments if one.name == self._missing[0])
            return AskNow(f"which {wanted.name}?", wanted.name, (), wanted.help)
        if self._at >= len(self.book.steps):
            return self._end()
        self._count += 1
        if self._count > MOST_STEPS:
            return self._end(f"ended after {MOST_STEPS} steps: it goes round in circles")
        return self._turn(self.book.steps[self._at])

    def _turn(self, step: BookStep) -> Turn | None:
        """What a step wants to be done; None: it was gone through, and another one is next."""
        if step.when is not None:
            found = step.when.held(self.outputs, self.variables)
            if found is None:
                self._passed(step, Went.SKIPPED)
                self._at += 1
                return None
            self.variables.update(found)
        match step:
            case Look() | Verify():
                return self._look(step)
            case Do():
                given = {name: filled(text, self.variables) for name, text in step.given}
                words = in_words(step.words, self.variables) or step.action
                return DoNow(words, step.action, given)
            case Ask():
                return self._ask(step)
            case End():
                words = in_words(step.words, self.variables)
                self._passed(step, Went.ENDED)
                return Ended(words)
            case Decide():
                return self._decide(step)

    def _look(self, step: Look | Verify) -> LookNow:
        set_first = assignments(
            {name: self.variables.get(name, "") for name in self.book.variables()}
        )
        return LookNow(
            in_words(step.words, self.variables),
            called(step),
            set_first + step.script,
            step.root,
            step.timeout_s,
            step.within_s if isinstance(step, Verify) else 0.0,
        )

    def _ask(self, step: Ask) -> Turn | None:
        words = in_words(step.words, self.variables)
        choices = [(value, in_words(about, self.variables)) for value, about in step.options]
        if step.lines_of:
            choices = self._lines(step)
            if not choices:
                why = "there is nothing to choose from"
                self._passed(step, Went.SKIPPED, why)
                return self._jump(step.else_go or END, why)
        return AskNow(words, step.key, tuple(choices))

    def _lines(self, step: Ask) -> list[tuple[str, str]]:
        output = self.outputs.get(step.lines_of, Output())
        found: dict[str, str] = {}
        lines = output.stdout.split("\n")
        for line in lines[:-1] if output.truncated else lines:
            value, about = line.strip(), ""
            if step.pick is not None:
                match = step.pick.search(line)
                if match is None:
                    continue
                groups = match.groupdict(default="")
                value, about = groups["value"], groups.get("about", "")
            if value and not pattern_fault(value, step.pattern):
                found.setdefault(value, clean_line(about))
            if len(found) == MOST_CHOICES:
                break
        return list(found.items())

    def _decide(self, step: Decide) -> Turn | None:
        for way, case in enumerate(step.cases):
            found = {} if case.when is None else case.when.held(self.outputs, self.variables)
            if found is not None:
                self.variables.update(found)
                said = in_words(case.say, self.variables)
                words = in_words(step.words, self.variables)
                self.trail.append(Passed(called(step), words, Went.DECIDED, said, way=way))
                return self._jump(case.go, said)
        self._passed(step, Went.DECIDED, "none of the cases holds")
        self._at += 1
        return None


def _text(text: str) -> str:
    """What a host printed, as it can be a variable: no shell word can hold NUL."""
    return text.replace("\0", "")
