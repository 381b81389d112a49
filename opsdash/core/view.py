"""How the user wants a list of hosts: filtered, sorted, grouped; what is kept per view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum


class Grouping(StrEnum):
    """What rows are put together by."""

    NONE = "none"
    KIND = "kind"
    TAG = "tag"
    OS = "os"
    STATE = "state"


SEVERITY = "severity"
"""The sort order that every view begins with: worst first, then newest."""


@dataclass(frozen=True, slots=True)
class View:
    """One arrangement of a list: all that a saved view remembers."""

    filter: str = ""
    problems: bool = False
    group: Grouping = Grouping.NONE
    sort: str = SEVERITY
    inverted: bool = False
    wide: bool = False
    detail: bool = True

    def as_data(self) -> dict[str, object]:
        """For a file."""
        return {name: str(v) if isinstance(v, str) else v for name, v in asdict(self).items()}

    @classmethod
    def from_data(cls, data: object) -> View:
        """From a file that anybody may have edited: what makes no sense there is left out."""
        view = cls()
        if not isinstance(data, Mapping):
            return view
        for field in fields(cls):
            value, default = data.get(field.name), getattr(view, field.name)
            if field.name == "group":
                known = value in list(Grouping)
                value = Grouping(str(value)) if known else default
            if isinstance(value, type(default)):
                view = replace(view, **{field.name: value})
        return view
