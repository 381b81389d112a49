"""The user's own actions, as far as they are right, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from opsdash.core.errors import Fault
from opsdash.core.text import count

if TYPE_CHECKING:
    from opsdash.core.action import Action


@dataclass(frozen=True, slots=True)
class OwnActions:
    """They stand beside those that come with opsdash, by id. `places` says where each was written,
    as file:line; one that has a fault is left out.
    """

    actions: Mapping[str, Action] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    faults: tuple[Fault, ...] = ()

    @property
    def notice(self) -> str:
        """One line about what is wrong; empty: nothing is."""
        if not self.faults:
            return ""
        return f"own actions: {count(len(self.faults), 'fault')}: opsdash actions check"


NO_OWN_ACTIONS = OwnActions()
"""Where there is no file."""
