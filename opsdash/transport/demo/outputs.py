"""What the commands of facts say on a made-up host: recorded outputs with this host's words in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from opsdash.core.plugin import Collector
from opsdash.core.reading import Output
from opsdash.transport.demo.changes import changed
from opsdash.transport.demo.character import Disk
from opsdash.transport.demo.meters import Counters
from opsdash.transport.demo.moods import Mood
from opsdash.transport.demo.tapes import Tape, digest, sick

Edit = Callable[[bytes, Mood, Counters], bytes]

KB_PER_INODE = 16
RESTARTS_EVERY_S = 21.0
LONG_AGO_S = 7200.0
MOST_FILES = 131_072
MOST_TRACKED = 65_536
TRACKING = ("edge", "web", "bastion")
"""Roles whose hosts have a firewall that keeps a table of connections."""

RESERVED = 0.05
"""What ext4 keeps for root, of all blocks."""

_STAMP = re.compile(rb"(?m)^(\w+Timestamp=)\w{3} [-0-9]+ [:0-9]+ \w+$")
_SERVICES = ((b"shop-web", b""), (b"shop-batch", b"-batch"), (b"shop-queue", b"-worker"))
_TITLE = re.compile(rb"(?:Shop (?:web front end|batch job)|Queue worker)")
_UPTIME = re.compile(rb"(?m)(^== time\n)[0-9.]+ [0-9.]+$")
_BOOT_ID = re.compile(rb"(?m)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_CLOCK = re.compile(rb"(?m)(^== clock\n)[0-9.]+(?:N|%N)?\n[0-9.]+$")
_RESTARTS = re.compile(rb"(?m)^NRestarts=[1-9][0-9]*$")
_DATE = re.compile(rb"(?m)^[0-9]{10} [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}$")
_LOGGED = re.compile(rb"(?m)^[0-9]{10}\.[0-9]{6} ")
_COUNTER = re.compile(rb"(?m)^(\w+) (\d+)$")
_FILE_NR = re.compile(rb"(?m)(^== files\n)[0-9]+\t[0-9]+\t[0-9]+$")
_TRACKED = re.compile(rb"== conntrack\n(?:[0-9]+\n)*")
_TASKS = re.compile(rb"(?m)^tasks [0-9]+ ")
_LOOKED = re.compile(rb"(?m)^looked .*\n")
_WAITS = re.compile(rb"(?m)^waits .*\n")
_KILLED = re.compile(rb"(Killed process [0-9]+) \([^)]*\)")
_NOW = re.compile(rb"(?m)(^== now\n)[-0-9T:]{19}\n[0-9.]+$")
_RECORD = re.compile(rb"(?m)^(?:reboot|shutdown) ")
_LAST = re.compile(rb"== last\n(?:(?:reboot|shutdown) .*\n)*")
_ENDED = re.compile(rb"(?m)^([1-9][0-9]*) [0-9]+$(?=\n== end)")
_WHOLE = re.compile(rb"(?m)^MemTotal: .*$")
_THREADS = re.compile(rb"(?m)(^== cpu\n)[0-9]+ [0-9]+ [0-9]+$")
_SECTORS = re.compile(rb"(?m)^(/sys/block/\w+/size:)[0-9]+$")
_SECTIONS = re.compile(rb"(?m)^== (\w+)\n")


def fact(tape: Tape, collector: Collector, mood: Mood, counters: Counters) -> Output | None:
    """A collector's output at a moment, None where it was not recorded."""
    made = changed(collector.name, mood)
    if made is not None:
        return made
    incident = mood.incident
    output = tape.facts.get(digest(collector.command))
    fault = incident.facts.get(collector.name)
    if fault and (mood.killed or not incident.oom):
        output = sick(tape, collector.command, fault) or output
    if output is None:
        return None
    data = _timed(_named(output.data, tape, mood), mood)
    edit = EDITS.get(collector.name)
    return replace(output, data=edit(data, mood, counters) if edit else data)


def _named(data: bytes, tape: Tape, mood: Mood) -> bytes:
    """The made-up names wherever the recorded ones stood by themselves."""
    data = re.sub(rb"\b%s\b" % tape.name.encode(), mood.one.name.encode(), data)
    unit = mood.one.role.unit.encode()
    for recorded, made_up in _SERVICES:
        data = data.replace(recorded, unit + made_up)
    return data


