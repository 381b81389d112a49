"""What opsdash says of each fault of the test fleet, as tests/fleet/faults.yaml lists it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from opsdash.core.health import Health

FAULTS = Path(__file__).parent / "faults.yaml"


@dataclass(frozen=True)
class Fault:
    """One fault: where it is switched on, and what is expected of it, or why nothing is.

    `healths` is what the host may become, `why` a pattern for the words; `unseen` says why no
    check speaks, and the host must stay in good health.
    """

    name: str
    host: str
    value: str = ""
    healths: frozenset[Health] = frozenset()
    why: str = ""
    unseen: str = ""


def load_faults() -> tuple[Fault, ...]:
    """All faults of the list."""
    listed = yaml.safe_load(FAULTS.read_text(encoding="utf-8"))
    return tuple(_fault(name, said) for name, said in listed.items())


def _fault(name: str, said: dict[str, str]) -> Fault:
    healths = frozenset(Health[word] for word in said.pop("health", "").split("|") if word)
    return Fault(name, healths=healths, **said)


def waves(faults: tuple[Fault, ...]) -> list[tuple[Fault, ...]]:
    """The faults in groups that can be on together: one for each host at a time."""
    found: list[dict[str, Fault]] = []
    for fault in faults:
        wave = next((wave for wave in found if fault.host not in wave), None)
        if wave is None:
            wave = {}
            found.append(wave)
        wave[fault.host] = fault
    return [tuple(wave.values()) for wave in found]
