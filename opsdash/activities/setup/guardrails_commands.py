"""``opsdash guardrails``: what may not be done to the fleet, and if guardrails.yaml is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples
from opsdash.core.table import table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import click

    from opsdash.core.fleet import Fleet
    from opsdash.core.guardrail import Guardrail

SCHEMA = "opsdash-guardrails-1"
EXAMPLES = examples("opsdash guardrails", "opsdash guardrails --json")


def build() -> click.Command:
    """The click command ``guardrails``."""
    import click

    @click.command("guardrails", epilog=EXAMPLES)
    @click.option(
        "--hosts", "hosts_file", metavar="FILE", type=click.Path(), help="The hosts file to use."
    )
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    def guardrails(hosts_file: str | None, *, as_json: bool) -> None:
        """What may not be done to these hosts, when, or not without typing a word.

        It is read from guardrails.yaml beside the hosts file. Exits with 65 if a file has faults,
        each with its place; 0 otherwise.
        """
        from opsdash.config.open_fleet import exit_on_bad_files, open_fleet
        from opsdash.config.paths import guardrails_file

        with exit_on_bad_files("docs/guardrails.md and docs/hosts-file.md explain every field"):
            fleet = open_fleet(hosts_file)
        path = guardrails_file(fleet.source)
        show = _as_json if as_json else _as_table
        click.echo("\n".join(show(path, fleet)))

    return guardrails


def _hosts_of(rule: Guardrail, fleet: Fleet) -> list[str]:
    return [
        name for name, host in fleet.hosts.items() if rule.hosts is None or rule.hosts.names(host)
    ]


def _as_table(path: Path, fleet: Fleet) -> list[str]:
    tags = ", ".join(fleet.guardrails.tags) or "none"
    lines = [f"changes are refused: read-only ({fleet.read_only})"] if fleet.read_only else []
    lines.append(f"typed before a host that has it is changed: the tag {tags}")
    if not fleet.guardrails.rules:
        return [*lines, f"there are no further rules: write {path} (docs/guardrails.md)"]
    rows = [
        (
            rule.name,
            " ".join(rule.actions),
            " ".join(one.pattern for one in rule.commands) or "-",
            rule.hosts.text if rule.hosts else "all",
            str(len(_hosts_of(rule, fleet))),
            rule.demands,
            rule.reason,
        )
        for rule in fleet.guardrails.rules
    ]
    header = ("RULE", "ACTIONS", "COMMANDS", "HOSTS", "NOW", "DEMANDS", "REASON")
    return [*lines, "", *table(header, rows)]


def _as_json(path: Path, fleet: Fleet) -> list[str]:
    found = {
        "schema": SCHEMA,
        "file": str(path),
        "read_only": fleet.read_only or None,
        "confirm_tags": list(fleet.guardrails.tags),
        "rules": [_data(rule, fleet) for rule in fleet.guardrails.rules],
    }
    return [json.dumps(found)]


def _data(rule: Guardrail, fleet: Fleet) -> Mapping[str, object]:
    return {
        "name": rule.name,
        "reason": rule.reason,
        "place": rule.place,
        "actions": list(rule.actions),
        "commands": [one.pattern for one in rule.commands],
        "hosts": rule.hosts.text if rule.hosts else "all",
        "matching_hosts": _hosts_of(rule, fleet),
        "deny": rule.deny,
        "confirm": rule.confirm or None,
        "max_hosts": rule.max_hosts or None,
        "only": [one.text for one in rule.only],
        "never": [one.text for one in rule.never],
    }


COMMAND = Command("guardrails", "what may not be done to these hosts, and when", build)