def _timed(data: bytes, mood: Mood) -> bytes:
    """The host's own time and boot wherever a command told those of the recorded host."""
    if b"== time" in data:
        idle = mood.up_s * mood.one.cores * (1 - mood.one.level)
        data = _UPTIME.sub(rb"\g<1>%.2f %.2f" % (mood.up_s, idle), data)
        data = _BOOT_ID.sub(mood.boot_id, data)
    clock = rb"\g<1>%.9f\n%.2f" % (mood.clock_s, mood.up_s)
    data = _CLOCK.sub(clock, data)
    if _LOGGED.search(data) or _DATE.search(data):
        now = datetime.fromtimestamp(mood.clock_s, UTC)
        data = _DATE.sub(f"{int(mood.clock_s)} {now:%Y-%m-%dT%H:%M:%S}".encode(), data)
        killed = mood.current if mood.incident.oom else None
        struck_s = killed.worst_s if killed else mood.at_s - LONG_AGO_S
        data = _LOGGED.sub(rb"%.6f " % (mood.epoch + struck_s), data)
    return data


def _grown(data: bytes, counted: dict[bytes, float]) -> bytes:
    """Lines of a name and a counter, so much more than was recorded."""

    def grow(line: re.Match[bytes]) -> bytes:
        more = counted.get(line[1])
        return line[0] if more is None else b"%s %d" % (line[1], int(line[2]) + int(more))

    return _COUNTER.sub(grow, data)


def _kernel(data: bytes, mood: Mood, counters: Counters) -> bytes:
    data = _grown(data, {b"pswpin": counters.swapped, b"pswpout": counters.swapped})
    used = int(MOST_FILES * mood.share("handles", mood.incident.handles))
    return _FILE_NR.sub(rb"\g<1>%d\t0\t%d" % (used, MOST_FILES), data)


def _oom(data: bytes, mood: Mood, counters: Counters) -> bytes:
    return _KILLED.sub(rb"\g<1> (%s)" % mood.one.role.unit.encode(), data)


def _boots(data: bytes, mood: Mood, counters: Counters) -> bytes:
    """The records of this boot: a shutdown went before it, but for those that the demo makes."""
    booted = datetime.fromtimestamp(mood.epoch + mood.booted_s, UTC)
    now = datetime.fromtimestamp(mood.clock_s, UTC)
    told = f"\\g<1>{now:%Y-%m-%dT%H:%M:%S}\n{mood.up_s:.2f}".encode()
    data = _NOW.sub(told, data)
    stamp = f"{booted:%a %b} {booted.day:2} {booted:%H:%M:%S %Y}".encode()
    before = b"reboot   system boot" if mood.boots else b"shutdown system down"
    if _RECORD.search(data):
        lines = b"== last\nreboot   system boot  6.1.0  %s - still running\n%s  6.1.0  %s\n"
        data = _LAST.sub(lines % (stamp, before, stamp), data)
    return _ENDED.sub(rb"\g<1> %d" % (not mood.boots), data)


def _sockets(data: bytes, mood: Mood, counters: Counters) -> bytes:
    lost = counters.overflows
    data = _grown(data, {b"ListenOverflows": lost, b"ListenDrops": lost})
    if mood.one.role.name not in TRACKING:
        return data
    tracked = int(MOST_TRACKED * mood.share("tracked", mood.incident.tracked))
    return _TRACKED.sub(rb"== conntrack\n%d\n%d\n" % (tracked, MOST_TRACKED), data)


def _processes(data: bytes, mood: Mood, counters: Counters) -> bytes:
    """Threads by the limit that the recorded host has; who is stuck is the role's own service."""
    told = data.partition(b"== limits\n")[2].partition(b"==")[0].split()
    limits = [int(number) for number in told if number.isdigit()]
    threads = mood.one.tasks
    if limits and mood.incident.threads:
        threads = int(min(limits) * mood.share("threads", mood.incident.threads))
    data = _WAITS.sub(b"", _TASKS.sub(b"tasks %d " % threads, data))
    unit = mood.one.role.unit.encode()
    more = [b"waits %d 77 %s\n" % (2200 + n, unit) for n in range(mood.incident.stuck)]
    if mood.incident.zombies:
        more.append(b"dead 2180 %d %s\n" % (mood.incident.zombies, unit))
    return data.replace(b"== seen\n", b"== seen\n" + b"".join(more))


