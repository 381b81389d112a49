"""What the commands of facts say on a made-up host: recorded outputs with this host's words in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from opsdash.core.reading import Output
from opsdash.transport.demo.character import Disk
from opsdash.transport.demo.moods import Mood
from opsdash.transport.demo.tapes import Tape, sick

Edit = Callable[[bytes, Mood], bytes]

KB_PER_INODE = 16
RESERVED = 0.05
"""What ext4 keeps for root, of all blocks."""

_STAMP = re.compile(rb"(?m)^(\w+Timestamp=)\w{3} [-0-9]+ [:0-9]+ \w+$")
_SECTIONS = re.compile(rb"(?m)^== (\w+)\n")


def fact(tape: Tape, collector: str, mood: Mood) -> Output | None:
    """A collector's output at a moment, None where it was not recorded."""
    incident = mood.incident
    output = tape.facts.get(collector)
    fault = incident.facts.get(collector)
    if fault and (mood.killed or not incident.oom):
        output = sick(tape, collector, fault) or output
    if output is None:
        return None
    edit = EDITS.get(collector, _same)
    return replace(output, data=edit(_named(output.data, tape, mood), mood))


def _same(data: bytes, mood: Mood) -> bytes:
    return data


def _named(data: bytes, tape: Tape, mood: Mood) -> bytes:
    """The made-up name wherever the recorded one stood by itself."""
    return re.sub(rb"\b%s\b" % tape.name.encode(), mood.one.name.encode(), data)


def _os(data: bytes, mood: Mood) -> bytes:
    """Made-up hosts are machines: what was recorded in containers judges like theirs."""
    head, mark, _ = data.partition(b"== container\n")
    return head + mark + b"\n== end\n" if mark else data


def _units(data: bytes, mood: Mood) -> bytes:
    """The unit that the host is there for in place of the recorded one, and when it failed."""
    role = mood.one.role
    data = data.replace(b"shop-web", role.unit.encode())
    data = data.replace(b"Shop web front end", role.unit_title.encode())
    if mood.current is None:
        return data
    failed = datetime.fromtimestamp(mood.epoch + mood.current.began_s, UTC)
    return _STAMP.sub(rb"\g<1>" + f"{failed:%a %Y-%m-%d %H:%M:%S} UTC".encode(), data)


def _filesystem(data: bytes, mood: Mood) -> bytes:
    """The host's own disks, before the file systems in memory that were recorded."""
    disks = mood.one.disks
    parts = _SECTIONS.split(data)
    edited = [parts[0]]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        lines = [line for line in body.splitlines() if not line.startswith(b"/dev/")]
        if title == b"mounts":
            lines = [*(_mount(disk, mood) for disk in disks), *lines]
        elif title in (b"space", b"inodes"):
            measure = _space if title == b"space" else _inodes
            lines = [*lines[:1], *(measure(disk, mood) for disk in disks), *lines[1:]]
        edited.append(b"".join([b"== ", title, b"\n", *(line + b"\n" for line in lines)]))
    return b"".join(edited)


def _mount(disk: Disk, mood: Mood) -> bytes:
    struck = mood.incident.read_only and disk is mood.one.disks[-1]
    options = "rw,noatime,errors=remount-ro,emergency_ro" if struck else "rw,noatime"
    return f"{disk.device} {disk.mount} ext4 {options}".encode()


def _space(disk: Disk, mood: Mood) -> bytes:
    usable_kb = int(disk.size_kb * (1 - RESERVED))
    used_kb = int(usable_kb * mood.disk_ratio(disk))
    return _df(disk, disk.size_kb, used_kb, usable_kb - used_kb)


def _inodes(disk: Disk, mood: Mood) -> bytes:
    inodes = disk.size_kb // KB_PER_INODE
    used = int(inodes * mood.inodes_ratio(disk))
    return _df(disk, inodes, used, inodes - used)


def _df(disk: Disk, whole: int, used: int, left: int) -> bytes:
    part = -(-100 * used // max(1, used + left))
    return f"{disk.device:<14} {whole:>11} {used:>9} {left:>9} {part:>7}% {disk.mount}".encode()


EDITS: dict[str, Edit] = {"os": _os, "units": _units, "filesystem": _filesystem}
"""What has to be put right in an output, by collector; any other one is played as it is."""
