"""Before anything is changed: the whole plan to read, and a yes that has to be meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.troubleshoot.plan_words import rollout_words
from opsdash.app.once import OnceScreen
from opsdash.core.action import grouped
from opsdash.core.confirm import Asked, Tier
from opsdash.core.interactive import never_ends
from opsdash.core.output_lines import shown
from opsdash.core.plan import Danger, Plan, Step
from opsdash.core.program_keys import CONFIRM, CONFIRM_YES, MOVING
from opsdash.core.run_plan import ACTION
from opsdash.core.secret import Secret
from opsdash.core.text import count, duration
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.key_hints import KeyHints
from opsdash.widgets.line import Line, Role, Span, fit, line, wrap
from opsdash.widgets.line_view import Bar, TextLines
from opsdash.widgets.palette import Palette
from opsdash.widgets.typed_ahead import Field

DANGERS = {
    Danger.READS: Role.OK,
    Danger.CHANGES: Role.WARN,
    Danger.OUTAGE: Role.CRIT,
    Danger.DATA_LOSS: Role.CRIT,
}
LABEL = 9


def plan_lines(plan: Plan, width: int) -> list[Line]:
    """A plan as a person reads it: what, how dangerous, on whom, how it goes on, who is left out.
    Hosts for which the same would be done stand together.
    """
    names = plan.names()
    lines = [
        *_labelled("do", plan.title, Role.STRONG, width),
        *_labelled("danger", plan.danger.words, DANGERS[plan.danger], width),
    ]
    for steps, hosts in grouped(plan):
        lines.append(())
        lines += _hosts(hosts, width)
        for number, step in enumerate(steps, 1):
            lines += _step(step, number if len(steps) > 1 else 0, width)
    if plan.action == ACTION and (why := never_ends(plan.title)):
        lines += _labelled("note", f"{why}; it is cut off after its time", Role.WARN, width)
    lines += [(), *_labelled("rollout", rollout_words(plan), Role.TEXT, width)]
    for out in plan.left_out:
        lines += _labelled("left out", f"{out.host}: {out.why}", Role.UNKNOWN, width)
    lines += [(), *_labelled("in all", count(len(names), "host"), Role.STRONG, width)]
    return lines


def _labelled(label: str, text: str, role: Role, width: int) -> list[Line]:
    return _beside(label, wrap(text, width - LABEL), role)


def _hosts(hosts: Sequence[str], width: int) -> list[Line]:
    """Every host, in columns."""
    cell = min(max(map(len, hosts)), 40) + 2
    room = max(1, (width - LABEL) // cell)
    rows = [hosts[start : start + room] for start in range(0, len(hosts), room)]
    heads = [f"on {len(hosts)}", *[""] * (len(rows) - 1)]
    return [
        line(Span(f"{head:<{LABEL}}", Role.MUTED), "".join(fit(one, cell) for one in row).rstrip())
        for head, row in zip(heads, rows, strict=True)
    ]


def _step(step: Step, number: int, width: int) -> list[Line]:
    """What it is for, then the exact command, line by line; what it reads is told by its size."""
    how = ["as root"] if step.root else []
    how += ["only looks"] if step.reads_only else []
    how.append(f"at most {duration(step.timeout_s)}")
    if isinstance(step.stdin, Secret):
        how.append("with a secret on stdin")
    elif step.stdin is not None:
        how.append(f"with {count(len(step.stdin), 'byte')} on stdin")
    raw = step.text if step.script else f"{step.kind.value} {step.text}"
    told = [part for text in raw.split("\n") for part in wrap(shown(text.encode()), width - LABEL)]
    if not number:
        lines = [*_beside("runs", told, Role.ACCENT)]
    else:
        lines = [
            (),
            *_labelled(f"step {number}", step.does, Role.STRONG, width),
            *_beside("", told, Role.MUTED if step.reads_only else Role.ACCENT),
        ]
    lines += _labelled("", ", ".join(how), Role.MUTED, width)
    return lines + (_labelled("", f"undo: {step.undo}", Role.MUTED, width) if step.undo else [])


def _beside(label: str, parts: Sequence[str], role: Role) -> list[Line]:
    heads = [label, *[""] * (len(parts) - 1)]
    return [
        line(Span(f"{head:<{LABEL}}", Role.MUTED), Span(part, role))
        for head, part in zip(heads, parts, strict=True)
    ]


class ConfirmPlanScreen(OnceScreen[bool]):
    """The plan, and what is wanted for it to run; anything else leaves everything as it is."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(CONFIRM, MOVING)

    DEFAULT_CSS = """
    ConfirmPlanScreen { background: $background; }
    ConfirmPlanScreen > #confirm-plan { height: 1fr; padding: 0 1; }
    ConfirmPlanScreen > #confirm-asked { height: auto; padding: 0 1; }
    ConfirmPlanScreen > #confirm-field { margin: 0 1; background: $surface; }
    """

    def __init__(self, plan: Plan, asked: Asked, look: Callable[[], Palette]) -> None:
        super().__init__()
        self.plan = plan
        self.asked = asked
        self._look = look

    def compose(self) -> ComposeResult:
        """The plan, the question, the field."""
        yield TextLines(self._look, "confirm-plan")
        yield Bar(self._look, "confirm-asked")
        if self.asked.tier > Tier.YES_NO:
            yield Field(id="confirm-field", compact=True)
        yield KeyHints(self._look)

    def on_mount(self) -> None:
        """Fill it; whoever has to type can do so at once."""
        self.on_resize()
        fields = list(self.query(Field))
        for field in fields:
            field.cursor_blink = False
        self.set_focus(fields[0] if fields else self.page)

    @property
    def page(self) -> TextLines:
        """Where the plan stands."""
        return self.query_one("#confirm-plan", TextLines)

    def on_resize(self) -> None:
        """Another width wraps the words anew."""
        width = max(self.size.width - 2, 20)
        heading = line(Span("Nothing has been done yet. This is the plan:", Role.HEADING))
        self.page.set_lines([heading, (), *plan_lines(self.plan, width)])
        self._ask()

    def _ask(self, wrong: str = "") -> None:
        width = max(self.size.width - 2, 20)
        lines = [line(Span(text, Role.WARN)) for text in wrap(self.asked.sentence, width)]
        if wrong:
            lines += [line(Span(text, Role.CRIT)) for text in wrap(wrong, width)]
        bar = self.query_one("#confirm-asked", Bar)
        bar.styles.height = len(lines)
        bar.set_lines(lines)

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        """What was typed is the answer to the letter, or it is not; nothing typed means no."""
        event.stop()
        if self.asked.accepts(event.value):
            self.dismiss(result=True)
        elif not event.value.strip():
            self.dismiss(result=False)
        else:
            self._ask(f"{event.value.strip()[:40]!r} is not the answer; esc leaves it")
            for field in self.query(Field):
                field.go_on()

    def action_move_page(self, pages: float) -> None:
        """Read on, while the field has the keys."""
        self.page.action_move_page(pages)

    def action_move(self, rows: int) -> None:
        """Read on, line by line."""
        self.page.action_move(rows)

    def action_first(self) -> None:
        """To the beginning of the plan."""
        self.page.action_first()

    def action_last(self) -> None:
        """To its end."""
        self.page.action_last()

    def action_decline(self) -> None:
        """No: nothing is done."""
        self.dismiss(result=False)


class YesNoPlanScreen(ConfirmPlanScreen):
    """The plan of one host: only the letter says yes, and only once there was something to read."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(CONFIRM_YES)

    _painted = False

    def on_mount(self) -> None:
        """What was typed before the plan stood there is no answer to it."""
        super().on_mount()
        self.call_after_refresh(self._be_seen)

    def _be_seen(self) -> None:
        self._painted = True

    def action_agree(self) -> None:
        """Yes."""
        if self._painted:
            self.dismiss(result=True)


def confirm_screen(plan: Plan, asked: Asked, look: Callable[[], Palette]) -> ConfirmPlanScreen:
    """The screen that asks what is to be asked."""
    kind = YesNoPlanScreen if asked.tier <= Tier.YES_NO else ConfirmPlanScreen
    return kind(plan, asked, look)
