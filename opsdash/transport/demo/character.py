"""One made-up host each: its name and size, and how it behaves while nothing happens to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, Way
from opsdash.transport.demo.chance import Wave, between, chance, pick, wave
from opsdash.transport.demo.roles import BEHIND_A_BASTION, GIB, ROLES, Role

FEWEST_WITH_A_BASTION = 20
"""In a smaller fleet nobody is behind anybody."""

DAY_S = 86_400.0
WEAK_KEY, WEAK_KEYS = "ssh-rsa 1024", 0.008
"""The host key that so many of the hosts still have from old days."""

FILLING = 0.03
"""So many of the disks with data fill up within hours, and are cleaned when they are full."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of a host: device, where it is mounted, its size, and what of it is used."""

    device: str
    mount: str
    size_kb: int
    used_ratio: float
    inodes_ratio: float


@dataclass(frozen=True, slots=True)
class Character:
    """How a host is. `up_s` is how long it had been up when the demo began; ratios are of 0 to 1.

    `fills_s` is how long the disk with its data takes to fill up, over and over (0: it does not).
    `busy_wave` moves its work, `quiet_wave` what is slower; `level` is the middle of its CPU ratio.
    """

    host: Host
    role: Role
    tape: str
    cores: int
    memory_kb: int
    level: float
    memory_ratio: float
    traffic: float
    disk_ops: float
    disks: tuple[Disk, ...]
    up_s: float
    fills_s: float
    host_key: str
    busy_wave: Wave
    quiet_wave: Wave
    words: tuple[object, ...]

    @property
    def name(self) -> str:
        """The host's name."""
        return self.host.name

    @property
    def chronic(self) -> bool:
        """Whether something has been the matter with it for long: it has a story of its own."""
        return self.fills_s > 0 or self.host_key == WEAK_KEY

    @property
    def tasks(self) -> int:
        """How many threads it has."""
        return 90 + 60 * self.cores

    @property
    def swing(self) -> float:
        """How far its work goes up and down round its middle, so that it is never too much."""
        return min(0.6, 0.85 / self.level - 1)

    @property
    def where(self) -> str:
        """Address and port, as problems name them."""
        return f"{self.host.address}:22"


def characters(count: int, seed: int) -> dict[str, Character]:
    """So many hosts by name, the roles in their shares; for the same seed always the same."""
    roles = _roles(count)
    digits = max(2, len(str(max(roles.count(role) for role in ROLES))))
    numbers = dict.fromkeys((role.name for role in ROLES), 0)
    found: dict[str, Character] = {}
    for role in sorted(roles, key=ROLES.index):
        numbers[role.name] += 1
        made = _character(role, numbers[role.name], digits, seed)
        found[made.name] = made
    if count < FEWEST_WITH_A_BASTION:
        return found
    return {name: _behind(one, found) for name, one in found.items()}


def fleet_of(people: dict[str, Character]) -> Fleet:
    """The fleet that screens and commands work on."""
    hosts = {name: one.host for name, one in people.items()}
    return Fleet(MappingProxyType(hosts), source="demo")


def _roles(count: int) -> list[Role]:
    """The role of each host: always the one that lags most behind its share."""
    given = dict.fromkeys(ROLES, 0)
    chosen = []
    for number in range(1, count + 1):
        role = max(ROLES, key=lambda one: one.share * number - 1000 * given[one])
        given[role] += 1
        chosen.append(role)
    return chosen


LAST_OCTETS = 254
"""Hosts in one /24 network: without .0 and .255."""

NETWORKS_APART = 20
"""Between the /24 networks of one role: more than there are roles."""


def _address(site: int, role: int, number: int) -> str:
    """An IPv4 address for the host of this number (from 1) of a role: no other host has it."""
    more, last = divmod(number - 1, LAST_OCTETS)
    return f"10.{10 * site}.{role + NETWORKS_APART * more}.{last + 1}"


def _character(role: Role, number: int, digits: int, seed: int) -> Character:
    name = f"{role.name}{number:0{digits}}"
    words = (seed, name)
    site = 1 + int(chance(*words, "site") < 0.4) if role.name != "bastion" else 1 + number % 2
    stage = "staging" if chance(*words, "stage") < 0.25 else "prod"
    host = Host(
        name,
        address=_address(site, ROLES.index(role), number),
        user="ops",
        tags=frozenset({role.name, stage, f"dc{site}"}),
        groups=(role.name,),
        way=Way.REPLAY,
    )
    return Character(
        host,
        role,
        pick(role.tapes, *words, "tape"),
        cores=pick(role.cores, *words, "cores"),
        memory_kb=pick(role.memory_gib, *words, "memory") * GIB // 1024 - 1024 * 57,
        level=between(*role.busy, *words, "busy"),
        memory_ratio=between(*role.memory, *words, "used"),
        traffic=_skewed(role.traffic, *words, "traffic"),
        disk_ops=_skewed(role.disk_ops, *words, "ops"),
        disks=_disks(role, words),
        up_s=_skewed((DAY_S / 3, 400 * DAY_S), *words, "up"),
        fills_s=_fills_s(role, words),
        host_key=WEAK_KEY if chance(*words, "key") < WEAK_KEYS else "ssh-ed25519",
        busy_wave=wave(*words, "busy"),
        quiet_wave=wave(*words, "quiet"),
        words=words,
    )


def _fills_s(role: Role, words: tuple[object, ...]) -> float:
    if not role.mount or chance(*words, "fills") >= FILLING:
        return 0.0
    return between(4.0, 16.0, *words, "fills for") * 3600


def _skewed(span: tuple[float, float], *words: object) -> float:
    """Small values are as frequent as large ones are rare."""
    low, high = span
    return float(low * (high / low) ** chance(*words))


def _disks(role: Role, words: tuple[object, ...]) -> tuple[Disk, ...]:
    """The root file system, and one for the data where the role has it."""
    small = "box1" in role.tapes
    root_kb = (8 if small else pick((20, 40, 60), *words, "root")) * GIB // 1024
    used = between(0.15, 0.62, *words, "root used")
    disks = [Disk("/dev/vda1", "/", root_kb, used, between(0.04, 0.3, *words, "root inodes"))]
    if role.mount:
        size_kb = pick(role.data_gib, *words, "data") * GIB // 1024
        used = between(0.25, 0.78, *words, "data used")
        inodes = between(0.01, 0.2, *words, "data inodes")
        disks.append(Disk("/dev/vdb1", role.mount, size_kb, used, inodes))
    return tuple(disks)


def _behind(one: Character, people: dict[str, Character]) -> Character:
    """The same host, reached through the bastion of its data centre where it is one of those."""
    if one.role.name not in BEHIND_A_BASTION:
        return one
    bastions = [other for other in people.values() if other.role.name == "bastion"]
    near = [b for b in bastions if b.host.tags & one.host.tags & {"dc1", "dc2"}] or bastions
    return replace(one, host=replace(one.host, jump=near[0].name)) if near else one
