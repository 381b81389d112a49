"""Tools that people have their automation in already, and what of their output is whose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsdash.core.plan import ALL_AT_ONCE, Rollout
from opsdash.core.quoting import quote

HOSTS = "OPSDASH_HOSTS"
"""The variable that names the hosts for which a script here is run, with commas between."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that does what is written in a file to hosts of an inventory.

    `runs` and `checks` are its argument lists up to the file; `ending` is the inventory's. It is
    got by `install`.
    """

    name: str
    program: str
    file: str
    ending: str
    runs: str
    checks: str
    install: str


ANSIBLE = Tool(
    "ansible",
    "ansible-playbook",
    "playbook",
    "yaml",
    runs='ansible-playbook -i "$d/hosts.yaml" --limit "$OPSDASH_HOSTS"',
    checks='ansible-playbook -i "$d/hosts.yaml" --limit "$OPSDASH_HOSTS" --check --diff',
    install="pipx install ansible-core, or the package of this machine's distribution",
)
PYINFRA = Tool(
    "pyinfra",
    "pyinfra",
    "deploy",
    "py",
    runs='pyinfra --yes --limit "$OPSDASH_HOSTS" "$d/hosts.py"',
    checks='pyinfra --dry --yes --limit "$OPSDASH_HOSTS" "$d/hosts.py"',
    install="pipx install pyinfra",
)
TOOLS = {one.name: one for one in (ANSIBLE, PYINFRA)}


@dataclass(frozen=True, slots=True)
class Automated:
    """What is to be run: the tool, its file here, further arguments; it only looks what it would do
    unless it is to `apply` it. `at` is now, in seconds since 1970.
    """

    tool: Tool
    file: str
    arguments: tuple[str, ...] = ()
    apply: bool = False
    timeout_s: float = 1800.0
    at: float = 0.0
    rollout: Rollout = ALL_AT_ONCE

    @property
    def action(self) -> str:
        """Its name in the audit log and in guardrails: ``ansible.check``, ``ansible.apply``."""
        return f"{self.tool.name}.{'apply' if self.apply else 'check'}"


def script_of(tool: Tool, file: str, arguments: Sequence[str], *, apply: bool) -> str:
    """What is run here; its standard input is the inventory, which is gone when it ends."""
    words = " ".join(quote(one) for one in (file, *arguments))
    # no colours, no cows: the output is read by people and by us
    return (
        "umask 077\nd=$(mktemp -d) || exit\n"
        "trap 'rm -rf \"$d\"' EXIT\ntrap 'exit 130' HUP INT TERM\n"
        f'cat >"$d/hosts.{tool.ending}"\n'
        "export ANSIBLE_NOCOLOR=1 ANSIBLE_NOCOWS=1 ANSIBLE_RETRY_FILES_ENABLED=0 NO_COLOR=1\n"
        f"{tool.runs if apply else tool.checks} {words} </dev/null\n"
    )


_LABEL = re.compile(r"\[([^\]\s]+)\]")
_RECAP = re.compile(r"(\S+)\s+: ok=\d+\s+changed=\d+\s+unreachable=(\d+)\s+failed=(\d+)")
_WELL = re.compile(r"\s*\[[^\]\s]+\]\s+(?:Success|No changes|Connected|Ready|Skipped)\b")
_HEADING = re.compile(r"(?:PLAY|TASK|RUNNING HANDLER|NO MORE HOSTS)\b.*|-->.*")
UNREACHABLE_STATUS, FAILED_STATUS = 4, 2
"""As ansible itself ends where a host can't be reached, and where a task has failed."""


def share_of(host: str, hosts: Iterable[str], output: str) -> str:
    """Of what a tool said of all hosts what belongs to one, with all that belongs to nobody.

    A line belongs to the host that stands in it in brackets. Errors and differences of files stand
    before the line that says whose they are; results that are written out stand behind it.
    """
    known, kept = frozenset(hosts), list[str]()
    waiting, whose, written_out = list[str](), "", False
    for line in output.splitlines():
        recap = _RECAP.match(line)
        named = [recap[1]] if recap else [one for one in _LABEL.findall(line) if one in known]
        if named:
            whose, written_out = named[0], line.endswith("{")
            kept += [*waiting, line] if whose == host else []
            waiting = []
        elif written_out:
            kept += [line] if whose == host else []
            written_out = not line.startswith("}")
        elif _HEADING.fullmatch(line):
            kept += [*waiting, line]
            waiting = []
        else:
            waiting.append(line)
    return "".join(f"{line}\n" for line in [*kept, *waiting])


def status_of(host: str, output: str, status: int) -> int:
    """How it ended for one host: by its recap, or the last that was said of it; else as for all."""
    lines = output.splitlines()
    recaps = {found[1]: found for line in lines if (found := _RECAP.match(line))}
    if mine := recaps.get(host):
        if int(mine[2]):
            return UNREACHABLE_STATUS
        return FAILED_STATUS if int(mine[3]) else 0
    said = [line for line in lines if f"[{host}]" in line]
    if recaps or (said and _WELL.match(said[-1])):
        return 0  # what went wrong did so elsewhere
    return status
