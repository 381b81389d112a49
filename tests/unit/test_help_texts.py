"""What the command line says of itself: every verb has examples, and every example can be run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from opsdash.cli.main import opsdash

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^\s*(?:\$ )?(opsdash(?: .*)?)$", re.M)


def commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, by what one types for it."""
    yield " ".join(words), command
    if isinstance(command, click.Group):
        ctx = click.Context(command, info_name=words[-1])
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            assert below is not None
            yield from commands(below, (*words, name))


ALL = dict(commands(opsdash, ("opsdash",)))


def examples(text: str) -> list[str]:
    """The command lines of a text, without words behind them and where their output goes."""
    found = (line.partition("#")[0] for line in EXAMPLE.findall(text))
    return [re.split(r"\s[>|]\s?|\s&&\s|\s{2,}", line)[0].strip() for line in found]


def understood(line: str) -> bool:
    """Whether the command line takes this, all the way to the verb's own arguments."""
    command: click.Command = opsdash
    args, ctx = shlex.split(line)[1:], None
    while True:
        ctx = command.make_context(command.name, list(args), parent=ctx)
        rest = [*ctx._protected_args, *ctx.args]
        if not (isinstance(command, click.Group) and rest):
            return True
        _, below, args = command.resolve_command(ctx, rest)
        assert below is not None
        command = below


@pytest.mark.parametrize("words", ALL)
def test_every_verb_has_examples_of_itself(words: str) -> None:
    command = ALL[words]
    found = examples(command.epilog or "")
    assert found, f"{words} has no examples: epilog=examples(...) of core/plugin.py"
    assert command.help
    assert any(line == words or line.startswith(f"{words} ") for line in found)
    for line in found:
        assert understood(line), line


def test_an_example_that_is_wrong_would_be_seen() -> None:
    for line in ("opsdash status --nope", "opsdash nope", "opsdash hosts nope"):
        with pytest.raises(click.UsageError):
            understood(line)


@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md", "docs/keys.md"])
def test_every_command_in_the_docs_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    blocks = "\n".join(re.findall(r"^```(?:sh|text)\n(.*?)^```", text, re.M | re.S))
    inline = "\n".join(re.findall(r"`(opsdash [^`]+)`", text))
    found = examples(blocks) + examples(inline)
    assert found
    for line in found:
        if not re.search(r"[A-Z]{2,}|\[|…", line):  # a form, not a command
            assert understood(line), line
