"""What /proc of a made-up host says at a moment: the recorded files with this host's numbers.

Lines and columns are those that the pulse keeps of the recorded files, the numbers come from the
host's meters and moods: counters only grow, rates are what the host does, no two hosts look alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from opsdash.transport.demo.chance import between, chance
from opsdash.transport.demo.character import Character
from opsdash.transport.demo.meters import OPERATION_BYTES, PACKET_BYTES, Counters
from opsdash.transport.demo.moods import Mood

SECTOR_BYTES = 512

Write = Callable[[Mood, Counters], bytes]
Lines = Sequence[bytes]
"""The recorded lines of a file that the pulse keeps, without their ends."""

UNEVEN = 0.15
"""How much more or less than the others a processor may have to do."""


def kept(content: bytes, keep: str) -> list[bytes]:
    """The lines that the pulse keeps; its filter is an awk pattern that `re` knows as well."""
    lines = content.splitlines()
    pattern = re.compile(keep.encode())
    return [line for line in lines if pattern.search(line)] if keep else lines


def stat(lines: Lines, one: Character) -> Write:
    """/proc/stat: time by processor in hundredths of a second, and what runs."""
    cores = one.cores
    lean = [between(-UNEVEN, UNEVEN, *one.words, "core", core) for core in range(cores)]
    middle = sum(lean) / cores
    lean = [one_lean - middle for one_lean in lean]
    rest = [line.split()[0] for line in lines if not line.startswith(b"cpu")]

    def write(mood: Mood, counters: Counters) -> bytes:
        up_s = mood.up_s
        user, system, iowait, steal = counters[:4]
        idle = up_s - user - system - iowait - steal
        own = counters.own_user_s
        same = (int(100 * system), int(100 * iowait), int(100 * steal))
        text, users, idles = [], 0, 0
        for core in range(cores):
            more = lean[core] * own
            mine, free = int(100 * (user + more)), int(100 * (idle - more))
            users, idles = users + mine, idles + free
            text.append(
                b"cpu%d %d 0 %d %d %d 0 0 %d 0 0" % (core, mine, same[0], free, same[1], same[2])
            )
        whole = (users, cores * same[0], idles, cores * same[1], cores * same[2])
        head = b"cpu  %d 0 %d %d %d 0 0 %d 0 0" % whole
        known = {
            b"procs_running": 1 + round(mood.busy * cores),
            b"procs_blocked": mood.blocked,
            b"btime": int(mood.epoch + mood.booted_s),
            b"processes": int(3 * up_s),
            b"ctxt": int(900 * up_s),
        }
        tail = [b"%s %d" % (name, known[name]) for name in rest if name in known]
        return b"\n".join([head, *text, *tail, b""])

    return write


def meminfo(lines: Lines, one: Character) -> Write:
    """/proc/meminfo: what is not one of the great sums keeps its part of the memory."""
    fields = [line.split(b":") for line in lines]
    recorded = {name: int(rest.split()[0]) for name, rest in fields}
    scale = one.memory_kb / recorded[b"MemTotal"]
    swap_kb = min(4 * 1024**2, one.memory_kb // 4) if chance(*one.words, "swap") < 0.6 else 0
    fixed = {name: int(value * scale) for name, value in recorded.items()}
    fixed |= {b"MemTotal": one.memory_kb, b"SwapTotal": swap_kb, b"Shmem": one.memory_kb // 90}
    units = {name: b" kB" if rest.endswith(b"kB") else b"" for name, rest in fields}
    form = b"".join(b"%-15s %%8d%s\n" % (name + b":", units[name]) for name in recorded)
    swapped = between(0.0, 0.3, *one.words, "swapped")

    def write(mood: Mood, counters: Counters) -> bytes:
        available = int(one.memory_kb * (1 - mood.memory_ratio))
        cached, shared = available * 7 // 10, fixed[b"Shmem"]
        now = {
            b"MemFree": available - cached,
            b"MemAvailable": available,
            b"Buffers": 0,
            b"Cached": cached + shared,
            b"Active(file)": cached // 3,
            b"Inactive(file)": cached - cached // 3,
            b"SReclaimable": 0,
            b"SwapFree": int(swap_kb * (1 - max(swapped, 2 * mood.memory_ratio - 1.2))),
        }
        return form % tuple([now.get(name, fixed[name]) for name in recorded])

    return write


def net_dev(lines: Lines, one: Character) -> Write:
    """/proc/net/dev: the card does what the host does, the loopback a little."""
    names = [line.partition(b":")[0].strip() for line in lines if b":" in line]
    heads = [line for line in lines if b":" not in line]
    card = next((name for name in names if name != b"lo"), b"")

    def write(mood: Mood, counters: Counters) -> bytes:
        text = list(heads)
        for name in names:
            if name == card:
                got, gave = int(counters.received), int(counters.sent)
                errors, drops = int(counters.errors), int(counters.drops)
            else:
                got = gave = int(mood.up_s * 900)
                errors = drops = 0
            packets = (int(got / PACKET_BYTES) + errors, int(gave / PACKET_BYTES))
            text.append(
                b"%6s: %d %d %d %d 0 0 0 0 %d %d 0 0 0 0 0 0"
                % (name, got, packets[0], errors, drops, gave, packets[1])
            )
        text.append(b"")
        return b"\n".join(text)

    return write


def diskstats(lines: Lines, one: Character) -> Write:
    """/proc/diskstats: one disk for each of the host's file systems; the last has the work."""
    columns = len(lines[0].split()) if lines else 0
    spare = b" 0" * max(0, columns - 14)
    names = [disk.device.rpartition("/")[2].rstrip("0123456789") for disk in one.disks]
    count = len(names) if columns else 0

    def write(mood: Mood, counters: Counters) -> bytes:
        text = []
        for number in range(count):
            busy_s, waited_s, operations = counters.disk_s, counters.waited_s, counters.operations
            if number < count - 1:
                operations = 0.1 * one.disk_ops * mood.up_s
                busy_s, waited_s = 0.0008 * operations, 0.0011 * operations
            reads, writes = int(0.4 * operations), int(0.6 * operations)
            sectors = OPERATION_BYTES / SECTOR_BYTES
            waited_ms = 1000 * waited_s
            text.append(
                b" 254 %6d %s %d 0 %d %d %d 0 %d %d 0 %d %d%s\n"
                % (
                    number * 16,
                    names[number].encode(),
                    reads,
                    int(reads * sectors),
                    int(0.4 * waited_ms),
                    writes,
                    int(writes * sectors),
                    int(0.6 * waited_ms),
                    int(1000 * busy_s),
                    int(waited_ms),
                    spare,
                )
            )
        return b"".join(text)

    return write


