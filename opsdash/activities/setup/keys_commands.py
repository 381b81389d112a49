"""``opsdash keys``: which key does what, and whether keys.yaml is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsdash.core.keymap import Keymap
from opsdash.core.plugin import Command, examples
from opsdash.core.table import table
from opsdash.core.text import clean_line, count

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from opsdash.config.keys import KeysRead

JSON_VERSION = 1
_HEADER = ("KEY", "ID", "WHERE", "WHAT IT DOES", "USUALLY")


def build() -> click.Command:
    """The click command ``keys``."""
    import click

    from opsdash.config.keys import presets

    @click.command("keys", epilog=EXAMPLES)
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    @click.option("--preset", type=click.Choice(list(presets())), help="The keys of a preset.")
    @click.option("--check", is_flag=True, help="Check FILE (keys.yaml), print its faults alone.")
    @click.argument("file", required=False, type=click.Path())
    def keys(file: str | None, preset: str | None, *, as_json: bool, check: bool) -> None:
        """Which key does what on which page, as keys.yaml has it (or FILE, if it is named).

        Exits with 65 if the file has faults; then the screen has the usual keys.
        """
        if preset and (check or file):
            raise click.UsageError("--preset shows a preset alone: leave the file out")
        if check:
            _check(file)
            return
        read, source = _read(file, preset)
        if read.error is not None:
            click.echo("\n".join(_faults(read)), err=True)
        click.echo(_as_json(read.keymap, source) if as_json else "\n".join(_table(read.keymap)))
        raise SystemExit(0 if read.error is None else _bad_config())

    return keys


EXAMPLES = examples(
    "opsdash keys",
    "opsdash keys --preset vim",
    "opsdash keys --check",
    "opsdash keys --json",
)


def _bad_config() -> int:
    from opsdash.config.open_fleet import EXIT_BAD_CONFIG

    return EXIT_BAD_CONFIG


def _read(file: str | None, preset: str | None) -> tuple[KeysRead, str]:
    """The keymap that was asked for, and the file that it is from."""
    from pathlib import Path

    from opsdash.config import paths
    from opsdash.config.keys import KeysRead, preset_keymap, read_keys
    from opsdash.core import discover

    registry = discover.keys()
    if preset is not None:
        return KeysRead(preset_keymap(preset, registry)), f"preset {preset}"
    path = Path(file).expanduser() if file else paths.keys_file()
    named = bool(file) or path.exists()
    return read_keys(registry, path if file else None), str(path) if named else ""


def _faults(read: KeysRead) -> list[str]:
    from opsdash.config.keys import FAULT_HINT
    from opsdash.config.open_fleet import fault_lines

    return [] if read.error is None else fault_lines(read.error, FAULT_HINT)


def _check(file: str | None) -> None:
    import click

    from opsdash.config import paths
    from opsdash.config.keys import FAULT_HINT, load_keymap
    from opsdash.config.open_fleet import exit_on_bad_files
    from opsdash.core import discover

    path: Path = paths.keys_file()
    if file:
        path = type(path)(file).expanduser()
    elif not path.exists():
        click.echo(f"There is no {clean_line(str(path))}: the usual keys hold.")
        return
    with exit_on_bad_files(FAULT_HINT):
        keymap = load_keymap(path, discover.keys())
    changed = f"{count(len(keymap.given), 'id')} with other keys than usual"
    click.echo(f"{clean_line(str(path))}: {changed}, 0 faults")


def _table(keymap: Keymap) -> list[str]:
    rows = []
    for one in keymap.registry.sets:
        for key in one.keys:
            usual = _keys(key.keys) if key.id in keymap.given else ""
            rows.append((_keys(keymap.keys[key.id]), key.id, one.title, key.does, usual))
    return table(_HEADER, rows)


def _keys(keys: tuple[str, ...]) -> str:
    return " ".join(keys) or "none"


def _as_json(keymap: Keymap, source: str) -> str:
    import json

    document = {"version": JSON_VERSION, "source": source, "keys": _objects(keymap)}
    return json.dumps(document, indent=2)


def _objects(keymap: Keymap) -> list[dict[str, Any]]:
    return [
        {
            "id": key.id,
            "keys": list(keymap.keys[key.id]),
            "usual": list(key.keys),
            "changed": key.id in keymap.given,
            "does": key.does,
            "where": one.title,
            "places": [str(place) for place in one.places],
            "pages": list(one.pages),
        }
        for one in keymap.registry.sets
        for key in one.keys
    ]


COMMAND = Command("keys", "which key does what, and whether keys.yaml is right", build)
