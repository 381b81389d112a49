"""``opsdash do``: an action on hosts, shown before and proven after."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from opsdash.activities.troubleshoot.applying import Consent
    from opsdash.core.action import Action
    from opsdash.core.job import Job
    from opsdash.core.own_actions import OwnActions
    from opsdash.core.plan import Plan, Rollout
    from opsdash.core.selection import Selection
    from opsdash.core.snapshot import HostState
    from opsdash.engine.session import Session
    from opsdash.engine.workshop import Workshop

EXAMPLES = examples(
    "opsdash do service.restart 'web*' unit=nginx --plan",
    "opsdash do service.restart 'web*' unit=nginx --canary 1 --wave 5 --confirm 12",
    "opsdash do process.signal web1 pid=4711 signal=HUP --yes",
    "opsdash do net.tcp 'web*' db1:5432",
    "opsdash do file.push 'web*' from=motd to=/etc/motd mode=644 root=yes",
    "opsdash do host.reboot tag:staging --note 'kernel update' --json",
)
_GIVEN = re.compile(r"([a-z][a-z_]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of the verb."""

    action: Action
    given: dict[str, str]
    selection: Selection
    options: dict[str, Any]


def build() -> click.Command:
    """The click command ``do``."""
    import click

    from opsdash.activities.troubleshoot.plan_options import consent_options, rollout_options
    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import deadline_option, hosts_option

    @click.command("do", epilog=EXAMPLES)
    @click.argument("action")
    @click.argument(
        "words", nargs=-1, metavar="SELECT... [KEY=VALUE]...", shell_complete=complete_select
    )
    @hosts_option()
    @deadline_option()
    @rollout_options()
    @click.option("--note", metavar="TEXT", default="", help="Why; it stands in the plan.")
    @click.option("--plan", "plan_only", is_flag=True, help="Only show what would be done.")
    @click.option("--full", is_flag=True, help="Show the scripts that only look, too.")
    @consent_options()
    @demo_option()
    def do(action: str, words: tuple[str, ...], **options: Any) -> None:
        """Do ACTION on the selected hosts: show the plan, ask, apply it, report.

        SELECT as for status; KEY=VALUE are the action's arguments; HOST:PORT and a URL need
        no KEY= where the action is done to one. opsdash do list shows the actions. Exits with
        0 if it was done on all hosts, 1 if not on some, 2 if on none or if it was stopped,
        4 if it was refused or not confirmed.
        """
        raise SystemExit(_run(action, words, options))

    return do


def _run(name: str, words: Sequence[str], options: dict[str, Any]) -> int:
    import asyncio

    import click

    from opsdash.core.action import ArgumentError
    from opsdash.core.predicates import is_predicate
    from opsdash.core.selection import parse_selection

    own = _own(options)
    if name == "list" and not words:
        return _list(own)
    action = _action(name, own)
    given = {found[1]: found[2] for word in words if (found := _GIVEN.fullmatch(word))}
    select = tuple(word for word in words if not _GIVEN.fullmatch(word))
    alone = action.alone((word for word in select if not is_predicate(word)), given)
    if alone:
        given[action.target] = alone
        select = tuple(word for word in select if word != alone)
    try:
        action.understood(given)
    except ArgumentError as error:
        raise click.UsageError(str(error)) from None
    call = _Call(action, given, parse_selection(select), options)
    return asyncio.run(_done(call, _session(select, options)))


def _session(select: tuple[str, ...], options: dict[str, Any]) -> Session:
    from opsdash.engine.asked import asked_once

    batch = options["batch"] or options["as_json"]
    session, _ = asked_once(options["hosts_file"], options["demo"], select, batch=batch)
    return session


def _own(options: dict[str, Any]) -> OwnActions:
    """The user's own actions."""
    from opsdash.config.open_fleet import exit_on_bad_files
    from opsdash.core.own_actions import OwnActions
    from opsdash.engine.asked import whole_fleet

    if options["demo"] is not None:
        return OwnActions()
    with exit_on_bad_files():
        return whole_fleet(options["hosts_file"]).own_actions


def _action(name: str, own: OwnActions) -> Action:
    """The action of this name; exits with 65 where a file that may have it is wrong."""
    import click

    from opsdash.config.open_fleet import exit_on_bad_files
    from opsdash.core.discover import every_action
    from opsdash.core.errors import ConfigError
    from opsdash.core.text import clean_line, did_you_mean

    known = every_action(own.actions)
    if name in known:
        return known[name]
    near = did_you_mean(name, known)
    with exit_on_bad_files("docs/own-actions.md explains every field"):
        if own.faults and not near:
            raise ConfigError(own.faults)
    text = f"there is no action {clean_line(name, 60)!r}{near}: see opsdash do list"
    raise click.UsageError(text)


def _list(own: OwnActions) -> int:
    import click

    from opsdash.core.discover import every_action
    from opsdash.core.table import table

    rows = [
        (one.id, one.usage(), one.danger.value)
        for one in sorted(every_action(own.actions).values(), key=lambda one: one.id)
    ]
    click.echo("\n".join(table(("ACTION", "ARGUMENTS", "DANGER"), rows)))
    if own.notice:
        click.echo(f"opsdash: {own.notice}", err=True)
    return 0


async def _done(call: _Call, session: Session) -> int:
    from opsdash.activities.troubleshoot.applying import Application, refused
    from opsdash.activities.troubleshoot.plan_options import consent_of
    from opsdash.core.action import ArgumentError
    from opsdash.core.errors import Refused
    from opsdash.engine.look import settle

    options = call.options
    async with session:
        if call.selection.needs_state:
            await settle(session, options["deadline_s"])
        elif call.action.reads:
            await settle(session, options["deadline_s"], call.action.reads)
        snapshot = session.snapshot()
        states = [
            one for one in snapshot.hosts.values() if call.selection.matches(one, snapshot.at)
        ]
        consent = consent_of(options)
        try:
            plan = await _plan(call, states, session.workshop, consent)
        except (ArgumentError, Refused) as error:
            return refused(str(error))
        work = Application(session.workshop, consent, options["as_json"], options["full"])
        return await (work.show_only(plan) if options["plan_only"] else work.apply(plan))


async def _plan(call: _Call, states: Sequence[HostState], shop: Workshop, consent: Consent) -> Plan:
    from opsdash.activities.troubleshoot.plan_options import changed
    from opsdash.config.person import user_name
    from opsdash.core.action import Wish
    from opsdash.core.clock import now
    from opsdash.core.plan import plan_id
    from opsdash.engine.preparing import planned

    async def look(plan: Plan) -> Job:
        consent.offer_root(shop, plan)
        return await shop.runner.look(plan)

    at = now()
    wish = Wish(plan_id(at), user_name(), at, note=call.options["note"])
    plan = await planned(call.action, states, call.given, wish, look=look)
    rollout: Rollout = changed(plan.rollout, call.options)
    return replace(plan, rollout=rollout)


COMMAND = Command("do", "do something on hosts: restart a service, reboot, …", build)
