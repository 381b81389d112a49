"""Names that a host has: users, timers, packages, for whoever wants to pick one."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

# Users of a directory are left out: there may be thousands, on a server that does not answer.
COMMAND = r"""
echo '== user'
cut -d: -f1,3,7 /etc/passwd
echo '== timer'
if [ -d /run/systemd/system ]; then
  systemctl list-unit-files --type=timer --no-legend --no-pager --full 2>/dev/null
fi
echo '== package'
if command -v dpkg-query >/dev/null && [ -s /var/lib/dpkg/status ]; then
  dpkg-query -W -f '${binary:Package} ${Version}\n' 2>/dev/null
fi
if command -v rpm >/dev/null; then
  rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\n' 2>/dev/null
fi
if command -v pacman >/dev/null; then pacman -Q 2>/dev/null; fi
if command -v apk >/dev/null; then apk info -v 2>/dev/null; fi
echo '== end'
"""


@knows("passwd, systemctl list-unit-files and the package managers' lists")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per name: its `kind` (user, timer, package), `name`, and `about` it: number and shell,
    the word of the unit file, the version.
    """
    found = sections(output.data)
    section(found, "end")
    rows = [
        *_users(section(found, "user")),
        *_named("timer", section(found, "timer")),
        *_named("package", section(found, "package")),
    ]
    samples = {
        ("names.known", kind): float(sum(row["kind"] == kind for row in rows))
        for kind in ("user", "timer", "package")
    }
    return Reading(host, "names", at, samples, tuple(rows), source="passwd, systemctl, packages")


def _users(lines: list[str]) -> Iterator[Row]:
    for line in lines:
        name, number, shell = [*line.split(":"), "", ""][:3]
        if name and not name.startswith(("#", "+", "-")):
            yield {"kind": "user", "name": name, "about": f"{number} {shell}".strip()}


def _named(kind: str, lines: list[str]) -> Iterator[Row]:
    seen = set()
    for line in lines:
        words = line.split()
        if words and words[0] not in seen:
            seen.add(words[0])
            yield {"kind": kind, "name": words[0], "about": words[1] if words[1:] else ""}


NAMES = Collector(
    name="names",
    title="Users, timers and packages",
    tier=Tier.DEMAND,
    parse=parse,
    metrics=(Metric("names.known", "", "Users, timers and packages there", label="kind"),),
    command=COMMAND,
    every_s=300.0,
    timeout_s=20.0,
    max_bytes=1_048_576,
)
