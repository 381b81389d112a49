"""``opsdash audit``: who changed what, where and how it ended; and whether the log is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import click

    from opsdash.core.audit import AuditEntry
    from opsdash.store.audit import AuditTrail
    from opsdash.store.audit_file import Head

T = TypeVar("T")

EXIT_BROKEN = 2
EXIT_NONE = 1
EXAMPLES = examples(
    "opsdash audit list 'web*' --since 7d",
    "opsdash audit show p-20261127",
    "opsdash audit verify",
    "opsdash audit export --csv changes.csv",
)


def build() -> click.Command:
    """The click command ``audit``."""
    import click

    @click.group("audit", epilog=EXAMPLES)
    def audit() -> None:
        """Who changed what, on which host, when, from where, and how it ended.

        docs/audit.md says what the log proves, and what it can't.
        """

    for make in (_list, _show, _verify, _export):
        audit.add_command(make())
    return audit


def _filters(command: Any) -> Any:
    """Which entries."""
    import click

    options = (
        click.option("--since", metavar="WHEN", help="From then on: 6h, 7d, 2026-11-26, 13:50."),
        click.option("--action", metavar="GLOB", help="Actions that fit: service.*, run."),
        click.option("--host", metavar="GLOB", help="Hosts that fit, gone ones too."),
        click.option("--who", metavar="NAME", help="What this person did."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _list() -> click.Command:
    import click

    lines = examples("opsdash audit list", "opsdash audit list tag:prod --who tom --json")

    @click.command("list", epilog=lines)
    @click.argument("select", nargs=-1)
    @_filters
    @click.option(
        "--hosts", "hosts_file", metavar="FILE", type=click.Path(), help="The hosts file to use."
    )
    @click.option("--json", "as_json", is_flag=True, help="Every entry as JSON, not a table.")
    def list_them(
        select: tuple[str, ...], hosts_file: str | None, *, as_json: bool, **given: str | None
    ) -> None:
        """The steps that were taken, the oldest first.

        SELECT names hosts by names, globs, tag: and group:; nothing means all, with what concerns
        no host.
        """
        from opsdash.activities.compliance import audit_report

        found = _fitting(given, select, hosts_file)
        if as_json:
            click.echo(audit_report.as_json(found))
        elif not found:
            click.echo("the audit log has nothing like that")
        else:
            click.echo("\n".join(audit_report.as_table(found)))

    return list_them


def _show() -> click.Command:
    import click

    @click.command("show", epilog=examples("opsdash audit show p-20261127", "opsdash plans list"))
    @click.argument("plan")
    @click.option("--json", "as_json", is_flag=True, help="Every entry as JSON.")
    def show(plan: str, *, as_json: bool) -> None:
        """All that one plan did, step by step, with the commands in full.

        PLAN is its id, or how that begins. Exits with 1 if there is none.
        """
        from opsdash.activities.compliance import audit_report
        from opsdash.core.text import count

        found = [one for one in _read({}) if one.plan_id and one.plan_id.startswith(plan)]
        plans = list(dict.fromkeys(one.plan_id for one in found))
        if plan in plans:
            plans, found = [plan], [one for one in found if one.plan_id == plan]
        if not plans:
            click.echo(f"the audit log has no plan {plan!r}: see opsdash audit list", err=True)
            raise SystemExit(EXIT_NONE)
        if len(plans) > 1:
            text = f"{count(len(plans), 'plan')} begin with {plan!r}: {', '.join(plans[:5])}"
            raise click.UsageError(text)
        if as_json:
            click.echo(audit_report.as_json(found))
        else:
            click.echo("\n".join(audit_report.as_plan(found)))

    return show


def _verify() -> click.Command:
    import click

    lines = examples("opsdash audit verify", "opsdash audit verify --head 1204:9f86d081884c…")

    @click.command("verify", epilog=lines)
    @click.option(
        "--head",
        metavar="N:HASH",
        help="An end of the log that was noted elsewhere: syslog has it.",
    )
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
    def verify(head: str | None, *, as_json: bool) -> None:
        """Whether the log is as it was written: nothing edited, cut out, moved or put in.

        Exits with 0 if it is whole, 2 if not: then the first bad line is named.
        """
        from opsdash.activities.compliance import audit_report

        known = _head(head) if head else None
        verdict = _with_trail(lambda trail: trail.verify(known))
        if as_json:
            click.echo(audit_report.verdict_json(verdict))
        else:
            click.echo("\n".join(audit_report.verdict_lines(verdict)))
        raise SystemExit(0 if verdict.whole else EXIT_BROKEN)

    return verify


def _export() -> click.Command:
    import click

    lines = examples("opsdash audit export audit.json", "opsdash audit export --csv --since 30d -")

    @click.command("export", epilog=lines)
    @click.argument("file", type=click.Path(allow_dash=True))
    @_filters
    @click.option("--json", "kind", flag_value="json", default=True, help="As JSON (the default).")
    @click.option("--csv", "kind", flag_value="csv", help="As CSV, for a spreadsheet.")
    def export(file: str, kind: str, **given: str | None) -> None:
        """Write the entries to FILE (- is standard output), which only you can read (0600)."""
        from opsdash.activities.compliance import audit_report

        found = _fitting(given, (), None)
        text = audit_report.as_csv(found) if kind == "csv" else audit_report.as_json(found) + "\n"
        if file == "-":
            click.echo(text, nl=False)
        else:
            _write(file, text, len(found))

    return export


def _write(file: str, text: str, entries: int) -> None:
    from pathlib import Path

    import click

    from opsdash.core.text import count
    from opsdash.store.whole_file import replace_file

    try:
        replace_file(Path(file), text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise click.UsageError(f"{file} can't be written: {reason}") from None
    click.echo(f"{count(entries, 'entry', 'entries')} written to {file}", err=True)


def _head(text: str) -> Head:
    import click

    from opsdash.store.audit_file import Head

    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdigit() and len(digest) == 64 and digest.isalnum()):
        raise click.UsageError("--head should be the number and the hash of an entry: 12:9f86…")
    return Head(int(number), digest.lower())


def _fitting(
    given: dict[str, str | None], select: Sequence[str], hosts_file: str | None
) -> list[AuditEntry]:
    """The entries that fit all filters."""
    from fnmatch import fnmatchcase

    fits = _hosts_that_fit(select, hosts_file)
    return [
        entry
        for entry in _read(given)
        if fits(entry.host)
        and fnmatchcase(entry.action, given.get("action") or "*")
        and fnmatchcase(entry.host, given.get("host") or "*")
    ]


def _hosts_that_fit(select: Sequence[str], hosts_file: str | None) -> Callable[[str], bool]:
    """Whether a host is selected; one that is gone has its name, but no tags and groups."""
    import click

    from opsdash.config.open_fleet import exit_on_bad_files, open_fleet
    from opsdash.core.host import Host
    from opsdash.core.selection import parse_selection

    if not select:
        return lambda name: True
    with exit_on_bad_files():
        selection = parse_selection(select)
        if selection.needs_state:
            raise click.UsageError("SELECT here is by names, tags and groups: what was, counts")
        hosts = open_fleet(hosts_file).hosts if selection.host_tests else {}
    return lambda name: bool(name) and selection.names(hosts.get(name) or Host(name))


def _read(given: dict[str, str | None]) -> list[AuditEntry]:
    import time

    import click

    from opsdash.core.moment import moment_of

    since = 0.0
    if given.get("since"):
        try:
            since = moment_of(str(given["since"]), time.time())
        except ValueError as error:
            raise click.UsageError(f"--since: {error}") from None
    who = {"who": str(given["who"])} if given.get("who") else {}
    return _with_trail(lambda trail: trail.entries(since, **who))


def _with_trail(ask: Callable[[AuditTrail], Awaitable[T]]) -> T:
    """What the log of this user answers; AuditError where it can't be read."""
    import asyncio

    from opsdash.config.paths import state_dir
    from opsdash.core.errors import AuditError
    from opsdash.store.audit import AuditTrail
    from opsdash.store.store import Store

    async def run() -> T:
        folder = state_dir()
        store = Store(folder / "history.db")
        await store.open()
        try:
            return await ask(AuditTrail(folder, store))
        except OSError as error:
            text = f"the audit log can't be read: {error.strerror} ({folder})"
            raise AuditError(text, "look at the owner and the permissions of that folder") from None
        finally:
            await store.close()

    return asyncio.run(run())


COMMAND = Command("audit", "who changed what, and whether the log of it is whole", build)
