"""``opsdash completion``: what makes the tab key of a shell know verbs, options and hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

SHELLS = ("bash", "zsh", "fish")
PROGRAM, VARIABLE = "opsdash", "_OPSDASH_COMPLETE"
EXAMPLES = examples(
    "opsdash completion bash > ~/.local/share/bash-completion/completions/opsdash",
    "opsdash completion zsh > ~/.zfunc/_opsdash",
    "opsdash completion fish > ~/.config/fish/completions/opsdash.fish",
)


def build() -> click.Command:
    """The click command ``completion``."""
    import click

    @click.command("completion", epilog=EXAMPLES)
    @click.argument("shell", type=click.Choice(SHELLS))
    def completion(shell: str) -> None:
        """Print the completion of a shell: verbs, options, hosts, tags and groups by tab.

        bash has it at once by: eval "$(opsdash completion bash)", for good by the line below (make
        the folder first). zsh wants ~/.zfunc in its fpath before compinit in ~/.zshrc.
        """
        click.echo(_script(shell))

    return completion


def _script(shell: str) -> str:
    import click
    from click.shell_completion import FishComplete, ShellComplete, ZshComplete

    from opsdash.config.completing import WholeWords

    kinds: dict[str, type[ShellComplete]] = {
        "bash": WholeWords,
        "zsh": ZshComplete,
        "fish": FishComplete,
    }
    # the command itself is not looked at: its completion is asked for when tab is pressed
    return kinds[shell](click.Command(PROGRAM), {}, PROGRAM, VARIABLE).source()


COMMAND = Command("completion", "print the completion of bash, zsh or fish", build)
