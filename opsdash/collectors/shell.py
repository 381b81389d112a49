"""Pieces of shell that several collectors' commands are made of, and how to read what they say."""

from __future__ import annotations

from opsdash.collectors.parsing import number, section
from opsdash.core.reading import Row

# `container=` stands in PID 1's environment, which only root may read. lxcfs over /proc is what a
# container sees; a machine that only serves lxcfs to others has it at /var/lib/lxcfs.
CONTAINER = r"""
if [ -r /run/systemd/container ]; then cat /run/systemd/container
elif grep -q '^lxcfs /proc/' /proc/self/mounts; then echo lxc
elif [ -e /.dockerenv ]; then echo docker
elif [ -e /run/.containerenv ]; then echo podman
fi
"""
"""Says which kind of container this is, or nothing."""

# The shell reads these two itself: a program costs the host more than that. No file below /proc/sys
# that holds a number may be read so: shells read byte by byte, and of those files the kernel gives
# only the first.
HOST_TIME = """
echo '== time'
for file in /proc/uptime /proc/sys/kernel/random/boot_id; do
  line=; { read -r line <$file; } 2>/dev/null; echo "$line"
done
"""
"""For a collector with rates: the host's own time, and which boot it is."""


def host_time(found: dict[str, list[str]]) -> tuple[float, Row]:
    """Seconds since boot, and the start of a reading's first row, from what HOST_TIME said."""
    uptime, *boot = section(found, "time")
    return number(uptime.split()[0].encode()), {"boot_id": boot[0] if boot else ""}
