"""What the verbs have in common that ask the selected hosts once: which, how long, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsdash.core.fleet import Fleet
    from opsdash.core.selection import Selection
    from opsdash.engine.session import Session
    from opsdash.engine.surroundings import Surroundings


def deadline_option() -> Callable[[Any], Any]:
    """How long a verb that asks hosts may wait."""
    import click

    return click.option(
        "--deadline",
        "deadline_s",
        type=click.FloatRange(1, 300),
        default=10.0,
        show_default=True,
        help="Seconds after which a host that has not answered is UNKNOWN.",
    )


def hosts_option() -> Callable[[Any], Any]:
    """Which hosts file."""
    import click

    kind = click.Path()
    return click.option(
        "--hosts", "hosts_file", metavar="FILE", type=kind, help="The hosts file to use."
    )


def chosen(hosts_file: str | None, select: tuple[str, ...]) -> tuple[Fleet, Selection]:
    """The fleet of which only the selected is asked; the rest may be passed through."""
    from dataclasses import replace
    from types import MappingProxyType

    from opsdash.core.selection import parse_selection, select_hosts

    selection = parse_selection(select)
    fleet = whole_fleet(hosts_file)
    hosts = MappingProxyType(select_hosts(selection, fleet.hosts))
    return replace(fleet, hosts=hosts, passed_through=fleet.hosts), selection


def whole_fleet(hosts_file: str | None) -> Fleet:
    """The fleet of the hosts file; ConfigError."""
    from opsdash.config.open_fleet import open_fleet
    from opsdash.core.discover import checks

    return open_fleet(hosts_file, {one.id: one.lower_is_worse for one in checks().values()})


def made_up(count: int, select: tuple[str, ...]) -> tuple[Session, Selection]:
    """A demo of so many hosts, of which those that are selected will be shown."""
    from opsdash.core.selection import parse_selection, select_hosts
    from opsdash.engine.demo import DemoSession

    selection = parse_selection(select)
    session = DemoSession(count, interval_s=1)
    select_hosts(selection, session.fleet.hosts)
    return session, selection


def asked_once(
    hosts_file: str | None, demo: int | None, select: tuple[str, ...], *, batch: bool
) -> tuple[Session, Selection]:
    """The hosts of the hosts file, or so many made-up ones, each to be asked once."""
    from opsdash.engine.look import for_one_look

    if demo is not None:
        return made_up(demo, select)
    fleet, selection = chosen(hosts_file, select)
    return for_one_look(fleet, surroundings(batch=batch)), selection


def surroundings(*, batch: bool) -> Surroundings:
    """Where the session remembers, and who answers its questions: nobody in a batch."""
    from opsdash.config.paths import state_dir
    from opsdash.config.person import from_where
    from opsdash.core.prompts import Nobody, Prompter
    from opsdash.engine.surroundings import Surroundings
    from opsdash.engine.tty_prompter import TtyPrompter
    from opsdash.transport.syslog import Syslog

    prompter: Prompter = Nobody() if batch else TtyPrompter()
    where, syslog = from_where(), Syslog()
    return Surroundings(state_dir(), prompter, from_where=where, tell_audit=syslog.tell)