def _os(data: bytes, mood: Mood, counters: Counters) -> bytes:
    """Made-up hosts are machines: what was recorded in containers judges like theirs."""
    head, mark, _ = data.partition(b"== container\n")
    return head + mark + b"\n== end\n" if mark else data


def _units(data: bytes, mood: Mood, counters: Counters) -> bytes:
    """The unit that the host is there for in place of the recorded one, and when it failed."""
    role = mood.one.role
    data = _TITLE.sub(role.unit_title.encode(), data)
    if mood.current is None:
        return data
    restarts = b"NRestarts=%d" % (1 + (mood.at_s - mood.current.began_s) / RESTARTS_EVERY_S)
    data = _RESTARTS.sub(restarts, data)
    failed = datetime.fromtimestamp(mood.epoch + mood.current.began_s, UTC)
    return _STAMP.sub(rb"\g<1>" + f"{failed:%a %Y-%m-%d %H:%M:%S} UTC".encode(), data)


def _filesystem(data: bytes, mood: Mood, counters: Counters) -> bytes:
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


def _top(data: bytes, mood: Mood, counters: Counters) -> bytes:
    """The processes that were recorded, idle as they were, below the one that the host is there
    for: it has most of the work, and of the memory.
    """
    one = mood.one
    passed_s, ticks_per_s = 1.0, 100
    ticks = 0.85 * mood.busy * one.cores * passed_s * ticks_per_s
    kb = 0.6 * mood.memory_ratio * one.memory_kb
    drawn = b"-1"
    state = b"D" if mood.incident.stuck or mood.iowait > 0.3 else b"S"
    unit = one.role.unit.encode()
    took = b"took 2180 %s %d %d %s %s %s\n" % (unit, ticks, kb, drawn, state, unit)
    looked = b"looked %.2f %d %d 1\n" % (passed_s, ticks_per_s, one.tasks)
    return _LOOKED.sub(looked + took, data)


def _ps(data: bytes, mood: Mood, counters: Counters) -> bytes:
    """The same one in front of all the processes that were recorded."""
    one = mood.one
    ticks = 0.85 * mood.busy * one.cores * 100
    kb = 0.6 * mood.memory_ratio * one.memory_kb
    state = b"D" if mood.incident.stuck or mood.iowait > 0.3 else b"S"
    unit = one.role.unit.encode()
    age = int(100 * mood.up_s)
    took = b"%d %d 900 %d 0" % (age // 9, age, 4 * one.cores)
    group = b"/system.slice/%s.service" % unit
    line = b"is 2180 1 %s %d %d -1 %s %s %s %s\n" % (unit, ticks, kb, state, took, group, unit)
    args = b"args 2180 /usr/sbin/%s --foreground\n" % unit
    looked = b"looked 1.00 100 %d 1\n" % one.tasks
    return _LOOKED.sub(lambda _: looked + line + args, data, count=1)


def _inventory(data: bytes, mood: Mood, counters: Counters) -> bytes:
    """The made-up processors, memory and disk in place of those of the recorded host."""
    one = mood.one
    data = _WHOLE.sub(b"MemTotal: %d kB" % one.memory_kb, data)
    data = _THREADS.sub(rb"\g<1>%d %d 1" % (one.cores, one.cores), data)
    sectors = sum(disk.size_kb for disk in one.disks) * 2
    return _SECTORS.sub(rb"\g<1>%d" % sectors, data)


EDITS: dict[str, Edit] = {
    "os": _os,
    "units": _units,
    "filesystem": _filesystem,
    "kernel": _kernel,
    "sockets": _sockets,
    "oom": _oom,
    "boots": _boots,
    "processes": _processes,
    "top": _top,
    "inventory": _inventory,
    "ps": _ps,
}
"""What has to be put right in an output, by collector; any other one is played as it is."""
