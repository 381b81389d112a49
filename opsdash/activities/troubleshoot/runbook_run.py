"""A runbook worked through on the command line: each step is told as it comes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from opsdash.activities.troubleshoot.applying import EXIT_NONE, EXIT_REFUSED, Application
from opsdash.activities.troubleshoot.plan_options import consent_of
from opsdash.activities.troubleshoot.runbook_words import SHOWN_LINES, passed_lines
from opsdash.config.person import user_name
from opsdash.core.clock import now
from opsdash.core.errors import OpsdashError
from opsdash.core.prompts import Prompter, Question, QuestionKind
from opsdash.core.runbook import Runbook
from opsdash.core.runbook_course import Course
from opsdash.core.runbook_turn import AskNow, DoNow, Ended, LookNow, Passed, Went
from opsdash.core.text import clean_line
from opsdash.engine.asked import asked_once
from opsdash.engine.look import settle
from opsdash.engine.runbook_walk import Ground, Halted, Walk
from opsdash.engine.session import Session

SCHEMA = "opsdash-runbook-run-1"
ALL_LINES = 10_000
MOST_TRIES = 3
"""So often a person may answer with something that can't be."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the verb: a runbook, a host, arguments, and answers given beforehand."""

    book: Runbook
    host: str
    given: Mapping[str, str]
    answers: Mapping[str, str]
    options: dict[str, Any]


async def worked_through(call: Call) -> int:
    """Work through it: the exit code."""
    options = call.options
    batch = options["batch"] or options["as_json"]
    session, _ = asked_once(options["hosts_file"], options["demo"], (call.host,), batch=batch)
    async with session:
        hosts = [*session.fleet.hosts] if options["demo"] is None else [call.host]
        if len(hosts) != 1:
            raise click.UsageError(f"a runbook is for one host: {call.host[:40]} is {len(hosts)}")
        course = Course(call.book, hosts[0], dict(call.given))
        return await _Working(call, session, course).all()


@dataclass
class _Working:
    call: Call
    session: Session
    course: Course
    told: int = 0
    code: int = 0
    halted: str = ""
    jobs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        shop = self.session.workshop
        ground = Ground(shop.runner.look, now, user_name(), actions=shop.actions)
        self.walk = Walk(self.course, ground)
        self.as_json = bool(self.call.options["as_json"])
        self.prompter: Prompter = consent_of(self.call.options).prompter

    async def all(self) -> int:
        """Every step, until it has ended or nobody can go on."""
        book = self.call.book
        self._say(f"{book.title} ({book.id}) on {self.course.host}\n")
        while not isinstance(turn := self.course.turn, Ended):
            self._tell_steps()
            try:
                await self._turn(turn)
            except Halted as error:
                self.halted, self.code = clean_line(str(error)), EXIT_NONE
                break
        self._tell_steps()
        self._tell_end()
        return self.code

    async def _turn(self, turn: LookNow | AskNow | DoNow) -> None:
        if isinstance(turn, LookNow):
            await self.walk.look(turn)
        elif isinstance(turn, AskNow):
            await self._ask(turn)
        else:
            await self._do(turn)

    # -- asking ---------------------------------------------------------------------------------

    async def _ask(self, turn: AskNow) -> None:
        given = self.call.answers.get(turn.key)
        if given is not None:
            try:
                self.course.answered(given)
            except ValueError as error:
                self._nobody(f"--answer {turn.key}: {error}")
            return
        if not self.prompter.present:
            self._nobody(f"nobody to ask: {turn.words} (--answer {turn.key}=…)")
            return
        for _ in range(MOST_TRIES):
            answer = await self.prompter.ask(_question(self.call.book, turn))
            if answer is None:
                break
            typed = _chosen(turn, answer.reveal().decode("utf-8", "replace").strip())
            try:
                self.course.answered(typed)
            except ValueError as error:
                click.echo(clean_line(str(error)), err=True)
            else:
                return
        self._nobody("nothing was chosen")

    def _nobody(self, why: str) -> None:
        click.echo(f"opsdash: {clean_line(why)}", err=True)
        self.code = EXIT_REFUSED
        self.course.declined(why)

    # -- doing ----------------------------------------------------------------------------------

    async def _do(self, turn: DoNow) -> None:
        action = self.session.workshop.actions().get(turn.action)
        if action is not None and action.reads:
            await settle(self.session, self.call.options["deadline_s"], action.reads)
        state = self.session.snapshot().hosts[self.course.host]
        try:
            plan = self.walk.plan(turn, state)
        except OpsdashError as error:
            self.code = EXIT_NONE
            self.course.declined(clean_line(str(error)))
            return
        work = Application(
            self.session.workshop, consent_of(self.call.options), self.as_json, full=False
        )
        self._say("")
        job = await work.job(plan)
        if job is None:
            self.code = EXIT_REFUSED
            self.course.declined("it was not agreed to, or refused")
            return
        self.jobs.append(job.id)
        self.walk.done(job)

    # -- telling --------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        if not self.as_json:
            click.echo(text)

    def _tell_steps(self) -> None:
        most = ALL_LINES if self.call.options["full"] else SHOWN_LINES
        for one in self.course.trail[self.told :]:
            if one.went in (Went.NOT_DONE, Went.NOT_HELD) and not self.code:
                self.code = EXIT_NONE
            if one.went is not Went.ENDED:  # its words are the last line
                for line in passed_lines(one, most):
                    self._say(line)
        self.told = len(self.course.trail)

    def _tell_end(self) -> None:
        turn = self.course.turn
        words = turn.words if isinstance(turn, Ended) else ""
        if self.as_json:
            click.echo(json.dumps(self._document(words)))
        elif self.halted:
            click.echo(f"opsdash: halted: {self.halted}", err=True)
            again = "run it again: what was looked at is looked at anew, and nothing is done twice"
            click.echo(f"opsdash: {again} unasked", err=True)
        else:
            click.echo(f"\n{words}")

    def _document(self, words: str) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "runbook": self.call.book.id,
            "host": self.course.host,
            "steps": [_step(one) for one in self.course.trail],
            "ended": not self.halted,
            "words": self.halted or words,
            "jobs": self.jobs,
        }


def _question(book: Runbook, turn: AskNow) -> Question:
    lines = [turn.help] if turn.help else []
    for place, (value, about) in enumerate(turn.choices, 1):
        lines.append(f"{place:>3}  {clean_line(value, 120)}{f'  {about}' if about else ''}")
    most = len(turn.choices)
    field_ = "number" if most == 1 else f"number, 1-{most}" if most else turn.key
    key = f"{book.id} {turn.key}"
    return Question(key, "", turn.words, "\n".join(lines), field_, QuestionKind.LINE)


def _chosen(turn: AskNow, typed: str) -> str:
    """What was typed, or the choice of that number."""
    values = [value for value, _ in turn.choices]
    if typed not in values and typed.isdecimal() and 1 <= int(typed) <= len(values):
        return values[int(typed) - 1]
    return typed


def _step(one: Passed) -> dict[str, Any]:
    output = one.output
    return {
        "step": one.step,
        "words": one.words,
        "went": one.went.value,
        "said": one.said,
        "status": output.status if output else None,
        "stdout": output.stdout if output else "",
        "stderr": output.stderr if output else "",
    }
