"""Options that the verbs have in common which change hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opsdash.core.plan import OnFailure, Rollout

if TYPE_CHECKING:
    import click

    from opsdash.activities.troubleshoot.applying import Consent

Decorator = Callable[[Any], Any]


def _all(*options: Decorator) -> Decorator:
    def decorated(function: Any) -> Any:
        for one in reversed(options):
            function = one(function)
        return function

    return decorated


def rollout_options() -> Decorator:
    """How a plan goes over several hosts; what is not given is as usual for the action."""
    import click

    def number(flag: str, least: int, text: str) -> Decorator:
        return click.option(flag, type=click.IntRange(least), metavar="N", default=None, help=text)

    return _all(
        number("--canary", 0, "So many hosts go first, alone."),
        number("--wave", 0, "The others go in waves of N (0: one wave)."),
        number("--at-a-time", 1, "So many hosts at once."),
        number("--failures", 0, "Stop when more than N hosts fail or can't be reached."),
        number("--wave-failures", 0, "Stop when more than N hosts of a wave do."),
        click.option(
            "--stop/--continue",
            "stop",
            default=None,
            help="Stop at the first failure, or go on whatever fails.",
        ),
        click.option(
            "--gate/--no-gate",
            "gate",
            default=None,
            help="After a wave its hosts must be as healthy as before it.",
        ),
    )


def changed(usual: Rollout, options: Mapping[str, Any]) -> Rollout:
    """The rollout as the options want it."""
    names = ("canary", "wave", "at_a_time", "failures", "wave_failures", "gate")
    given = {name: options[name] for name in names if options[name] is not None}
    if options["stop"] is not None:
        given["on_failure"] = OnFailure.STOP if options["stop"] else OnFailure.CONTINUE
    return replace(usual, **given)


def consent_options() -> Decorator:
    """What answers the question whether a plan may be applied."""
    import click

    return _all(
        click.option("--yes", is_flag=True, help="Answer a y/N with y; a typed answer it is not."),
        click.option(
            "--confirm",
            "confirmed",
            metavar="VALUE",
            default=None,
            help="What would have to be typed: the number of hosts, a tag.",
        ),
        click.option("--json", "as_json", is_flag=True, help="JSON; asks nothing."),
        click.option("--batch", is_flag=True, help="Ask nothing on the terminal."),
    )


BEHIND = "opsdash.behind"
"""Where in click's context the words are that stood behind ``--``."""


def with_words_behind(before: str, behind: str) -> type[click.Command]:
    """A command for which what stands behind ``--`` is no option, whatever it looks like."""
    import click

    class WithWordsBehind(click.Command):
        """Takes them away before click looks at them."""

        def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
            place = args.index("--") if "--" in args else len(args)
            ctx.meta[BEHIND] = args[place + 1 :]
            return super().parse_args(ctx, args[:place])

        def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
            return [*before.split(), "[OPTIONS]", "--", behind]

    return WithWordsBehind


def given_options(ctx: click.Context) -> frozenset[str]:
    """The names of the options that were typed, and did not only take their defaults."""
    from click.core import ParameterSource

    typed = ParameterSource.COMMANDLINE
    return frozenset(one for one in ctx.params if ctx.get_parameter_source(one) is typed)


def output_options() -> Decorator:
    """How what many hosts have put out is shown."""
    import click

    masks = "Times, pids, names, addresses part no groups."
    each = "Each line behind its host's name; no groups."
    return _all(
        click.option("--mask", is_flag=True, help=masks),
        click.option("--each", is_flag=True, help=each),
        click.option("--compare", metavar="ID", help="Also what changed against an earlier run."),
    )


def consent_of(options: Mapping[str, Any]) -> Consent:
    """What was said beforehand, and who may be asked."""
    from opsdash.activities.troubleshoot.applying import Consent
    from opsdash.core.prompts import Nobody, Prompter
    from opsdash.engine.tty_prompter import TtyPrompter

    silent = options["batch"] or options["as_json"]
    prompter: Prompter = Nobody() if silent else TtyPrompter()
    return Consent(options["yes"], options["confirmed"], prompter)