def loadavg(lines: Lines, one: Character) -> Write:
    """/proc/loadavg."""

    def write(mood: Mood, counters: Counters) -> bytes:
        running = 1 + round(mood.busy * one.cores)
        last = 1000 + int(3 * mood.up_s) % 4_000_000
        return b"%.2f %.2f %.2f %d/%d %d\n" % (*mood.loads, running, one.tasks, last)

    return write


def uptime(lines: Lines, one: Character) -> Write:
    """/proc/uptime: since the boot, and the idle time of all processors."""

    def write(mood: Mood, counters: Counters) -> bytes:
        idle = mood.up_s - sum(counters[:4])
        return b"%.2f %.2f\n" % (mood.up_s, max(0.0, idle * one.cores))

    return write


def boot_id(lines: Lines, one: Character) -> Write:
    """The boot's id: another one after each boot."""
    return lambda mood, counters: mood.boot_id + b"\n"


def pressure(kind: str) -> Callable[[Lines, Character], Write]:
    """/proc/pressure/*: where processors, memory or disks are short, tasks wait."""

    def writer(lines: Lines, one: Character) -> Write:
        def write(mood: Mood, counters: Counters) -> bytes:
            some = _waiting(kind, mood)
            sums = {"cpu": counters.user_s / 9, "io": counters.waited_s / 3}.get(kind, 0.0)
            line = b"%s avg10=%.2f avg60=%.2f avg300=%.2f total=%d\n"
            full = 0.0 if kind == "cpu" else 0.6 * some
            return b"".join(
                line % (word, share, share * 0.9, share * 0.7, int(1e6 * sums * part))
                for word, share, part in ((b"some", some, 1.0), (b"full", full, 0.5))
            )

        return write

    return writer


def _waiting(kind: str, mood: Mood) -> float:
    """Percent of the time in which some task waited."""
    if kind == "cpu":
        return 60 * max(0.0, mood.busy - 0.55)
    if kind == "io":
        return 100 * min(0.9, 1.1 * mood.iowait)
    return 100 * max(0.0, mood.memory_ratio - 0.9) * 3


WRITERS: dict[str, Callable[[Lines, Character], Write]] = {
    "/proc/stat": stat,
    "/proc/meminfo": meminfo,
    "/proc/net/dev": net_dev,
    "/proc/diskstats": diskstats,
    "/proc/loadavg": loadavg,
    "/proc/uptime": uptime,
    "/proc/sys/kernel/random/boot_id": boot_id,
    "/proc/pressure/cpu": pressure("cpu"),
    "/proc/pressure/memory": pressure("memory"),
    "/proc/pressure/io": pressure("io"),
}
"""Who writes which file; any other one is played as it was recorded."""
