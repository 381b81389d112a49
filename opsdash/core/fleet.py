"""The fleet: the hosts that the user declared, by name, in the file's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsdash.core.guardrail import NO_GUARDRAILS, Guardrails
from opsdash.core.host import Host, Way
from opsdash.core.own_actions import NO_OWN_ACTIONS, OwnActions
from opsdash.core.watch_rule import NO_RULES, WatchRules


@dataclass(frozen=True, slots=True)
class Fleet:
    """All hosts by name. `source` says where they were declared; empty: this machine alone.

    `passed_through` holds hosts that are not watched but may be somebody's jump host, `alerts_file`
    is where acks, mutes and maintenance windows are shared with others; empty: they are not.
    `guardrails` are what may not be done to it, `read_only` says in a word or two who wanted that
    nothing is changed at all (``--read-only``, ``hosts.yaml``); empty: changes are allowed.
    `own_actions` are what the user has written down to be done to it, `watch_rules` which lines of
    its logs become findings.
    """

    hosts: Mapping[str, Host]
    source: str = ""
    notices: tuple[str, ...] = ()
    passed_through: Mapping[str, Host] = field(default_factory=lambda: MappingProxyType({}))
    alerts_file: str = ""
    guardrails: Guardrails = NO_GUARDRAILS
    read_only: str = ""
    own_actions: OwnActions = NO_OWN_ACTIONS
    watch_rules: WatchRules = NO_RULES


def this_machine(name: str) -> Fleet:
    """The fleet of one that is shown when there is no hosts file."""
    host = Host(name, address="localhost", way=Way.LOCAL)
    return Fleet(MappingProxyType({name: host}))
