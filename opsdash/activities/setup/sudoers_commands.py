"""``opsdash sudoers``: the least that a host has to allow for what only root may see."""

from __future__ import annotations

import getpass
import sys

import click

from opsdash.activities.setup.sudoers import sudoers_rule
from opsdash.core.plugin import Command
from opsdash.core.text import clean_line
from opsdash.engine.root_script import root_rule

_EXAMPLES = """
\b
Examples:
  opsdash sudoers --user deploy > opsdash.sudoers
  visudo -c -f opsdash.sudoers
  install -o root -g root -m 0440 opsdash.sudoers /etc/sudoers.d/opsdash
  opsdash sudoers --script | sha256sum      the digest that stands in the rule
"""


@click.command("sudoers", epilog=_EXAMPLES)
@click.option(
    "--user", metavar="U", help="Who logs in there (default: the name that you have here)."
)
@click.option("--script", is_flag=True, help="Print the script that the rule allows instead.")
def print_sudoers(user: str | None, *, script: bool) -> None:
    """Print a rule for sudo that allows what opsdash asks hosts as root, and nothing else.

    It belongs into /etc/sudoers.d of each host whose user may not become root without a password.
    Nothing else has to be installed there.
    """
    rule = root_rule()
    if script:
        sys.stdout.write(rule.script.decode())
        return
    name = _own_name() if user is None else user
    try:
        text = sudoers_rule(rule, name)
    except ValueError as error:
        if user is None:
            own = f"you are {clean_line(name, 40)} here, and {error}"
            raise click.UsageError(f"{own}: give --user NAME, who logs in on the hosts") from None
        raise click.BadParameter(f"{name[:40]!r}: {error}", param_hint="--user") from None
    sys.stdout.write(text)


def _own_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise click.UsageError("this machine has no name for you: say --user U") from None


def build() -> click.Command:
    """The click command of ``opsdash sudoers``."""
    return print_sudoers


COMMAND = Command("sudoers", "Print the least that sudo has to allow on hosts", build)
