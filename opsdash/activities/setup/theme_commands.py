"""``opsdash themes``: which themes there are, where each comes from, and what is wrong with any."""

from __future__ import annotations

import json
from pathlib import Path

import click

from opsdash.config.open_fleet import EXIT_BAD_CONFIG
from opsdash.config.paths import config_dir, shipped, themes_dirs
from opsdash.core.plugin import Command, examples
from opsdash.core.table import table
from opsdash.core.text import clean_line, count
from opsdash.core.theme import Theme

JSON_VERSION = 1
_HEADER = ("NAME", "KIND", "COLOURS", "FILE", "NOTE")

EXAMPLES = """\b
Examples:
  opsdash themes                       what there is
  opsdash themes check                 every file of yours and ours
  opsdash themes check night.yaml      one file, before it is installed
  opsdash --theme nord                 try one for this run
"""


def build() -> click.Group:
    """The click group of ``opsdash themes``; alone it lists."""
    group = click.Group(
        "themes",
        invoke_without_command=True,
        callback=_list,
        help="List the themes, and check theme files. Yours are in the folder themes/ beside "
        "hosts.yaml; one with the name of a shipped theme takes its place.",
        epilog=EXAMPLES,
        params=[click.Option(["--json", "as_json"], is_flag=True, help="Print JSON for programs.")],
    )
    group.add_command(check)
    return group


@click.pass_context
def _list(ctx: click.Context, /, *, as_json: bool) -> None:
    if ctx.invoked_subcommand is not None:
        return
    from opsdash.config.themes import find_themes

    found, notices = find_themes(themes_dirs())
    # of two with one name the later one is worn
    last = {one.theme.name: one.path for one in found if one.theme is not None}
    rows = [_row(one.theme, one.path, one.faults, last) for one in found]
    for notice in notices:
        click.echo(clean_line(notice), err=True)
    if as_json:
        click.echo(json.dumps({"version": JSON_VERSION, "themes": rows}, indent=2))
    else:
        click.echo("\n".join(table(_HEADER, [tuple(row.values()) for row in rows])))
        click.echo(f"\nYours go to {clean_line(str(config_dir() / 'themes'))}", err=True)
    if any(one.faults for one in found):
        raise SystemExit(EXIT_BAD_CONFIG)


def _row(
    theme: Theme | None, path: Path, faults: tuple[str, ...], last: dict[str, Path]
) -> dict[str, str]:
    if theme is None:
        note = f"can't be used: {faults[0]}"
        return {"name": "", "kind": "", "colours": "", "file": str(path), "note": note}
    note = "" if last[theme.name] == path else f"replaced by {last[theme.name]}"
    return {
        "name": theme.name,
        "kind": "dark" if theme.dark else "light",
        "colours": colours(theme),
        "file": str(path),
        "note": note,
    }


def colours(theme: Theme) -> str:
    """What a theme asks of the terminal, in a word."""
    if not theme.has_colours:
        return "none"
    return "the terminal's 16" if theme.is_ansi else "256 or more"


@click.command("check", epilog=examples("opsdash themes check", "opsdash themes check night.yaml"))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Check FILES (default: all themes): faults with their lines, and advice on poor colours.

    Exit code 65 if a file can't be used; what is only advice leaves it 0.
    """
    from opsdash.config.eyes import alike
    from opsdash.config.themes import find_themes, look_at

    found, notices = (
        ([look_at(path) for path in files], []) if files else find_themes(themes_dirs())
    )
    ours, clean = None if files else shipped("themes"), 0
    for one in found:
        if one.theme is not None:
            advice = (*one.advice, *(f"{one.path}: {text}" for text in alike(one.theme)))
            if one.path.parent == ours and not advice:
                clean += 1
                continue
            for text in advice:
                click.echo(clean_line(f"{text} (advice)"))
            said = count(len(advice), "piece of advice", "pieces of advice")
            click.echo(clean_line(f"{one.path}: {one.theme.name}, 0 faults, {said}"))
    if clean:
        click.echo(f"{count(clean, 'shipped theme')}: 0 faults, 0 pieces of advice")
    faults = [text for one in found for text in one.faults]
    for text in (*notices, *faults):  # last: what is to be mended is not to scroll away
        click.echo(clean_line(text), err=True)
    if faults:
        click.echo(
            f"{count(len(faults), 'fault')}; the form is explained in docs/themes.md", err=True
        )
        raise SystemExit(EXIT_BAD_CONFIG)


COMMAND = Command("themes", "List the themes, and check theme files", build)
