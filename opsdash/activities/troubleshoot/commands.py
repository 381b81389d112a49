"""``opsdash doctor``: what exactly is wrong with the way to one host, and what mends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from opsdash.core.examination import Examination, Examined
    from opsdash.core.fleet import Fleet
    from opsdash.core.host import Host
    from opsdash.core.prompts import Prompter

EXAMPLES = examples(
    "opsdash doctor web1",
    "opsdash doctor web1 --json | jq .cause",
    "opsdash doctor new7 --accept-host-key SHA256:jOoR9…",
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


def build() -> click.Command:
    """The click command ``doctor``."""
    import click

    from opsdash.config.completing import complete_hosts

    @click.command("doctor", epilog=EXAMPLES)
    @click.argument("host", shell_complete=complete_hosts)
    @click.option("--hosts", "hosts_file", metavar="FILE", help="The hosts file to use.")
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of lines; asks nothing.")
    @click.option("--batch", is_flag=True, help="Ask nothing: no password, no passphrase.")
    @click.option(
        "--accept-host-key",
        "accepted",
        metavar="SHA256:...",
        default="",
        help="Trust and remember the host key, if it is new and has this fingerprint.",
    )
    def doctor(
        host: str, hosts_file: str | None, accepted: str, *, as_json: bool, batch: bool
    ) -> None:
        """What is wrong with the way to HOST, stage by stage, and the command that mends it.

        Names, TCP, banner, key exchange, host key, login, shell, tools, root, clock, clean end;
        jump hosts are examined on the way. Nothing is changed on the host. A HOST that hosts.yaml
        does not know is reached as ssh would. Exits with 2 if a stage failed, else 1 if one is a
        WARN, else 0.
        """
        if accepted and not _FINGERPRINT.fullmatch(accepted):
            text = "a fingerprint is SHA256: and 43 characters, as ssh-keygen -l shows it"
            raise click.UsageError(f"--accept-host-key: {text}")
        silent = batch or as_json
        raise SystemExit(_run(host, hosts_file, accepted, as_json=as_json, silent=silent))

    return doctor


def _run(name: str, hosts_file: str | None, accepted: str, *, as_json: bool, silent: bool) -> int:
    import asyncio
    import json

    import click

    from opsdash.activities.troubleshoot.doctor_report import closing, document, not_accepted
    from opsdash.config.open_fleet import open_fleet
    from opsdash.core.discover import checks
    from opsdash.core.examination import EXIT_CODES
    from opsdash.engine.doctor import sought

    fleet = open_fleet(hosts_file, {one.id: one.lower_is_worse for one in checks().values()})
    try:
        host, notice = sought(fleet, name)
    except ValueError as error:
        raise click.UsageError(f"HOST {error}") from None
    exam = asyncio.run(
        _examined(fleet, host, notice, prompter=_prompter(accepted, silent), quiet=as_json)
    )
    if as_json:
        click.echo(json.dumps(document(exam, in_fleet=not notice)))
    else:
        click.echo(f"\n{closing(exam)}")
    if refusal := not_accepted(exam, accepted):
        click.echo(refusal, err=True)
    return EXIT_CODES[exam.verdict]


def _prompter(accepted: str, silent: bool) -> Prompter:
    from opsdash.core.prompts import Nobody
    from opsdash.engine.fingerprint_prompter import FingerprintPrompter
    from opsdash.engine.tty_prompter import TtyPrompter

    person: Prompter = Nobody() if silent else TtyPrompter()
    return FingerprintPrompter(accepted, person) if accepted else person


async def _examined(
    fleet: Fleet, host: Host, notice: str, *, prompter: Prompter, quiet: bool
) -> Examination:
    """Examine a host by transports of its own, and print each stage as it ends."""
    import asyncio
    from dataclasses import replace
    from types import MappingProxyType

    from opsdash.config.paths import state_dir
    from opsdash.core.prompts import Asker
    from opsdash.engine.doctor import begun, examine
    from opsdash.engine.ways import transports_for

    asker = Asker(prompter)
    hosts = {**fleet.passed_through, **fleet.hosts}
    alone = replace(fleet, hosts=MappingProxyType({host.name: host}), passed_through=hosts)
    transports = transports_for(alone, state_dir() / "known_hosts", asker)
    exam = await begun(fleet, host, notice, (lambda one: None) if quiet else _print(host.name))
    try:
        await examine(host, transports, asker, exam, ask=asker.present)
    finally:
        await asker.close()
        await asyncio.gather(*(transport.close() for transport in transports.values()))
    return exam


def _print(name: str) -> Callable[[Examined], None]:
    """What writes each stage as a person reads it."""
    import os
    import shutil
    import sys

    import click

    from opsdash.activities.troubleshoot.doctor_report import stage_lines
    from opsdash.core.terminal import ascii_only

    plain = ascii_only(os.environ, coerced=bool(sys.flags.utf8_mode))
    width = shutil.get_terminal_size((100, 24)).columns

    def say(one: Examined) -> None:
        hop = "" if one.host == name else one.host
        for text in stage_lines(one, hop=hop, width=width, ascii_only=plain):
            click.echo(text)

    return say


COMMAND = Command("doctor", "what is wrong with the way to a host, and what mends it", build)
