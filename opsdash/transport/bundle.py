"""Facts that are due, fetched together: one script, one section per collector.

Each section has its own deadline, exit status and byte cap, so that one that hangs or floods costs
itself and no other. A section without its end mark was cut and is not parsed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from secrets import token_hex

from opsdash.core.clock import now
from opsdash.core.errors import HostError
from opsdash.core.plugin import Collector, failed, understand
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.quoting import quote as quote
from opsdash.core.reading import Output, Reading
from opsdash.transport.base import Completed

Execute = Callable[..., Awaitable[Completed]]
"""Runs a script on a host: ``execute(script, timeout_s=…, max_bytes=…)``."""

_TIMED_OUT = frozenset({124, 137, 143})
"""What ``timeout`` exits with: by itself, by its SIGKILL, and busybox' by SIGTERM."""

OWN_DEADLINE = "no answer within"
"""What is said of a section that its own deadline ended: the host itself has answered."""

_PRELUDE = r"""LC_ALL=C; LANGUAGE=; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL LANGUAGE PATH; umask 077; cd / || :
if timeout -k 1 5 true 2>/dev/null; then limit() { timeout -k 1 "$@"; }
elif timeout 5 true 2>/dev/null; then limit() { timeout "$@"; }
elif timeout -t 5 true 2>/dev/null; then limit() { timeout -t "$@"; }
else limit() { shift; "$@"; }; fi
section() {
  printf '\036%s begin %s\n' "$N" "$1"
  { rc=$( { { limit "$2" /bin/sh -c "$4" </dev/null 2>&1 3>&- 4>&-; echo $? >&3; } \
    | head -c "$3" >&4 3>&-; } 3>&1 ); } 4>&1
  printf '\036%s end %s\n' "$N" "$rc"
}
"""


_OWN_NONCE = "N=$(head -c 32 /dev/urandom | sha256sum | cut -c-16)\nprintf '\\036%s\\n' \"$N\"\n"
"""For a script that must always be the same: the host makes the nonce, and tells it first."""

_TOLD_NONCE = re.compile(rb"\x1e([0-9a-f]{16})\n")


def bundle_script(due: Sequence[Collector], nonce: str) -> bytes:
    """The script for ``sh -s`` that runs the commands of all collectors in `due`."""
    return _script(due, f"N={nonce}\n")


def fixed_script(collectors: Sequence[Collector]) -> bytes:
    """The same for a script of which every byte is known beforehand; no newline ends it."""
    return _script(collectors, _OWN_NONCE).rstrip(b"\n")


def _script(collectors: Sequence[Collector], nonce: str) -> bytes:
    parts = [nonce, _PRELUDE]
    for number, collector in enumerate(collectors):
        command = quote(collector.command)
        cap = collector.max_bytes + 1  # one more than allowed tells cut from just full
        parts.append(f"section {number} {round(collector.timeout_s)} {cap} {command}\n")
    return "".join(parts).encode()


def split_bundle(data: bytes, due: Sequence[Collector], nonce: str) -> dict[str, Output]:
    """The sections of a bundle that arrived whole, by collector name."""
    by_title = {b"begin %d" % number: collector for number, collector in enumerate(due)}
    found: dict[str, Output] = {}
    mark = b"\x1e" + nonce.encode() + b" "
    parts = data.split(mark)[1:]
    for head, tail in pairwise(parts):
        title, _, content = head.partition(b"\n")
        ending, whole, _ = tail.partition(b"\n")
        collector = by_title.get(title)
        if collector is None or not whole or ending.split()[:1] != [b"end"]:
            continue
        status = _status(ending.removeprefix(b"end "))
        cut = len(content) > collector.max_bytes
        found[collector.name] = Output(content, status=status, truncated=cut)
    return found


def _status(said: bytes) -> int:
    """An exit status as the shell prints it; 255 for anything else."""
    return int(said) if said.isdigit() and len(said) <= 3 else 255


async def collect_bundle(execute: Execute, due: Sequence[Collector], host: str) -> list[Reading]:
    """Run the bundle of all due collectors and read it: one reading for each of them.

    `execute` runs a script on the host; its HostError (lost, too slow) passes through.
    """
    nonce = token_hex(6)
    script = bundle_script(due, nonce)
    return await _collect(execute, script, due, lambda data: split_bundle(data, due, nonce), host)


async def collect_fixed(
    execute: Execute, collectors: Sequence[Collector], due: Sequence[Collector], host: str
) -> list[Reading]:
    """As collect_bundle(), by the fixed script of all `collectors`, though only some are due."""

    def split(data: bytes) -> dict[str, Output]:
        told = _TOLD_NONCE.search(data)
        return split_bundle(data, collectors, told[1].decode()) if told else {}

    readings = await _collect(execute, fixed_script(collectors), collectors, split, host)
    wanted = {collector.name for collector in due}
    return [reading for reading in readings if reading.collector in wanted]


async def _collect(
    execute: Execute,
    script: bytes,
    collectors: Sequence[Collector],
    split: Callable[[bytes], dict[str, Output]],
    host: str,
) -> list[Reading]:
    deadline_s = sum(collector.timeout_s + 1 for collector in collectors) + 2
    cap = sum(collector.max_bytes + 200 for collector in collectors) + 8_192
    lacking = Problem(ProblemKind.BAD_OUTPUT, "the answer is incomplete")
    try:
        done = await execute(script, timeout_s=deadline_s, max_bytes=cap)
        data = done.stdout
    except HostError as error:
        # a host that hangs half-way has answered the first half
        data, lacking = error.partial, error.problem
        if lacking.kind is not ProblemKind.TIMEOUT or not split(data):
            raise
    at = now()
    outputs = split(data)

    def reading(collector: Collector) -> Reading:
        if collector.name in outputs:
            return _reading(collector, outputs[collector.name], host, at)
        problem = replace(lacking, text=f"{collector.title}: {lacking.text}")
        return failed(collector, host, at, problem)

    return [reading(collector) for collector in collectors]


def _reading(collector: Collector, output: Output, host: str, at: float) -> Reading:
    if output.status in _TIMED_OUT and not output.truncated:
        text = f"{collector.title}: {OWN_DEADLINE} {collector.timeout_s:.0f}s"
        return failed(collector, host, at, Problem(ProblemKind.TIMEOUT, text))
    return understand(collector, output, host, at)
