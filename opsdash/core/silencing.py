"""Which of the silences in force speaks of a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from opsdash.core.errors import SelectionError
from opsdash.core.finding import Finding
from opsdash.core.host import Host
from opsdash.core.selection import parse_selection
from opsdash.core.silence import Silence, SilenceKind

RANK = {SilenceKind.MAINTENANCE: 0, SilenceKind.MUTE: 1, SilenceKind.ACK: 2}
"""Which one is named where several silence a finding: the widest, for it says most."""


def silencing(force: Iterable[Silence]) -> Callable[[Host, Finding], Silence | None]:
    """Tells what silences a finding of a host; None: nothing does."""
    ranked = sorted(force, key=lambda one: RANK[one.kind])
    wide = []
    acks = {}
    for one in ranked:
        if one.kind is SilenceKind.ACK:
            acks[one.hosts, one.check, one.subject] = one
            continue
        with suppress(SelectionError):  # another version may have written it
            wide.append((one, parse_selection([one.hosts])))
    if not ranked:
        return lambda host, finding: None

    def of(host: Host, finding: Finding) -> Silence | None:
        for one, selection in wide:
            if one.check in ("", finding.check) and selection.names(host):
                return one
        return acks.get(finding.key)

    return of
