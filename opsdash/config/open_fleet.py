"""The fleet that a command works on, and what it says when the hosts file is wrong or missing."""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from opsdash.config import paths
from opsdash.config.read_only import asked_read_only
from opsdash.core.errors import ConfigError, SelectionError
from opsdash.core.fleet import Fleet, this_machine
from opsdash.core.text import clean_line, count

if TYPE_CHECKING:
    from opsdash.config.trail import Trail

EXIT_USAGE = 64
EXIT_BAD_CONFIG = 65
FAULT_HINT = "Every field is explained in docs/hosts-file.md; hosts schema feeds your editor."


def open_fleet(
    explicit: str | None,
    known_checks: Mapping[str, bool] | None = None,
    trail: Trail | None = None,
) -> Fleet:
    """The fleet of the hosts file, or this machine alone when there is none.

    `explicit` is the path that the user gave, `known_checks` and `trail` as in load_fleet.
    ConfigError if the file is wrong or was named and is not there.
    """
    path = paths.hosts_file(explicit)
    if path is None:
        return _this_machine(trail)
    from opsdash.config.hosts import load_fleet  # pydantic and yaml cost 100 ms

    return load_fleet(path, known_checks, trail)


def _this_machine(trail: Trail | None) -> Fleet:
    """This machine alone, under the guardrails that are where its hosts file would be."""
    fleet = this_machine(clean_line(socket.gethostname(), 253) or "localhost")
    path = paths.guardrails_file()
    if trail is not None:
        trail.files |= {str(one) for one in paths.beside()}
    if path.exists():
        from opsdash.config.guardrails_file import read_guardrails  # yaml costs 40 ms

        fleet = replace(fleet, guardrails=read_guardrails(path))
    if any(one.exists() for one in paths.actions_files()):
        from opsdash.config.actions_file import own_actions

        own = own_actions("")
        fleet = replace(fleet, own_actions=own, notices=tuple(filter(None, [own.notice])))
    from opsdash.config.watch_rules_file import own_watch_rules, watched

    rules = own_watch_rules("", fleet.hosts)
    return replace(
        fleet,
        hosts=MappingProxyType(watched(fleet.hosts, rules)),
        notices=tuple(filter(None, [*fleet.notices, rules.notice])),
        watch_rules=rules,
        read_only=asked_read_only(),
    )


def no_hosts_file() -> str:
    """What to say when there is no hosts file: where it goes, and how to begin; in lines."""
    from opsdash.config.offers import offers  # yaml costs 40 ms

    target = paths.default_hosts_file()
    ways = [f"{one.path} ({count(one.hosts, 'host')}): {one.command}" for one in offers()]
    if example := paths.shipped("hosts.example.yaml"):
        copy = shlex.join(["install", "-Dm600", str(example), str(target)])
        ways.append(f"the commented example: {copy}")
    return "\n  ".join([f"There is no hosts file at {target}. Write one, or begin with", *ways])


def fault_lines(error: ConfigError, hint: str = FAULT_HINT) -> list[str]:
    """A ConfigError as lines for people: every fault, then how many, then where to look."""
    faults = [clean_line(str(fault)) for fault in error.faults]
    return [*faults, count(len(faults), "fault"), hint]


@contextmanager
def exit_on_bad_files(hint: str = FAULT_HINT) -> Iterator[None]:
    """Turn faults in the user's files into exit 65 and bad selections into 64, said on stderr.

    `hint` says where to look; the usual one is about the hosts file.
    """
    try:
        yield
    except ConfigError as error:
        sys.stderr.write("".join(f"{line}\n" for line in fault_lines(error, hint)))
        raise SystemExit(EXIT_BAD_CONFIG) from None
    except SelectionError as error:
        sys.stderr.write(f"{clean_line(str(error))}\n")
        raise SystemExit(EXIT_USAGE) from None
