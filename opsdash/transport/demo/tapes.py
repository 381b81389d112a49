"""The recordings that the made-up fleet is made of: what real hosts answered, in the package."""

from __future__ import annotations

import gzip
import json
from base64 import b85decode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from opsdash.core.reading import Output

FILE = Path(__file__).with_name("recordings.json.gz")


@dataclass(frozen=True, slots=True)
class Tape:
    """One recorded host: contents by path at each beat, outputs by the command that they answer,
    and those outputs that were other ones while a fault was on, by fault.
    """

    name: str
    beats: Mapping[str, tuple[bytes, ...]]
    facts: Mapping[str, Output]
    faults: Mapping[str, Mapping[str, Output]]


def digest(command: str) -> str:
    """What tells commands apart: an output answers the command that was recorded, and no other."""
    return blake2b(command.encode(), digest_size=6).hexdigest()


@cache
def tapes() -> Mapping[str, Tape]:
    """All recorded hosts by name; read once, when they are wanted."""
    loaded = json.loads(gzip.decompress(FILE.read_bytes()))
    return {name: _tape(name, recorded) for name, recorded in loaded.items()}


def sick(tape: Tape, command: str, fault: str) -> Output | None:
    """What a command answered under a fault: on this host, or on one where it was tried."""
    for one in (tape, *tapes().values()):
        output = one.faults.get(fault, {}).get(digest(command))
        if output is not None:
            return output
    return None


def _tape(name: str, recorded: dict[str, Any]) -> Tape:
    beats = {path: _beats(contents) for path, contents in recorded["pulses"].items()}
    faults = {fault: _outputs(outputs) for fault, outputs in recorded["faults"].items()}
    return Tape(name, beats, _outputs(recorded["facts"]), faults)


def _beats(contents: list[Any]) -> tuple[bytes, ...]:
    """Contents beat by beat; what did not change was not written again."""
    found: list[bytes] = []
    for content in contents:
        found.append(found[-1] if content is None and found else _bytes(content or ""))
    return tuple(found)


def _outputs(recorded: dict[str, Any]) -> dict[str, Output]:
    return {
        output["command"]: Output(_bytes(output["data"]), status=output["status"])
        for output in recorded.values()
    }


def _bytes(content: Any) -> bytes:
    return b85decode(content["b85"]) if isinstance(content, dict) else str(content).encode()
