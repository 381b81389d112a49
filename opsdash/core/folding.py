"""The outputs of a job, folded: hosts that answered the same are one group, the majority first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsdash.core.job import HostRun, RunState


class Bucket(StrEnum):
    """What became of a host, in the order in which a person wants to see it: as most, otherwise,
    failed, over its time, never reached, called off, never begun; or it has not ended yet.
    """

    SAME = "same"
    DIFFERS = "differs"
    FAILED = "failed"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    NOT_BEGUN = "not-begun"
    RUNNING = "running"
    WAITING = "waiting"

    @property
    def answered(self) -> bool:
        """Whether its hosts did what they should."""
        return self in (Bucket.SAME, Bucket.DIFFERS)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen there."""
        return self not in (Bucket.RUNNING, Bucket.WAITING)


_ORDER = {bucket: place for place, bucket in enumerate(Bucket)}


@dataclass(frozen=True, slots=True)
class Output:
    """What a host put out, all steps together: as bytes, or with volatile tokens taken out."""

    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False

    def __bool__(self) -> bool:
        """Whether it put out anything."""
        return bool(self.stdout or self.stderr)


NOTHING = Output()


@dataclass(frozen=True, slots=True)
class Group:
    """Hosts of which the same is to be said: bucket, exit status, output, and `words`, a sentence
    about why, where there is one. Hosts are in the order of their names.
    """

    bucket: Bucket
    hosts: tuple[str, ...]
    status: int | None = None
    output: Output = NOTHING
    words: str = ""

    @property
    def first(self) -> str:
        """The host that names the group, whatever becomes of the others."""
        return self.hosts[0]


def output_of(run: HostRun) -> Output:
    """What a host has put out so far."""
    results = run.results
    if len(results) == 1:
        return Output(results[0].stdout, results[0].stderr, results[0].truncated)
    return Output(
        b"".join(one.stdout for one in results),
        b"".join(one.stderr for one in results),
        any(one.truncated for one in results),
    )


def words_of(run: HostRun) -> str:
    """One sentence about why a host is where it is; empty: its status and output say it."""
    last = run.results[-1] if run.results else None
    if run.state is RunState.FAILED and last and last.status is not None and not last.problem:
        return ""
    if run.text:
        return run.text
    problems = [one.problem.text for one in run.results if one.problem is not None]
    return problems[-1] if problems else ""


def status_of(run: HostRun) -> int | None:
    """The exit status of the last step that has one."""
    found = [one.status for one in run.results if one.status is not None]
    return found[-1] if found else None


Mask = Callable[[str], str]

_Key = tuple[Bucket, int | None, Output, str]

_BUCKETS = {
    RunState.FAILED: Bucket.FAILED,
    RunState.TIMEOUT: Bucket.TIMEOUT,
    RunState.UNREACHABLE: Bucket.UNREACHABLE,
    RunState.CANCELLED: Bucket.CANCELLED,
    RunState.NOT_BEGUN: Bucket.NOT_BEGUN,
    RunState.RUNNING: Bucket.RUNNING,
    RunState.WAITING: Bucket.WAITING,
}


def fold(runs: Iterable[HostRun], mask: Mask | None = None) -> tuple[Group, ...]:
    """The hosts in groups: the majority of those that succeeded, then the others by size, then what
    went wrong, then what has not ended. Every host is in exactly one.

    With `mask` outputs are compared, and kept, as it leaves them. It matters neither in which order
    the runs come nor in which they ended.
    """
    return Folder(mask).fold(runs)


class Folder:
    """Folds one job again and again while it runs; what a host said is looked at once."""

    def __init__(self, mask: Mask | None = None) -> None:
        self._masked = _Masked(mask)
        self._keys: dict[str, tuple[HostRun, _Key]] = {}

    def fold(self, runs: Iterable[HostRun]) -> tuple[Group, ...]:
        """The hosts in groups, as fold() says."""
        found: dict[_Key, list[str]] = {}
        for run in runs:
            known = self._keys.get(run.host)
            if known is None or known[0] is not run:
                known = self._keys[run.host] = (run, _key(run, self._masked))
            found.setdefault(known[1], []).append(run.host)
        groups = [_group(key, hosts) for key, hosts in found.items()]
        groups.sort(key=_rank)
        if groups and groups[0].bucket is Bucket.DIFFERS:
            groups[0] = replace(groups[0], bucket=Bucket.SAME)
        return tuple(groups)


class _Masked:
    """Outputs as a mask leaves them; one that comes again is looked at once."""

    def __init__(self, mask: Mask | None) -> None:
        self._mask = mask
        self._known: dict[Output, Output] = {}

    def output(self, output: Output) -> Output:
        if self._mask is None or not output:
            return output
        known = self._known.get(output)
        if known is None:
            made = Output(self._of(output.stdout), self._of(output.stderr), output.truncated)
            known = self._known[output] = made
        return known

    def words(self, words: str) -> str:
        return self._mask(words) if self._mask is not None and words else words

    def _of(self, data: bytes) -> bytes:
        if self._mask is None or not data:
            return data
        return self._mask(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def _key(run: HostRun, masked: _Masked) -> _Key:
    bucket = _BUCKETS.get(run.state, Bucket.DIFFERS)
    if bucket in (Bucket.RUNNING, Bucket.WAITING, Bucket.NOT_BEGUN):
        return (bucket, None, NOTHING, "")
    output = masked.output(output_of(run))
    return (bucket, status_of(run), output, masked.words(words_of(run)))


def _group(key: _Key, hosts: Sequence[str]) -> Group:
    bucket, status, output, words = key
    return Group(bucket, tuple(sorted(hosts, key=natural)), status, output, words)


def _rank(group: Group) -> tuple[int, int, tuple[tuple[int, str], ...]]:
    return (_ORDER[group.bucket], -len(group.hosts), natural(group.first))


_DIGITS = re.compile(r"(\d+)")


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts names as people count: web2 before web10."""
    parts = _DIGITS.split(name)
    return tuple((int(one) if place % 2 else 0, one) for place, one in enumerate(parts))


def bucket_counts(groups: Iterable[Group]) -> dict[Bucket, int]:
    """How many hosts are in each bucket that has any, in the buckets' order."""
    found = dict.fromkeys(Bucket, 0)
    for group in groups:
        found[group.bucket] += len(group.hosts)
    return {bucket: number for bucket, number in found.items() if number}
