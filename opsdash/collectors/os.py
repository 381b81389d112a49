"""What runs there: distribution, kernel, architecture, and whether it is a container."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, section, sections
from opsdash.collectors.shell import CONTAINER
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Output, Reading

COMMAND = rf"""
echo '== release'
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
echo '== uname'
uname -r
uname -m
uname -n
echo '== container'
{CONTAINER}
echo
echo '== end'
"""


def _release(lines: list[str]) -> dict[str, str]:
    """os-release(5): shell assignments, quoted or not."""
    found = {}
    for line in lines:
        key, separator, value = line.strip().partition("=")
        if separator and not key.startswith("#"):
            found[key] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    for character in '$"\\`':
        value = value.replace("\\" + character, character)
    return value


@knows("os-release or uname")
def parse(output: Output, host: str, at: float) -> Reading:
    """One row about the system; without os-release its id is ``linux``, as the standard says."""
    found = sections(output.data)
    section(found, "end")
    release = _release(section(found, "release"))
    kernel, arch, hostname = section(found, "uname")
    container = section(found, "container")
    row = {
        "id": release.get("ID", "linux"),
        "id_like": release.get("ID_LIKE", ""),
        "name": release.get("PRETTY_NAME") or release.get("NAME", "Linux"),
        "version": release.get("VERSION_ID", ""),
        "kernel": kernel,
        "arch": arch,
        "hostname": hostname,
        "container": container[0].strip() if container else "",
    }
    return Reading(host, "os", at, rows=(row,), source="/etc/os-release, uname")


OS = Collector(
    name="os",
    title="Operating system",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=3600.0,
    parse=parse,
)
