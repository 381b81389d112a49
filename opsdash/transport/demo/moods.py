"""How a made-up host feels at a moment: what is no counter but goes up and down."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from uuid import UUID

from opsdash.transport.demo.chance import between, chance
from opsdash.transport.demo.character import Character, Disk
from opsdash.transport.demo.incidents import Incident
from opsdash.transport.demo.schedule import Occurrence

HEALTHY = Incident("nothing", "nothing happens")
FILLS_FROM, FILLS_UP_TO = 0.4, 0.94
LOAD_MINUTES = (1, 5, 15)


@dataclass(frozen=True, slots=True)
class Mood:
    """A host at a moment, `at_s` after the demo began: what goes on, and what was before.

    `boots` counts how often it has rebooted in the demo; `epoch` is when that began (since 1970).
    """

    one: Character
    at_s: float
    booted_s: float
    boots: int
    epoch: float
    current: Occurrence | None
    latest: Occurrence | None

    @property
    def up_s(self) -> float:
        """Seconds since it booted."""
        return max(0.01, self.at_s - self.booted_s)

    @property
    def boot_id(self) -> bytes:
        """The id of this boot."""
        number = int(chance(*self.one.words, "boot", self.boots) * 2**64)
        return str(UUID(int=number << 64 | number, version=4)).encode()

    @property
    def clock_s(self) -> float:
        """What the host's own clock says (since 1970)."""
        return self.epoch + self.at_s + self.incident.clock_s

    @property
    def incident(self) -> Incident:
        """What goes on."""
        return self.current.incident if self.current else HEALTHY

    @property
    def progress(self) -> float:
        """How near that has come to its worst."""
        return self.current.progress(self.at_s) if self.current else 0.0

    @property
    def killed(self) -> bool:
        """Whether the kernel has killed the process that took the memory."""
        return self.incident.oom and self.progress >= 1.0

    def creeping(self, own: float, worst: float | None) -> float:
        """A ratio on its way from what it was to what an incident makes of it."""
        if worst is None or worst <= own:
            return own
        return own + (worst - own) * self.progress

    def share(self, of: str, worst: float | None) -> float:
        """A ratio that is the host's own, small and steady, but for an incident."""
        return self.creeping(between(0.02, 0.3, *self.one.words, of), worst)

    @property
    def memory_ratio(self) -> float:
        """Used of the memory."""
        own = self.one.memory_ratio + 0.05 * self.one.quiet_wave.value(self.at_s)
        return 0.55 * own if self.killed else self.creeping(own, self.incident.memory)

    def disk_ratio(self, disk: Disk) -> float:
        """Used of a file system; the last one is where the data is."""
        if disk is not self.one.disks[-1]:
            return disk.used_ratio + 0.005 * self.one.quiet_wave.value(self.at_s)
        if self.one.fills_s:
            emptied_s = chance(*self.one.words, "emptied") * self.one.fills_s
            return FILLS_FROM + (FILLS_UP_TO - FILLS_FROM) * (
                (self.at_s + emptied_s) % self.one.fills_s / self.one.fills_s
            )
        own = disk.used_ratio + 0.005 * self.one.quiet_wave.value(self.at_s)
        return self.creeping(own, self.incident.disk)

    def inodes_ratio(self, disk: Disk) -> float:
        """Files of those that are possible."""
        worst = self.incident.inodes if disk is self.one.disks[-1] else None
        return self.creeping(disk.inodes_ratio, worst)

    @property
    def busy(self) -> float:
        """Share of the time with work."""
        shares = self.incident.cpu
        if shares is not None:
            return shares.user + shares.system + shares.steal
        return self.one.level * (1 + self.one.swing * self.one.busy_wave.value(self.at_s))

    @property
    def iowait(self) -> float:
        """Share of the time in which a disk was awaited."""
        return self.incident.cpu.iowait if self.incident.cpu else 0.01

    @property
    def loads(self) -> tuple[float, float, float]:
        """Load averages: they follow what happens slowly, and come down as slowly."""
        one = self.one
        own = one.cores * self.busy * 1.15 if self.current is None else one.cores * one.level
        latest = self.latest
        peak = latest.incident.load_per_core if latest else None
        if latest is None or peak is None:
            return (own, own, own)
        until_s = min(self.at_s, latest.ends_s)
        found = []
        for minutes in LOAD_MINUTES:
            pace_s = 60.0 * minutes
            reached = (peak * one.cores - own) * (1 - exp((latest.began_s - until_s) / pace_s))
            found.append(own + reached * exp((until_s - self.at_s) / pace_s))
        return (found[0], found[1], found[2])

    @property
    def blocked(self) -> int:
        """Tasks that wait for a disk."""
        return round(self.iowait * 8)
