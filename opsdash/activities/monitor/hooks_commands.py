"""``opsdash hooks``: who is told of what, and whether that works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import click

    from opsdash.core.hook import Hook, Means, Outcome, Ring

EXAMPLES = examples(
    "opsdash hooks list",
    "opsdash hooks test",
    "opsdash hooks test night-mail --json",
)


def build() -> click.Command:
    """The click command ``hooks``."""
    import click

    @click.group("hooks", epilog=EXAMPLES)
    def hooks() -> None:
        """Who is told when something is wrong: what hooks.yaml beside the hosts file says.

        A screen and a watch tell by themselves, while they poll.
        """

    hooks.add_command(_list())
    hooks.add_command(_test())
    return hooks


def _list() -> click.Command:
    import click

    from opsdash.engine.asked import hosts_option

    @click.command("list", epilog=examples("opsdash hooks list", "opsdash hooks list --json"))
    @hosts_option()
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    def list_them(hosts_file: str | None, *, as_json: bool) -> None:
        """All hooks, by which way each tells, and of what. Exits with 65 if the file is wrong."""
        from opsdash.activities.monitor.hooks_report import listed

        path, found = _read(hosts_file)
        click.echo("\n".join(listed(path, found, as_json=as_json)))

    return list_them


def _test() -> click.Command:
    import click

    from opsdash.engine.asked import hosts_option

    @click.command("test", epilog=examples("opsdash hooks test", "opsdash hooks test mail --json"))
    @click.argument("names", nargs=-1, metavar="[NAME]...")
    @hosts_option()
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    def test(names: tuple[str, ...], hosts_file: str | None, *, as_json: bool) -> None:
        """Tell a test by these hooks, or by all, whatever their rules; say what came of it.

        Each is tried once, within its deadline. Exits with 0 if all told, 1 if some did, 2 if none.
        """
        import asyncio

        from opsdash.activities.monitor.hooks_report import tested

        path, found = _read(hosts_file)
        wanted = _named(found, names, path)
        outcomes = asyncio.run(_try(wanted))
        click.echo("\n".join(tested(wanted, outcomes, as_json=as_json)))
        told = sum(outcome.told for outcome in outcomes)
        raise SystemExit(0 if told == len(outcomes) else 1 if told else 2)

    return test


def _read(hosts_file: str | None) -> tuple[Path, tuple[Hook, ...]]:
    from opsdash.config.hooks_file import hooks_path, read_hooks
    from opsdash.config.open_fleet import exit_on_bad_files
    from opsdash.config.paths import hosts_file as found_file

    source = found_file(hosts_file)
    path = hooks_path(str(source) if source is not None else "")
    with exit_on_bad_files("docs/hooks.md says what each line means"):
        return path, read_hooks(path)


def _named(hooks: Sequence[Hook], names: Sequence[str], path: Path) -> list[Hook]:
    import click

    from opsdash.core.text import did_you_mean

    known = {hook.name: hook for hook in hooks}
    if not known:
        raise click.UsageError(f"there is no hook to test: write {path} (docs/hooks.md)")
    for name in names:
        if name not in known:
            raise click.UsageError(f"no hook is called {name!r}{did_you_mean(name, known)}")
    return [known[name] for name in dict.fromkeys(names)] or list(known.values())


async def _try(hooks: Sequence[Hook]) -> list[Outcome]:
    """All at once: one that hangs must not hold up the others."""
    import asyncio
    import platform

    from opsdash.core.clock import now
    from opsdash.core.telling import a_test
    from opsdash.transport.hook_calls import call

    host = platform.node()
    tests = [call(hook, a_test(hook.name, host, now()), _ring()) for hook in hooks]
    return await asyncio.gather(*tests)


def _ring() -> Ring | None:
    """The terminal that this runs on, if it is one."""
    import os
    import sys

    from opsdash.core.ringing import ringing

    if not sys.stderr.isatty():
        return None

    def ring(means: Means, text: str) -> None:
        sys.stderr.write(ringing(means, text, os.environ))
        sys.stderr.flush()

    return ring


COMMAND = Command("hooks", "who is told when something is wrong, and whether that works", build)
