"""The systemd user unit of ``opsdash watch``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PASSED_ON = ("OPSDASH_HOSTS", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
"""What decides which files are read, and where it is remembered: a user manager knows none."""

_UNIT = """\
[Unit]
Description=opsdash: watches the fleet without a screen

[Service]
Type=notify
{environment}ExecStart={command}
Restart=on-failure
RestartSec=5
# wrong usage, wrong files, another watch: to start again mends none of them
RestartPreventExitStatus=64 65 75
WatchdogSec=60
TimeoutStopSec=30
UMask=0077
# keys with a passphrase come from an agent, for nobody is asked:
#Environment=SSH_AUTH_SOCK=%t/ssh-agent.socket

[Install]
WantedBy=default.target
"""


def unit_of(hosts_file: str | None, select: Sequence[str]) -> str:
    """A unit that watches as this command line would."""
    hosts = ["--hosts", str(Path(hosts_file).expanduser().absolute())] if hosts_file else []
    return unit([*_program(), "watch", *hosts, *select], os.environ)


def unit(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """A unit that runs a command, with what of the environment it needs."""
    passed = [f"{name}={environ[name]}" for name in PASSED_ON if environ.get(name)]
    return _UNIT.format(
        environment="".join(f"Environment={quoted(one)}\n" for one in passed),
        command=" ".join(quoted(word).replace("$", "$$") for word in command),
    )


def quoted(word: str) -> str:
    """A word as systemd reads it back: quotes, backslashes, and specifiers (systemd.syntax(7))."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    text = text.replace("\n", "\\n").replace("\t", "\\t")
    plain = word and not set(word) & set(" \t\n'\"\\;#*?!&|<>(){}[]~")
    return text if plain else f'"{text}"'


def _program() -> list[str]:
    """How this program was called, in full."""
    called = Path(sys.argv[0])
    if called.name == "opsdash" and called.exists():
        return [str(called.absolute())]
    return [sys.executable, "-m", "opsdash"]
