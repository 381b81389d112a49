"""What people have automated already, as a plan: their own tool is run here once for all hosts, by
an inventory that is made from them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsdash.config.person import user_name
from opsdash.core.automation import ANSIBLE, PYINFRA, Automated, Tool, script_of
from opsdash.core.errors import HostError, Refused
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, HostKeyPolicy, Way
from opsdash.core.plan import (
    Danger,
    HostSteps,
    LeftOut,
    Plan,
    Step,
    StepKind,
    plan_id,
)
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean_line
from opsdash.engine.ways import reachable

if TYPE_CHECKING:
    from opsdash.transport.ssh.resolve import Route

MOST_BYTES = 10_000_000
"""Of what the tool puts out for all hosts together."""


async def automation_plan(
    wish: Automated, fleet: Fleet, names: Sequence[str], known_hosts: Path
) -> Plan:
    """The plan. Refused: the tool is not on this machine, or can't read the file."""
    if shutil.which(wish.tool.program) is None:
        raise Refused(f"{wish.tool.program} is not installed here", wish.tool.install)
    file = await asyncio.to_thread(_readable, wish)
    entries: dict[str, dict[str, Any]] = {}
    left_out: list[LeftOut] = []
    for name in names:
        try:
            entries[name] = await _entry(wish.tool, fleet, fleet.hosts[name], known_hosts)
        except HostError as error:
            left_out.append(LeftOut(name, error.problem.text))
    inventory = _INVENTORIES[wish.tool.name](fleet, entries)
    step = Step(
        StepKind.TOGETHER,
        f"{wish.tool.program} {shlex.join([file, *wish.arguments])}",
        script_of(wish.tool, file, wish.arguments, apply=wish.apply),
        stdin=inventory.encode(),
        timeout_s=wish.timeout_s,
        max_bytes=MOST_BYTES,
    )
    verb = "Apply" if wish.apply else "Look what would be done by"
    return Plan(
        id=plan_id(wish.at),
        action=wish.action,
        title=f"{verb} {clean_line(wish.file, 80)}",
        danger=Danger.CHANGES,  # a task may say that it runs in a dry run, too
        hosts=tuple(HostSteps(name, (step,)) for name in entries),
        target=wish.file,
        rollout=wish.rollout,
        left_out=tuple(left_out),
        at=wish.at,
        who=user_name(),
    )


def _readable(wish: Automated) -> str:
    """The file's whole path."""
    path = Path(wish.file).expanduser().absolute()
    if not path.is_file() or not os.access(path, os.R_OK):
        raise Refused(f"{wish.file}: there is no such {wish.tool.file} that could be read")
    return str(path)


async def _entry(tool: Tool, fleet: Fleet, host: Host, known_hosts: Path) -> dict[str, Any]:
    """What the inventory says of a host; HostError: it can't be put there."""
    from opsdash.transport.openssh.arguments import destination, options
    from opsdash.transport.ssh.resolve import resolve

    if host.way is Way.REPLAY:
        text = f"{host.name} is a host of the demo, which nothing can be done to"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text))
    if host.way is Way.LOCAL and tool is PYINFRA:
        text = "this machine: run pyinfra @local by hand"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text))
    if host.way is Way.LOCAL:
        return {"ansible_connection": "local"}
    route = await resolve(host)
    if tool is PYINFRA:
        return _for_pyinfra(host, route, known_hosts)
    words = options(host, route, reachable(fleet), known_hosts)
    return {"ansible_host": destination(host), "ansible_ssh_common_args": shlex.join(words)}


def _for_pyinfra(host: Host, route: Route, known_hosts: Path) -> dict[str, Any]:
    """As options(), in the words of a tool that has an ssh of its own: one without jump hosts that
    are not in its user's ssh config.
    """
    if host.jump:
        text = f"behind {host.jump}: pyinfra goes through jump hosts of an ssh config alone"
        hint = f"declare {host.name} with ProxyJump in an ssh config, and name that in hosts.yaml"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text, hint))
    learnt = host.host_key is HostKeyPolicy.ACCEPT_NEW or not route.known_hosts
    return {
        "ssh_hostname": host.address or host.name,
        "ssh_port": route.port,
        "ssh_user": route.user,
        "ssh_strict_host_key_checking": "accept-new" if learnt else "yes",
        "ssh_known_hosts_file": str(known_hosts if learnt else _path(route.known_hosts[0])),
        **({"ssh_key": str(_path(route.key_files[0]))} if route.key_files else {}),
        **({"ssh_config_file": host.ssh_config} if host.ssh_config else {}),
    }


def _path(text: str) -> Path:
    return Path(text).expanduser()


Entries = Mapping[str, dict[str, Any]]


def _for_ansible(fleet: Fleet, entries: Entries) -> str:
    """JSON, which is YAML: the hosts, and a group for each of their tags."""
    groups: dict[str, dict[str, Any]] = {}
    for name in entries:
        for tag in sorted(fleet.hosts[name].tags):
            groups.setdefault(_identifier(tag), {"hosts": {}})["hosts"][name] = None
    return json.dumps({"all": {"hosts": dict(entries), "children": groups}}, indent=1) + "\n"


def _in_python(fleet: Fleet, entries: Entries) -> str:
    """Python, as pyinfra reads it: each list is a group."""
    groups: dict[str, list[str]] = {}
    for name in entries:
        for tag in sorted(fleet.hosts[name].tags):
            groups.setdefault(f"tag_{_identifier(tag)}", []).append(name)
    lines = [f"{name} = {names!r}" for name, names in groups.items()]
    return "\n".join([f"hosts = {list(entries.items())!r}", *lines, ""])


def _identifier(tag: str) -> str:
    """A tag as the tools want the names of their groups."""
    return re.sub(r"\W", "_", tag, flags=re.ASCII)


_INVENTORIES = {ANSIBLE.name: _for_ansible, PYINFRA.name: _in_python}
