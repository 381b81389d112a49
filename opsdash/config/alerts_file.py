"""The file through which several people share acks, mutes and maintenance windows.

A silence is one line of it. It is read and written under a lock on its folder and replaced as a
whole; what others have written meanwhile is joined, never lost. A broken one is never written over.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from opsdash.config.marked_yaml import Marked, Where, load_marked
from opsdash.config.source_text import whole_file
from opsdash.core.errors import ConfigError, SelectionError
from opsdash.core.selection import parse_selection
from opsdash.core.silence import Silence, SilenceKind, by_id, join, worth_keeping
from opsdash.core.text import did_you_mean
from opsdash.store.whole_file import alone_in, real_path, replace_file

HEAD = (
    "# acks, mutes and maintenance windows: written by opsdash, shared by all who name this file\n"
)
VERSION = 1
MOST = 2_000
"""More are refused: each costs a look at every finding."""

_TIMES = ("at", "until", "ended_at")
_KEYS = ("id", "kind", "hosts", "at", "until", "check", "subject", "reason", "who", "ended_at")
_NEEDED = ("id", "kind", "hosts", "at", "until")
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def read_alerts(path: Path) -> dict[str, Silence]:
    """What the file says, by id; nothing where there is none yet. ConfigError has all faults."""
    if not path.exists():
        return {}
    return _understood(load_marked(path, private=False))


def merge_alerts(path: Path, silences: Mapping[str, Silence], now: float) -> dict[str, Silence]:
    """Join these to what the file says, and give all of it. ConfigError: nothing was written."""
    try:
        real = real_path(path)
        with alone_in(real.parent) as alone:
            if not alone:
                raise whole_file(path, "another program has locked its folder for long: try again")
            there = read_alerts(real)
            joined = worth_keeping(join(there, silences), now)
            if joined != there:
                replace_file(real, as_text(joined), shared=True)
    except OSError as error:
        raise whole_file(path, f"can't be written: {error.strerror}") from None
    return joined


def as_text(silences: Mapping[str, Silence]) -> str:
    """The file that says this: a line for each, in the order in which they began."""
    ordered = sorted(silences.values(), key=lambda one: (one.at, one.id))
    lines = [f"  - {_line(one)}\n" for one in ordered]
    return f"{HEAD}version: {VERSION}\nsilences:{''.join([chr(10), *lines]) if lines else ' []'}\n"


def _line(one: Silence) -> str:
    values = {name: getattr(one, name) for name in _KEYS}
    shown = {
        name: _iso(value) if name in _TIMES else str(value)
        for name, value in values.items()
        if value
    }
    return "{" + ", ".join(f"{name}: {_quoted(text)}" for name, text in shown.items()) + "}"


def _quoted(text: str) -> str:
    """JSON's strings are YAML's, but for characters that only YAML minds."""
    return _ODD.sub(lambda odd: f"\\u{ord(odd[0]):04x}", json.dumps(text, ensure_ascii=False))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _understood(marked: Marked) -> dict[str, Silence]:
    made = [_silence(marked, place, entry) for place, entry in enumerate(_entries(marked))]
    if marked.faults:
        raise ConfigError(sorted(marked.faults, key=lambda fault: (fault.line, fault.column)))
    return by_id(one for one in made if one is not None)


def _entries(marked: Marked) -> list[object]:
    """The list of silences, with its frame checked."""
    data = marked.data
    if not isinstance(data, dict):
        marked.blame((), "should be a mapping: version: and silences:")
        return []
    _check_keys(marked, (), data, ("version", "silences"))
    if data.get("version") != VERSION:
        marked.blame(("version",), f"should be {VERSION}: another opsdash may have written this")
    entries = data.get("silences")
    if isinstance(entries, list) and len(entries) <= MOST:
        return entries
    marked.blame(("silences",), f"should be a list of at most {MOST:,}")
    return []


def _check_keys(
    marked: Marked, where: Where, data: Mapping[str, object], known: Sequence[str]
) -> None:
    for key in data:
        if key not in known:
            marked.blame((*where, key), f"unknown key{did_you_mean(key, known)}", key=True)


def _silence(marked: Marked, place: int, entry: object) -> Silence | None:
    where, before = ("silences", place), len(marked.faults)
    if not isinstance(entry, dict):
        marked.blame(where, "should be a mapping")
        return None
    _check_keys(marked, where, entry, _KEYS)
    for key in _NEEDED:
        if key not in entry:
            marked.blame(where, f"{key} is missing")
    texts = {name: _text(marked, place, name, value) for name, value in entry.items()}
    times = {name: _time(marked, place, name, texts[name]) for name in _TIMES if name in texts}
    kind = _kind(marked, where, texts)
    if kind is None or len(marked.faults) > before:
        return None
    words = {name: text for name, text in texts.items() if name not in (*_TIMES, "kind")}
    return Silence(kind=kind, **words, **times)  # type: ignore[arg-type]


def _kind(marked: Marked, where: Where, texts: Mapping[str, str]) -> SilenceKind | None:
    """Which kind it is; all but an ack must say which hosts."""
    kind = texts.get("kind", "")
    if kind not in list(SilenceKind):
        marked.blame((*where, "kind"), f"should be one of {', '.join(SilenceKind)}")
        return None
    if kind != SilenceKind.ACK and (wrong := select_fault(texts.get("hosts", ""))):
        marked.blame((*where, "hosts"), wrong)
    return SilenceKind(kind)


def select_fault(select: str) -> str:
    """Why this can't say which hosts are silenced; empty: it can."""
    try:
        selection = parse_selection([select])
    except SelectionError as error:
        return str(error)
    if selection.needs_state:
        return "should select by names, tags and groups: what hosts are like now does not count"
    return ""


def _text(marked: Marked, place: int, name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if name in _KEYS:
        marked.blame(("silences", place, name), 'should be text in quotes: "…"')
    return ""


def _time(marked: Marked, place: int, name: str, text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
        seconds = at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        seconds = math.nan
    if not seconds > 0:
        marked.blame(("silences", place, name), 'should be a time: "2026-11-27T18:00:00Z"')
        return 0.0
    return seconds
