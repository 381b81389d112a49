"""``--demo [N]``: the one option that says how many made-up hosts there are to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

FEWEST, USUAL, MOST = 1, 200, 2000


def demo_option() -> Callable[[Any], Any]:
    """The click option; its value is an int, or None where no demo is wanted."""
    import click

    return click.option(
        "--demo",
        metavar="[N]",
        is_flag=False,
        flag_value=str(USUAL),
        callback=_hosts,
        help=f"A made-up fleet of N hosts ({USUAL}): nothing is contacted, nothing is kept.",
    )


def _hosts(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    import click

    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and FEWEST <= int(value[:9]) <= MOST):
        text = f"N is a number of hosts from {FEWEST} to {MOST}, not {value[:40]!r}"
        raise click.BadParameter(text, ctx, param)
    return int(value)
