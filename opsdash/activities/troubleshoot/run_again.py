"""What an earlier run gives a new one: its command, its options, all its hosts or some groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opsdash.config.field_values import span_s
from opsdash.core.fleet import Fleet
from opsdash.core.folding import Bucket, fold
from opsdash.core.job import Job
from opsdash.core.plan import LeftOut
from opsdash.core.run_plan import RunWish, wish_of
from opsdash.core.text import count

CHANGED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "sudo": ("root", bool),
    "timeout": ("timeout_s", span_s),
    "max_output": ("max_bytes", int),
    "at_a_time": ("at_a_time", int),
    "canary": ("canary", int),
    "stop": ("stop", bool),
    "name": ("name", str),
}
"""Options that change an earlier run where they are given: field of the wish, and its value."""


def same_wish(job: Job, options: Mapping[str, Any], given: frozenset[str]) -> RunWish:
    """The same again, but for the options that were `given`; ValueError: it was no run."""
    wish = wish_of(job.plan)
    if wish is None:
        raise ValueError(
            f"{job.id} is no run but {job.plan.action}: make a new plan of it by opsdash do"
        )
    if fixed := given & {"env", "cwd"}:
        name = sorted(fixed)[0]
        raise ValueError(f"--{name} stands in the command of {job.id}: type that anew behind --")
    fields = {
        field: value(options[name]) for name, (field, value) in CHANGED.items() if name in given
    }
    # its name stays with the earlier run, or it could not be found by it any more
    return replace(wish, **{"name": "", **fields})


def hosts_of(job: Job, buckets: Sequence[str]) -> tuple[str, ...]:
    """The hosts of a run that ended in one of these buckets, of none given all; ValueError where
    there are none.
    """
    wanted = {Bucket(one) for one in buckets} or set(Bucket)
    groups = fold(job.runs.values())
    names = {host for group in groups if group.bucket in wanted for host in group.hosts}
    if not names:
        there = ", ".join(
            f"{sum(len(g.hosts) for g in groups if g.bucket is bucket)} {bucket}"
            for bucket in dict.fromkeys(group.bucket for group in groups)
        )
        raise ValueError(f"no host of {job.id} is {' or '.join(buckets)}: it has {there}")
    return tuple(host for host in job.plan.names() if host in names)


def still_there(names: Sequence[str], fleet: Fleet) -> tuple[tuple[str, ...], list[LeftOut]]:
    """Those that the fleet has by now, and the others, left out; ValueError: it has none."""
    left = [LeftOut(name, "not in the fleet any more") for name in names if name not in fleet.hosts]
    found = tuple(name for name in names if name in fleet.hosts)
    if not found:
        raise ValueError(f"none of {count(len(names), 'host')} is among those that were chosen")
    return found, left
