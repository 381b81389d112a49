"""What is asked as root, of every host alike: made of the collectors that there are."""

from __future__ import annotations

from opsdash.core.discover import collectors
from opsdash.transport.root_rule import RootRule


def root_rule() -> RootRule:
    """The script of all collectors that need root, as a sudoers rule may allow it."""
    return RootRule(tuple(one for one in collectors().values() if one.needs_root))
