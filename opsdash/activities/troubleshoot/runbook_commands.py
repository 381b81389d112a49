"""``opsdash runbook``: what somebody does who has seen this before, step by step, on one host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

    from opsdash.config.runbook_files import Books
    from opsdash.core.runbook import Runbook

LIST = examples("opsdash runbook list", "opsdash runbook list --check disk-full")
SHOW = examples("opsdash runbook show unit-failed")
RUN = examples(
    "opsdash runbook run unit-failed web1 unit=nginx",
    "opsdash runbook run unit-failed web1 unit=nginx --yes --json",
    "opsdash runbook run disk-full web1 mount=/var --answer choice=vacuum --batch",
)
CHECK = examples("opsdash runbook check", "opsdash runbook check runbooks/our-shop.yaml")


def build() -> click.Command:
    """The click group ``runbook``."""
    import click

    @click.group("runbook", epilog=LIST)
    def runbook() -> None:
        """Runbooks: look, decide, ask, do, verify, for a problem that is known."""

    for one in (_list(), _show(), _run(), _check()):
        runbook.add_command(one)
    return runbook


def _list() -> click.Command:
    import click

    from opsdash.engine.asked import hosts_option

    @click.command("list", epilog=LIST)
    @click.option("--check", metavar="ID", default="", help="Only those for this check.")
    @hosts_option()
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    def list_(check: str, hosts_file: str | None, *, as_json: bool) -> None:
        """All runbooks, your own included, with the worst that each may do."""
        import json

        from opsdash.activities.troubleshoot.runbook_words import list_rows
        from opsdash.core.discover import checks
        from opsdash.core.table import table
        from opsdash.core.text import did_you_mean

        if check and check not in checks():
            raise click.UsageError(
                f"no check is called {check[:40]}{did_you_mean(check, checks())}"
            )
        found = _books(hosts_file)
        books = [one for _, one in sorted(found.books.items()) if not check or check in one.checks]
        if as_json:
            click.echo(
                json.dumps({"schema": "opsdash-runbooks-1", "runbooks": [*map(_told, books)]})
            )
        elif books:
            header = ("RUNBOOK", "TITLE", "DANGER", "CHECKS", "OWN")
            click.echo("\n".join(table(header, list_rows(books))))
        else:
            click.echo(f"There is no runbook for {check}: docs/runbooks.md says how to write one.")
        _tell_faults(found)

    return list_


def _told(book: Runbook) -> dict[str, Any]:
    return {
        "id": book.id,
        "title": book.title,
        "danger": book.danger.value,
        "checks": list(book.checks),
        "arguments": [one.name for one in book.arguments],
        "own": book.own,
    }


def _show() -> click.Command:
    import click

    from opsdash.engine.asked import hosts_option

    @click.command("show", epilog=SHOW)
    @click.argument("runbook_id", metavar="ID")
    @hosts_option()
    def show(runbook_id: str, hosts_file: str | None) -> None:
        """A runbook with all that its steps would run."""
        from opsdash.activities.troubleshoot.runbook_words import book_lines

        click.echo("\n".join(book_lines(_book(_books(hosts_file), runbook_id))))

    return show


def _run() -> click.Command:
    import click

    from opsdash.activities.troubleshoot.plan_options import consent_options
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import deadline_option, hosts_option

    @click.command("run", epilog=RUN)
    @click.argument("runbook_id", metavar="ID")
    @click.argument("host")
    @click.argument("words", nargs=-1, metavar="[KEY=VALUE]...")
    @click.option(
        "--answer", "answers", multiple=True, metavar="NAME=VALUE", help="What ask steps are told."
    )
    @click.option("--full", is_flag=True, help="Show outputs to their end.")
    @hosts_option()
    @deadline_option()
    @consent_options()
    @demo_option()
    def run(runbook_id: str, host: str, words: tuple[str, ...], **options: Any) -> None:
        """Work through a runbook on HOST; KEY=VALUE are its arguments.

        What is to be chosen is asked on the terminal, unless an --answer says it. An action is
        shown as a plan and has to be agreed to, as by opsdash do. Exits with 0 at the end of the
        runbook, 2 if an action or a look failed, or what was waited for did not come to be, 4
        if it was refused, not agreed to, or nobody answered.
        """
        import asyncio

        from opsdash.activities.troubleshoot.runbook_run import Call, worked_through

        book = _book(_books(options["hosts_file"]), runbook_id)
        given, told = _pairs(words), _pairs(options["answers"])
        try:
            book.understood(given)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        raise SystemExit(asyncio.run(worked_through(Call(book, host, given, told, options))))

    return run


def _check() -> click.Command:
    import click

    from opsdash.engine.asked import hosts_option

    @click.command("check", epilog=CHECK)
    @click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path())
    @hosts_option()
    def check(files: tuple[str, ...], hosts_file: str | None) -> None:
        """Whether runbooks' files are right: these, or all of your own.

        Exits with 65 if one has faults, each with its line; 0 otherwise.
        """
        from opsdash.config.open_fleet import exit_on_bad_files

        with exit_on_bad_files("docs/runbooks.md explains every field"):
            for line in _checked(files, hosts_file):
                click.echo(line)

    return check


def _checked(files: tuple[str, ...], hosts_file: str | None) -> list[str]:
    from pathlib import Path

    from opsdash.config.paths import runbook_folders
    from opsdash.config.runbook_files import known_things, runbook_from
    from opsdash.core.errors import ConfigError, Fault
    from opsdash.core.text import count

    lines: list[str] = []
    faults: list[Fault] = []
    if not files:
        found = _books(hosts_file)
        faults += found.faults
        lines += [f"{one.place}: right" for one in found.books.values() if one.own]
        if not lines and not faults:
            folders = " or ".join(str(one) for one in runbook_folders(_source(hosts_file)))
            return [f"There are no runbooks of your own: write one in {folders}."]
    known = known_things(_source(hosts_file))
    for name in files:
        try:
            book = runbook_from(Path(name), known, own=True)
        except ConfigError as error:
            faults += error.faults
        else:
            lines.append(f"{name}: right ({count(len(book.steps), 'step')}, {book.danger.words})")
    if faults:
        raise ConfigError(faults)
    return lines


def _source(hosts_file: str | None) -> str:
    from opsdash.config.paths import hosts_file as which

    path = which(hosts_file)
    return str(path) if path is not None else ""


def _books(hosts_file: str | None) -> Books:
    from opsdash.config.open_fleet import exit_on_bad_files
    from opsdash.config.runbook_files import RunbookFiles

    with exit_on_bad_files("docs/hosts-file.md explains every field"):
        source = _source(hosts_file)
    return RunbookFiles(lambda: source).read()


def _tell_faults(found: Books) -> None:
    """Files that can't be used are told, and keep nobody from the others."""
    import click

    for one in found.faults:
        click.echo(f"opsdash: {one}", err=True)


def _book(found: Books, name: str) -> Runbook:
    import click

    from opsdash.core.errors import ConfigError
    from opsdash.core.text import did_you_mean

    book = found.books.get(name)
    if book is not None:
        return book
    from pathlib import Path

    wrong = [one for one in found.faults if Path(one.file).stem == name]
    if wrong:
        raise ConfigError(wrong)
    near = did_you_mean(name, found.books)
    raise click.UsageError(f"there is no runbook {name[:40]!r}{near}: see opsdash runbook list")


def _pairs(words: tuple[str, ...]) -> dict[str, str]:
    import click

    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{word[:60]!r} is not NAME=VALUE")
        if name in found:
            raise click.UsageError(f"{name[:40]} is given twice")
        found[name] = value
    return found


COMMAND = Command("runbook", "work through a known problem, step by step, on one host", build)
