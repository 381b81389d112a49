"""What shells offer when tab is pressed: hosts, tags, groups, healths and logs of the fleet.

Whatever is wrong with the user's files, tab stays silent: the command itself will say it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from click.shell_completion import BashComplete, CompletionItem, ShellComplete, split_arg_string

from opsdash.config import paths
from opsdash.core.errors import ConfigError
from opsdash.core.health import Health

if TYPE_CHECKING:
    import click

    from opsdash.config.host_names import Named

BASH = """\
%(complete_func)s() {
    local word="${COMP_LINE:0:COMP_POINT}" kind value
    word="${word##* }"
    COMPREPLY=()
    while IFS=, read -r kind value; do
        if [[ $kind == dir ]]; then
            compopt -o dirnames
        elif [[ $kind == file ]]; then
            compopt -o default
        elif [[ $kind == plain ]]; then
            # readline takes tag:prod for three words, and puts in only the last of them
            [[ $word == *:* && $COMP_WORDBREAKS == *:* ]] && value="${value#"${word%%:*}:"}"
            [[ $value == *: ]] && compopt -o nospace
            COMPREPLY+=("$value")
        fi
    done < <(COMP_WORDS="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class WholeWords(BashComplete):
    """Bash's completion by what was typed, not by what readline makes of it.

    That cuts words at colons, and tag:prod is one word here.
    """

    source_template = BASH

    def source(self) -> str:
        """The script, without starting a bash to ask how old it is."""
        return ShellComplete.source(self)

    def get_completion_args(self) -> tuple[list[str], str]:
        """What stands before the word that is typed, and that word."""
        line = os.environ.get("COMP_WORDS", "")
        words = split_arg_string(line)[1:]
        if line[-1:].isspace() or not words:
            return words, ""
        return words[:-1], words[-1]


def complete_hosts(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of hosts."""
    return _items(_named(ctx).hosts, incomplete)


def complete_select(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Words of a SELECT: names of hosts, tags, groups, healths, and ``!`` before any of them."""
    named = _named(ctx)
    labels = [f"tag:{tag}" for tag in sorted(named.tags)]
    labels += [f"group:{group}" for group in sorted(named.groups)]
    labels += [f"state:{health.name.lower()}" for health in Health]
    if ":" not in incomplete:  # first what kind of label, then which
        labels = [f"{label.partition(':')[0]}:" for label in labels]
    sign = "!" if incomplete.startswith("!") else ""
    words = dict.fromkeys(("all", *named.hosts, *labels))
    return _items((f"{sign}{word}" for word in words), incomplete)


def complete_logs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names that the hosts files give to logs."""
    return _items(_named(ctx).logs, incomplete)


def complete_themes(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of themes."""
    from opsdash.config.paths import themes_dirs
    from opsdash.config.themes import load_themes

    return _items(load_themes(themes_dirs())[0], incomplete)


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _named(ctx: click.Context) -> Named:
    """What the files that the command line means so far name."""
    from opsdash.config.host_names import Named, named_in  # yaml costs 40 ms; every verb loads this

    explicit = ""
    at: click.Context | None = ctx
    while at is not None and not explicit:
        explicit = at.params.get("hosts_file") or at.params.get("hosts_path") or ""
        at = at.parent
    try:
        path = paths.hosts_file(explicit or None)
    except ConfigError:
        return Named()
    own = path == paths.default_hosts_file()
    return named_in([*([path] if path else []), *(paths.hosts_parts() if own else [])])
