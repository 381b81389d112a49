"""Where no screen can be: what ``opsdash status`` says, once."""

from __future__ import annotations

import os

import click

from opsdash.core.discover import commands


def status_instead(hosts_file: str | None, demo: int | None, *, plain: bool | None) -> int:
    """Print the fleet as ``opsdash status`` does, with the same flags; its exit code."""
    if plain is not None:
        os.environ["OPSDASH_ASCII"] = str(int(plain))
    verb = commands()["status"].build()
    arguments = [] if demo is None else ["--demo", str(demo)]
    arguments += [f"--hosts={hosts_file}"] if hosts_file else []
    try:
        with click.Context(verb, info_name="status") as ctx:
            verb.parse_args(ctx, arguments)
            verb.invoke(ctx)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0
