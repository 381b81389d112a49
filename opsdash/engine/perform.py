"""Doing one step of a plan by a hand on the host, whatever its kind."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from time import monotonic

from opsdash.core.errors import HostError
from opsdash.core.job import Result
from opsdash.core.plan import Step, StepKind
from opsdash.core.probe import Http
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.quoting import quote
from opsdash.core.text import count
from opsdash.core.visit import visit_in
from opsdash.engine.hands import Hand, Hands
from opsdash.transport import file_copies, files
from opsdash.transport.base import Completed, Heard, Order

PAUSE_S = 1.0
"""How long to wait before a host is tried again that restarts, or a look is taken again."""

LOOK_S = 10.0
"""How long one look may take: at a digest, at which boot it is."""

BOOT_MARK = (
    "echo boot=$(cat /proc/sys/kernel/random/boot_id):"
    "$(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20)"
)
"""Says which boot it is: of a container too, which has its machine's boot id."""

_ANEW = "make the plan again"

_BOOT = re.compile(rb"boot=(\S+:\S+)")

_DETACHED = """\
if command -v setsid >/dev/null 2>&1; then s=setsid; else s=; fi
{ trap '' HUP; exec $s /bin/sh -c %s; } >/dev/null 2>&1 </dev/null &
"""


def order_of(step: Step) -> Order:
    """What runs there for a step."""
    return Order(
        step.script.encode("utf-8", "surrogateescape"),
        stdin=step.stdin,
        root=step.root,
        timeout_s=step.timeout_s,
        max_bytes=step.max_bytes,
    )


async def perform(
    step: Step, hand: Hand, hands: Hands, before: Sequence[Result], heard: Heard
) -> Result:
    """Do it: what came of it. `before` are the results of the steps before it."""
    began = monotonic()
    try:
        await _unchanged(step, hand)
        done = await _do(step, hand, hands, before, heard)
    except HostError as error:
        took_s = monotonic() - began
        return Result(None, error.partial, took_s=took_s, problem=error.problem)
    took_s = monotonic() - began
    return Result(done.status, done.stdout, done.stderr, done.truncated, took_s)


async def _do(
    step: Step, hand: Hand, hands: Hands, before: Sequence[Result], heard: Heard
) -> Completed:
    order = order_of(step)
    work: Mapping[StepKind, Callable[[], Awaitable[Completed]]] = {
        StepKind.RUN: lambda: hand.run(order, heard),
        StepKind.LOCAL: lambda: hands.run_here(order, heard),
        StepKind.PUT: lambda: _put(step, hand),
        StepKind.GET: lambda: _get(step, hand),
        StepKind.DETACH: lambda: hand.run(
            replace(order, script=(_DETACHED % quote(step.script)).encode()), heard
        ),
        StepKind.PROBE: lambda: _until_yes(hand, order, heard),
        StepKind.CONNECT: lambda: _connect(step, hand, hands),
        StepKind.RECONNECT: lambda: _reached(hand, ""),
        StepKind.WAIT_BOOT: lambda: _reached(hand, _boot_before(before)),
    }
    return await work[step.kind]()


async def _unchanged(step: Step, hand: Hand) -> None:
    """HostError when what is about to be changed is not what it was when the plan was made."""
    if step.expects and (await files.look(hand.run, _file(step))).digest != step.expects:
        text = f"{step.path} is not what it was when the plan was made"
        hint = "nothing was done to it: make the plan again"
        raise HostError(Problem(ProblemKind.BAD_OUTPUT, text, hint))


def _file(step: Step) -> files.RemoteFile:
    return files.RemoteFile(step.path, step.root, step.timeout_s)


async def _put(step: Step, hand: Hand) -> Completed:
    """The file is written whole or not at all; the answer is its digest."""
    copy = step.copy
    if copy is None:
        facts = await files.put(hand.run, _file(step), step.stdin or b"")
    else:
        mode = int(copy.mode, 8) if copy.mode else None
        content = await file_copies.source(copy)
        facts = await files.put(hand.run, _file(step), content, mode=mode, owner=copy.owner)
    return Completed(0, f"sha256 {facts.digest}\n".encode())


async def _get(step: Step, hand: Hand) -> Completed:
    """The answer is the file's content, or which file here has it."""
    file, copy = _file(step), step.copy
    if copy is None:
        return Completed(0, await files.get(hand.run, file, max_bytes=step.max_bytes))
    facts = await file_copies.take(hand.run, file, copy, max_bytes=step.max_bytes)
    words = f"{count(facts.size_bytes, 'byte')}, sha256 {facts.digest or 'not known'}"
    return Completed(0, f"{copy.local}: {words}\n".encode("utf-8", "surrogateescape"))


async def _connect(step: Step, hand: Hand, hands: Hands) -> Completed:
    """The answer is what the host sees there, a line for each part."""
    from opsdash.transport.probing.there import visit_from  # few plans do it: it loads TLS

    try:
        visit = visit_in(step.path)
    except ValueError as error:
        raise HostError(Problem(ProblemKind.CONFIG, f"{step.path}: {error}", _ANEW)) from None
    what = visit.what
    if visit.of_fleet and not isinstance(what, Http):
        what = replace(what, address=hands.address(what.address))
    return await visit_from(hand.open_tcp, what, step.timeout_s)


async def _until_yes(hand: Hand, order: Order, heard: Heard) -> Completed:
    """Look again and again until it says yes, or its time is over (the one who waits sees to it);
    what it said last counts.
    """
    deadline = monotonic() + order.timeout_s
    while True:
        done = await hand.run(order, heard)
        if done.status == 0 or monotonic() + PAUSE_S > deadline:
            return done
        await asyncio.sleep(PAUSE_S)


def _boot_before(before: Sequence[Result]) -> str:
    """Which boot it was, as an earlier step said it by BOOT_MARK."""
    for result in reversed(before):
        found = _BOOT.findall(result.stdout)
        if found:
            return str(found[-1].decode("ascii", "replace"))
    text = "no step before it told which boot it was: it can't be told whether it has restarted"
    raise HostError(Problem(ProblemKind.BAD_OUTPUT, text))


async def _reached(hand: Hand, boot: str) -> Completed:
    """Reach the host anew, as soon as it is there, in another boot than the one given."""
    while True:
        try:
            if not boot:
                await hand.renew()
            done = await hand.execute(BOOT_MARK.encode(), timeout_s=LOOK_S, max_bytes=4096)
            found = _BOOT.search(done.stdout)
            if found is not None and found[1].decode("ascii", "replace") != boot:
                return done
        except HostError as error:
            if not error.problem.mends_itself:
                raise
            if boot:
                await _renewed(hand)
        await asyncio.sleep(PAUSE_S)


async def _renewed(hand: Hand) -> None:
    """Try to reach it; a host that is not there yet is looked for again."""
    try:
        await hand.renew()
    except HostError as error:
        if not error.problem.mends_itself:
            raise
