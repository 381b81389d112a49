"""What happens in the made-up fleet: each incident is a declaration, and comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsdash.core.problem import ProblemKind

SYSTEMD = frozenset({"web1", "db1", "vault1", "rpm1", "suse1", "arch1"})
"""The recorded hosts on which systemd runs."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What the processors do while an incident lasts, as ratios of all their time."""

    user: float = 0.1
    system: float = 0.05
    iowait: float = 0.0
    steal: float = 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that goes wrong on a host, and how it changes what the host says.

    It strikes a round of hosts every `every_s` seconds and lasts `lasts_s` (both vary by a third).
    `roles` and `tapes` say which hosts can have it (none: all). `chronic` is one that may be days
    old when the demo begins.

    `cpu` replaces the shares of the processors, `load_per_core` is where the load goes;
    `swaps_per_s` are pages in each direction, `overflows_per_s` of listen queues. Memory, disk,
    inodes, file handles, threads and tracked connections creep from what they were to these
    ratios; so many processes are `zombies`, or `stuck` waiting for a disk. `disk_ms` is how
    long each of `disk_ops` operations per second takes. `facts` names the recorded fault whose
    output a collector's takes the place of. `broken` is why the host can't be reached, `login`
    why a new login fails though the connection stands; `login_s` is how long one takes.
    """

    name: str
    about: str
    every_s: float = 600.0
    lasts_s: float = 240.0
    roles: frozenset[str] = frozenset()
    tapes: frozenset[str] = frozenset()
    chronic: bool = True
    cpu: Shares | None = None
    load_per_core: float | None = None
    memory: float | None = None
    disk: float | None = None
    inodes: float | None = None
    handles: float | None = None
    threads: float | None = None
    tracked: float | None = None
    disk_ops: float | None = None
    disk_ms: float = 2.0
    errors_per_s: float = 0.0
    drops_per_s: float = 0.0
    swaps_per_s: float = 0.0
    overflows_per_s: float = 0.0
    read_only: bool = False
    zombies: int = 0
    stuck: int = 0
    clock_s: float = 0.0
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    broken: ProblemKind | None = None
    login: ProblemKind | None = None
    login_s: float = 0.4
    reboots: bool = False
    oom: bool = False


INCIDENTS = (
    Incident(
        "disk-fills",
        "a file system fills up until it is full, and is cleaned",
        every_s=420.0,
        lasts_s=400.0,
        disk=0.999,
    ),
    Incident(
        "service-fails",
        "the host's service crashes and stays down until somebody restarts it",
        every_s=400.0,
        lasts_s=260.0,
        tapes=SYSTEMD,
        facts={"units": "service-failed"},
    ),
    Incident(
        "host-down",
        "the host does not answer at all, and comes back",
        every_s=560.0,
        lasts_s=150.0,
        broken=ProblemKind.TIMEOUT,
    ),
    Incident(
        "cpu-busy",
        "a process loops on all cores, and the load climbs",
        every_s=380.0,
        lasts_s=280.0,
        cpu=Shares(0.93, 0.05),
        load_per_core=2.6,
    ),
    Incident(
        "memory-low",
        "more is started than there is memory for, and the host swaps in and out",
        every_s=900.0,
        lasts_s=300.0,
        memory=0.94,
        swaps_per_s=2400.0,
    ),
    Incident(
        "inodes-used-up",
        "small files use up the inodes of a file system",
        every_s=1100.0,
        lasts_s=360.0,
        roles=frozenset({"mail", "build", "web", "queue"}),
        inodes=0.985,
    ),
    Incident(
        "disk-slow",
        "the disk takes a quarter of a second for each operation: everything waits for it",
        every_s=700.0,
        lasts_s=240.0,
        roles=frozenset({"db", "build", "nas", "mon", "mail"}),
        cpu=Shares(0.08, 0.06, iowait=0.72),
        load_per_core=3.1,
        disk_ops=90.0,
        disk_ms=260.0,
    ),
    Incident(
        "cpu-stolen",
        "the hypervisor gives a third and more of the time to others",
        every_s=900.0,
        lasts_s=300.0,
        roles=frozenset({"app", "web", "queue"}),
        cpu=Shares(0.3, 0.08, steal=0.42),
        load_per_core=1.4,
    ),
    Incident(
        "read-only",
        "the kernel makes a file system read-only after an error of the disk",
        every_s=1300.0,
        lasts_s=260.0,
        read_only=True,
    ),
    Incident(
        "network-errors",
        "a bad cable: packets arrive broken and are dropped",
        every_s=1000.0,
        lasts_s=280.0,
        errors_per_s=140.0,
        drops_per_s=60.0,
    ),
    Incident(
        "sshd-down",
        "connections are refused",
        every_s=1000.0,
        lasts_s=140.0,
        broken=ProblemKind.REFUSED,
    ),
    Incident(
        "queue-overflows",
        "a service accepts connections too slowly, and its listen queue overflows",
        every_s=1200.0,
        lasts_s=280.0,
        roles=frozenset({"web", "app", "edge", "cache"}),
        overflows_per_s=35.0,
    ),
    Incident(
        "zombies",
        "a parent does not wait for its children",
        every_s=1400.0,
        lasts_s=360.0,
        zombies=40,
        facts={"processes": "zombies"},
    ),
    Incident(
        "handles-leak",
        "a service opens files and never closes them",
        every_s=1500.0,
        lasts_s=360.0,
        roles=frozenset({"app", "web", "edge", "queue"}),
        handles=0.97,
    ),
    Incident(
        "threads-leak",
        "a service starts threads without end",
        every_s=1600.0,
        lasts_s=360.0,
        roles=frozenset({"app", "queue", "build"}),
        threads=0.97,
    ),
    Incident(
        "connections-flood",
        "more connections come than the table of them can hold",
        every_s=1500.0,
        lasts_s=340.0,
        roles=frozenset({"edge", "web"}),
        tracked=0.98,
    ),
    Incident(
        "storage-hangs",
        "a network mount does not answer: whoever reads from it waits for ever",
        every_s=1500.0,
        lasts_s=480.0,
        roles=frozenset({"build", "app", "mon"}),
        stuck=3,
    ),
    Incident(
        "clock-off",
        "the clock of the host is minutes off",
        every_s=1300.0,
        lasts_s=320.0,
        clock_s=-187.0,
    ),
    Incident(
        "memory-leaks",
        "memory creeps up until the kernel kills the process",
        every_s=640.0,
        lasts_s=420.0,
        tapes=frozenset({"web1", "vault1", "arch1", "rpm1", "db1"}),
        chronic=False,
        memory=0.99,
        oom=True,
        facts={"oom": "oom", "units": "oom"},
    ),
    Incident(
        "service-flaps",
        "a service crashes and is restarted, again and again",
        every_s=900.0,
        lasts_s=420.0,
        tapes=SYSTEMD,
        chronic=False,
        facts={"units": "flapping"},
    ),
    Incident(
        "reboot",
        "the host reboots without a clean shutdown",
        every_s=1300.0,
        lasts_s=50.0,
        chronic=False,
        broken=ProblemKind.TIMEOUT,
        reboots=True,
    ),
    Incident(
        "bastion-down",
        "a jump host dies, and with it the way to the hosts behind it",
        every_s=1500.0,
        lasts_s=130.0,
        roles=frozenset({"bastion"}),
        chronic=False,
        broken=ProblemKind.TIMEOUT,
    ),
    Incident(
        "sshd-hangs",
        "the port is open, but new connections get no answer",
        every_s=1100.0,
        lasts_s=280.0,
        chronic=False,
        login=ProblemKind.NO_BANNER,
    ),
    Incident(
        "logins-slow",
        "each login waits for a directory that does not answer",
        every_s=1000.0,
        lasts_s=420.0,
        chronic=False,
        login_s=8.3,
    ),
    Incident(
        "host-key-changes",
        "the host shows another key than the known one",
        every_s=1700.0,
        lasts_s=300.0,
        chronic=False,
        login=ProblemKind.HOST_KEY_CHANGED,
    ),
    Incident(
        "account-expires",
        "the account has expired: whoever is in stays in, nobody else gets in",
        every_s=1900.0,
        lasts_s=300.0,
        chronic=False,
        login=ProblemKind.ACCOUNT,
    ),
    Incident(
        "keys-refused",
        "the operators' keys are no longer accepted",
        every_s=1800.0,
        lasts_s=300.0,
        chronic=False,
        login=ProblemKind.AUTH,
    ),
)
"""All that can happen; docs/demo.md lists them."""
