"""What may have made something break: what happened shortly before it, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from opsdash.core.finding import Finding
from opsdash.core.happening import Happening, Kind

BEFORE_S, AFTER_S = 3600.0, 180.0
"""Looked at is what happened from an hour before until a few minutes after it was noticed: a figure
is noticed late, and clocks of files have whole seconds."""

NEAR_S = 600.0
"""What is so much farther away counts half as much."""

OF_A_KIND = 3.0
"""What has a name in common with what broke counts so many times as much."""

WEIGHTS = {
    Kind.FILE: 1.0,
    Kind.PACKAGE: 1.0,
    Kind.BOOT: 1.5,
    Kind.UNIT: 0.8,
    Kind.SUDO: 0.7,
    Kind.ACCOUNT: 0.7,
    Kind.CRON: 0.6,
    Kind.MOUNT: 0.8,
    Kind.PORT: 0.5,
    Kind.LOGIN: 0.3,
    Kind.ALERT: 0.4,
    Kind.ACTION: 1.2,
    Kind.HEALTH: 0.0,
}

_WORD = re.compile(r"[a-z][a-z0-9_+-]{2,}|/[\w./-]{2,}")
_DULL = frozenset(
    {"the", "and", "for", "was", "not", "since", "than", "more", "from", "with", "service", "etc"}
    | {
        "socket",
        "timer",
        "mount",
        "failed",
        "full",
        "left",
        "exit",
        "code",
        "result",
        "used",
        "new",
    }
    | {"exit-code", "var", "usr", "lib", "conf", "warn", "crit", "root", "ago", "min", "hour"}
    | {"started", "stopped", "written", "kernel", "system", "bin", "systemctl"}
)
"""Words that nearly every sentence has: they tie nothing to anything."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One thing that happened, and how it stands to what broke: `before_s` seconds before it
    (negative: after), and the names that both have. `times` counts what happened to the same thing
    within that hour, of which this is the likeliest.
    """

    happening: Happening
    before_s: float
    shared: tuple[str, ...]
    score: float
    times: int = 1


def began(finding: Finding, told: Iterable[Happening]) -> float:
    """When it began, in seconds since 1970: the host's log may have seen it before opsdash did."""
    seen = [
        one.at
        for one in told
        if one.kind is Kind.UNIT
        and one.subject == finding.subject
        and one.words.startswith(("failed", "ran out"))
        and one.at <= finding.since + AFTER_S
    ]
    return min(finding.since, max(seen)) if seen else finding.since


def suspects(
    finding: Finding, since: float, told: Sequence[Happening], before_s: float = BEFORE_S
) -> list[Suspect]:
    """What happened before `since`, the likeliest cause first: near in time, of the same name."""
    names = names_of(f"{finding.subject} {finding.summary} {finding.evidence}")
    found = []
    for one in told:
        gap_s = since - one.at
        weight = WEIGHTS[one.kind]
        if one.host != finding.host or not weight or not -AFTER_S <= gap_s <= before_s:
            continue
        if one.kind is Kind.UNIT and one.words.startswith(("failed", "ran out")):
            continue  # this is what broke, not why
        shared = tuple(sorted(names & names_of(f"{one.subject} {one.words} {one.detail}")))
        nearness = NEAR_S / (NEAR_S + abs(gap_s)) * (1.0 if gap_s >= -5 else 0.3)
        score = weight * nearness * (OF_A_KIND if shared else 1.0)
        found.append(Suspect(one, gap_s, shared, score))
    return _one_of_each(sorted(found, key=lambda one: (-one.score, one.before_s)))


def _one_of_each(found: Iterable[Suspect]) -> list[Suspect]:
    """Of a service that was restarted again and again the likeliest time: the rest is no news."""
    first: dict[tuple[str, ...], Suspect] = {}
    for one in found:
        thing = one.happening
        key = (thing.kind, thing.subject) if thing.subject else (thing.kind, thing.words)
        known = first.get(key)
        first[key] = one if known is None else replace(known, times=known.times + 1)
    return list(first.values())


def names_of(text: str) -> set[str]:
    """The words of a text that may name a service, a package, a user or a path; of a path also its
    parts: ``/etc/nginx/nginx.conf`` is about nginx.
    """
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        parts = re.split(r"[/.@]", word)
        found.update(part for part in parts if len(part) > 2)
        found.update(piece for part in parts for piece in part.split("-") if len(piece) > 3)
    return found - _DULL
