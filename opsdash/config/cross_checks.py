"""What only shows when all hosts are known: jumps, check ids, addresses that hosts share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opsdash.config.declarations import Declarations, Scope
from opsdash.config.field_values import is_target
from opsdash.config.hosts_schema import HostForm
from opsdash.config.log_form import clash_of
from opsdash.config.probe_form import faults_of
from opsdash.core.host import Host, Way
from opsdash.core.named_log import MOST_NAMED_LOGS
from opsdash.core.probe import MOST_PROBES
from opsdash.core.text import did_you_mean


def check_scope(scope: Scope, known_checks: Mapping[str, bool] | None) -> None:
    """The faults of one place with fields that need no other place to be seen."""
    given = scope.form.model_fields_set
    if "address" in given and _is_shared(scope) and "{name}" not in scope.form.address:
        scope.blame('all its hosts would have this address: use "{name}" in it', "address")
    if "thresholds" in given:
        _check_thresholds(scope, known_checks)
    if "probes" in given:
        _check_probes(scope)
    if "logs" in given:
        _check_logs(scope)
    ssh_only = given & {"address", "port", "user", "keys", "jump", "known_hosts", "ssh_config"}
    if "transport" in given and scope.form.transport == "local" and ssh_only:
        text = f"local is this machine, without ssh: {', '.join(sorted(ssh_only))} mean nothing"
        scope.blame(text, "transport")


def _is_shared(scope: Scope) -> bool:
    """Whether the fields of a place are those of several hosts."""
    return not isinstance(scope.form, HostForm) or len(scope.names) > 1


def _check_thresholds(scope: Scope, known_checks: Mapping[str, bool] | None) -> None:
    for check, pair in scope.form.thresholds.items():
        if known_checks is not None and check not in known_checks:
            near = did_you_mean(check, known_checks)
            scope.blame(f"no check is called so{near}", "thresholds", check, key=True)
        if pair.warn is None or pair.crit is None:
            continue
        lower_is_worse = bool(known_checks and known_checks.get(check))
        if pair.warn < pair.crit if lower_is_worse else pair.warn > pair.crit:
            worse = "lower" if lower_is_worse else "higher"
            scope.blame(f"warn lies beyond crit: {worse} is worse", "thresholds", check, "warn")


def _check_probes(scope: Scope) -> None:
    for name in _whole(scope, "probes", scope.form.probes):
        if _is_empty(scope, "probes", name):
            scope.blame("names nothing to probe; none undoes a probe", "probes", name)
        for key, text in faults_of(scope.form.probes[name]):
            scope.blame(text, "probes", name, *([key] if key else []), key=bool(key))


def _check_logs(scope: Scope) -> None:
    for name in _whole(scope, "logs", scope.form.logs):
        if _is_empty(scope, "logs", name):
            scope.blame("names neither a path nor a command; none undoes a log", "logs", name)
        if text := clash_of(scope.form.logs[name]):
            scope.blame(text, "logs", name)


def _whole(scope: Scope, section: str, names: Iterable[str]) -> list[str]:
    """Those of which nothing was blamed and left out: what lacks of others may be a consequence."""
    blamed = {where[: len(scope.where) + 2] for where, _ in scope.file.marked.blamed}
    return [name for name in names if (*scope.where, section, name) not in blamed]


def _is_empty(scope: Scope, section: str, name: str) -> bool:
    """Whether one was written as an empty mapping, which its form can't tell from ``none``."""
    found: Any = scope.file.marked.data
    for part in (*scope.where, section, name):
        found = found[part]
    return isinstance(found, dict) and not found


def check_numbers(found: Declarations, hosts: Mapping[str, Host]) -> None:
    """Hosts with more probes or logs than one can be asked."""
    for name, host in hosts.items():
        for what, number, most in (
            ("probes", len(host.probes), MOST_PROBES),
            ("logs", len(host.logs), MOST_NAMED_LOGS),
        ):
            if number > most:
                text = f"has {number} {what} with those of its groups: {most} at most"
                found.hosts[name].blame(text, key=True)


def check_jumps(found: Declarations, hosts: Mapping[str, Host], *, complete: bool) -> None:
    """Jumps to nobody, to oneself, to this machine, or round in a circle."""
    names = frozenset(hosts) if complete else None
    for scope in found.scopes():
        if "jump" in scope.form.model_fields_set:
            _check_jump(scope, scope.form.jump, hosts, names)
    circles: set[frozenset[str]] = set()
    for name in hosts:
        circle = _circle(name, hosts)
        if circle and frozenset(circle) not in circles:
            circles.add(frozenset(circle))
            way = " -> ".join([*circle, circle[0]])
            found.hosts[name].blame(f"jumps run in a circle: {way}", "jump")
    for name, host in hosts.items():
        jump = hosts.get(host.jump or "")
        if jump is not None and jump.way is Way.OPENSSH and host.way is Way.SSH:
            text = f"{jump.name} is reached by openssh: what is behind it needs it, too"
            found.hosts[name].blame(text, "jump")


def _check_jump(
    scope: Scope, jump: str, hosts: Mapping[str, Host], names: frozenset[str] | None
) -> None:
    """The faults of one jump; `names` are all hosts, None while some may be missing."""
    if jump == "none" or is_target(jump):
        return
    if jump in scope.names:
        scope.blame("jumps to itself", "jump")
    elif jump not in hosts:
        if names is not None:
            near = did_you_mean(jump, names) or f": declare it, or write user@{jump}"
            scope.blame(f"no host is called {jump}{near}", "jump")
    elif hosts[jump].way is Way.LOCAL:
        scope.blame(f"{jump} is this machine: a jump goes through another", "jump")


def _circle(name: str, hosts: Mapping[str, Host]) -> list[str]:
    """The names of the circle that this host's jumps lead into again and again, itself in it."""
    way = [name]
    while (jump := hosts[way[-1]].jump) is not None and jump in hosts:
        if jump == name:
            return way if len(way) > 1 else []
        if jump in way:
            return []
        way.append(jump)
    return []
