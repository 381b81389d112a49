"""The doctor: examines the way to one host and what is behind it, in bounded time."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from opsdash.config.host_places import host_places
from opsdash.config.paths import default_hosts_file
from opsdash.core.errors import ConfigError, HostError
from opsdash.core.examination import Examination, Examined, Say, Stage, Verdict
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, Way
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker
from opsdash.core.target import parse_target
from opsdash.engine.examined_session import Session
from opsdash.transport.base import Transport

DEADLINE_S = 90.0
"""How long an examination may take: each stage has its own, and jump hosts have theirs."""

_TICK_S = 0.5


def sought(fleet: Fleet, name: str) -> tuple[Host, str]:
    """The host that a name means, and what to say where it is not one of the fleet.

    A name that hosts.yaml does not know is reached as ssh itself would. ValueError says why it
    can't be one.
    """
    known = fleet.hosts.get(name) or fleet.passed_through.get(name)
    if known is not None:
        return known, ""
    target = parse_target(name)
    near = sorted(get_close_matches(target.address, [*fleet.hosts], n=3, cutoff=0.6))
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    host = Host(name, address=target.address, user=target.user, port=target.port)
    return host, f"{name} is not in hosts.yaml: reached as ssh would{meant}"


async def begun(fleet: Fleet, host: Host, notice: str, say: Say) -> Examination:
    """An examination that knows where the host was declared."""
    exam = Examination(host.name, say, notice, _program(fleet.source))
    if not notice and fleet.source:
        try:
            names = [host.name, *_jumps(fleet, host)]
            exam.places = await asyncio.to_thread(host_places, Path(fleet.source), names)
        except ConfigError:
            return exam  # the file has changed since, and is wrong now: what was read holds
        exam.place = exam.places.get(host.name, {}).get("", "")
    return exam


def _program(source: str) -> str:
    """How opsdash must be called to work on the same hosts file."""
    usual = source in ("", str(default_hosts_file()))
    return "opsdash" if usual else f"opsdash --hosts {shlex.quote(source)}"


def _jumps(fleet: Fleet, host: Host) -> list[str]:
    """The hosts of the fleet that a host is reached through."""
    hosts = {**fleet.passed_through, **fleet.hosts}
    found: list[str] = []
    while host.jump in hosts and host.jump not in found:
        found.append(host.jump)
        host = hosts[host.jump]
    return found


async def examine(
    host: Host,
    transports: Mapping[Way, Transport],
    asker: Asker,
    exam: Examination,
    *,
    ask: bool = False,
) -> None:
    """Report every stage to `exam`, in DEADLINE_S at the most; the time in which a person is asked
    something does not count.
    """
    work = asyncio.create_task(_all_stages(host, transports[host.way], exam, ask=ask))
    left_s = DEADLINE_S
    try:
        while left_s > 0 and not work.done():
            await asyncio.wait([work], timeout=_TICK_S)
            left_s -= 0 if asker.busy else _TICK_S
    finally:
        if not work.done():
            work.cancel()
            await asyncio.wait([work])
    if work.cancelled():
        stage = next((stage for stage in Stage if not exam.knows(host.name, stage)), Stage.END)
        text = f"not done within {DEADLINE_S:.0f} s"
        exam.report_failure(host.name, stage, Problem(ProblemKind.TIMEOUT, text))
    else:
        work.result()
    exam.finish()


async def _all_stages(host: Host, transport: Transport, exam: Examination, *, ask: bool) -> None:
    try:
        async with transport.examine(host, exam, ask=ask) as connection:
            if host.way is Way.REPLAY:
                _skip_session(host, exam)
                return
            await Session(host, connection, exam).examine()
    except HostError as error:
        if not exam.has_failed:
            stage = exam.under_way(host.name) or Stage.SHELL
            exam.report_failure(host.name, stage, error.problem)


def _skip_session(host: Host, exam: Examination) -> None:
    for stage in Stage:
        one = Examined(host.name, stage, Verdict.SKIPPED, "a made-up host: it runs nothing")
        exam.report(one)
