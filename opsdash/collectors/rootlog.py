"""What only root may read of services, logins and accounts, where the login itself may not."""

from __future__ import annotations

from opsdash.collectors.auth_changes import JOURNAL_AUTH, by_auth
from opsdash.collectors.happenings import WINDOW, newest, together, window
from opsdash.collectors.parsing import knows, section, sections
from opsdash.collectors.unit_changes import JOURNAL_UNITS, by_journal, merged
from opsdash.collectors.unitlog import SEVERAL, TOGETHER_S
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading

COMMAND = (
    WINDOW
    + "[ -d /run/systemd/system ] && {\n"
    + JOURNAL_UNITS
    + "}\n"
    + JOURNAL_AUTH
    + "echo '== end'\n"
)


@knows("the journal or the log of logins")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per change, the newest first."""
    found = sections(output.data)
    section(found, "end")
    when = window(found)
    units = [one for one in by_journal(found.get("journal", ())) if when.has(one.at)]
    logged = by_auth([*section(found, "auth"), *section(found, "files")], when)
    rows = newest(
        [
            *together(merged(units, ()), "service", TOGETHER_S, SEVERAL),
            *together((one for one in logged if when.has(one.at)), "login", 0.0, 1_000),
        ]
    )
    samples = {("rootlog.changes", ""): float(len(rows))}
    return Reading(host, "rootlog", at, samples, tuple(rows), source="the logs, as root")


ROOTLOG = Collector(
    name="rootlog",
    title="Changes, as root",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=120.0,
    timeout_s=20.0,
    max_bytes=393_216,
    parse=parse,
    metrics=(Metric("rootlog.changes", "changes", "What root's logs tell of the last 48 hours"),),
    needs_root=True,
)
