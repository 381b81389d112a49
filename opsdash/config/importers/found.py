"""What an importer found: hosts with the fields that opsdash has for them, and their groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsdash.config.marked_yaml import SECRET_KEY
from opsdash.config.ranges import MAX_HOSTS, RESERVED
from opsdash.core.target import checked_address, checked_name, checked_user
from opsdash.core.text import clean_line, shorten

_BAD_IN_GROUP = re.compile(r"[^A-Za-z0-9._-]")

Value = str | int | list[str]
Fields = dict[str, Value]


@dataclass(slots=True)
class Found:
    """The hosts of a source by name, in its order.

    `defaults` are fields of all of them. `left_out` holds a sentence for each name that was not
    taken over, with its place and the reason; `notes` what else is worth a word.
    """

    kind: str
    source: Path
    hosts: dict[str, Fields] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    defaults: Fields = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _beyond: int = 0
    _beyond_at: int = 0

    def add(self, name: str, fields: Fields, place: str) -> bool:
        """Take a host over, or note why not; `place` is where it stands. Whether it was taken."""
        reason = refusal(name, fields)
        if reason:
            self.leave_out(name, reason, place)
        elif len(self.hosts) >= MAX_HOSTS:
            self._leave_out_beyond(name, place)
        else:
            self.hosts[name] = fields
            return True
        return False

    def leave_out(self, name: str, reason: str, place: str) -> None:
        """Note a name that is not taken over."""
        text = f"{place}: {shown(name)}: {reason}"
        if not self.left_out or self.left_out[-1] != text:
            self.left_out.append(text)

    def _leave_out_beyond(self, name: str, place: str) -> None:
        """Note a host that is one too many: one line for all of them."""
        self._beyond += 1
        limit = f"a fleet has at most {MAX_HOSTS:,} hosts"
        if self._beyond == 1:
            self._beyond_at = len(self.left_out)
            self.left_out.append(f"{place}: {shown(name)}: {limit}")
            return
        first = self.left_out[self._beyond_at].partition(f": {limit}")[0]
        self.left_out[self._beyond_at] = f"{first}: {limit} (and {self._beyond - 1:,} more hosts)"

    def note(self, text: str, place: str) -> None:
        """Note what else is worth a word."""
        self.notes.append(f"{place}: {text}")

    def join(self, group: str, names: Iterable[str]) -> None:
        """Put hosts that were taken over into a group."""
        members = [name for name in dict.fromkeys(names) if name in self.hosts]
        if members:
            known = dict.fromkeys(self.groups.get(group, ()))
            self.groups[group] = list({**known, **dict.fromkeys(members)})


def shown(text: str) -> str:
    """A name or value of a foreign file, fit for a sentence."""
    return shorten(clean_line(text), 60) or "''"


def circle(names: Sequence[str]) -> str:
    """Groups that lead round to the first again, for a sentence: ``a > b > a``."""
    told = [*map(shown, names if len(names) < 9 else names[:4])]
    told += ["…", *map(shown, names[-3:])] if len(names) > 8 else []
    return " > ".join([*told, shown(names[0])])


def group_name(text: str) -> str:
    """A group's name with everything replaced that selections can't hold."""
    name = _BAD_IN_GROUP.sub("_", text)[:100].lstrip("-.") or "group"
    return f"{name}_hosts" if SECRET_KEY.fullmatch(name) else name


def refusal(name: str, fields: Fields) -> str:
    """Why opsdash can't take a host; empty if it can."""
    try:
        checked_name(name)
        if name in RESERVED:
            return f"{name!r} is a word of its own in selections and jump: not a host's name"
        if SECRET_KEY.fullmatch(name):
            return "the hosts file takes this word for a password"
        if isinstance(address := fields.get("address"), str):
            checked_address(address)
        if isinstance(user := fields.get("user"), str):
            checked_user(user)
    except ValueError as reason:
        return str(reason)
    port = fields.get("port")
    if isinstance(port, int) and not 1 <= port <= 65535:
        return "its port should be from 1 to 65535"
    return ""
