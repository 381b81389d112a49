"""Fleets made by hand for the screens' tests, behind a source that keeps them in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from opsdash.core.audit import AuditEntry, Done
from opsdash.core.errors import HostError
from opsdash.core.event import Event
from opsdash.core.examination import Examination, Examined, Say
from opsdash.core.finding import Episode, Finding, urgency
from opsdash.core.forward import Forward, Tell, Wish
from opsdash.core.health import Health, worst
from opsdash.core.history import Holdings, Stretch
from opsdash.core.host import Host
from opsdash.core.jobs import Jobs, NoJobs
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row, SampleKey
from opsdash.core.series import Ring
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.silencing import silencing
from opsdash.core.snapshot import Change, HostState, Link, LinkState, Snapshot
from tests.log_feeds import KeptLogs
from tests.walks import KeptFiles, KeptLooks, kept_walks

NOW = 1_800_000_000.0
"""The moment at which all made fleets stand still: 2027-01-15 08:00 UTC."""

GIB = 1024.0**3

ACK = Silence(
    "ack1",
    SilenceKind.ACK,
    "web02",
    NOW - 600,
    NOW + 7200,
    "made.check",
    who="tom",
    reason="sunday",
)
"""What somebody has in hand in the made fleets."""

EVIL = "evil[/red][@click=app.quit]x[/]\x1b]52;c;aGk=\x07\x1b[2J\u202eend"
"""What a hostile host may call anything: markup, a clipboard write, clear screen, an override."""


class Silenced:
    """Silences of a made fleet: they hold for its findings as the judge would say."""

    def __init__(self, fleet: Memory) -> None:
        self._fleet = fleet
        self.known: dict[str, Silence] = {
            found.silence.id: found.silence
            for state in fleet.states.values()
            for found in state.findings
            if found.silence is not None
        }

    def in_force(self) -> tuple[Silence, ...]:
        """Those that are not over."""
        return tuple(sorted((one for one in self.known.values() if not one.over), key=_end))

    def add(self, silences: Iterable[Silence]) -> None:
        """Put these in force."""
        self.known |= {one.id: one for one in silences}
        self._tell()

    def end(self, ids: Iterable[str]) -> None:
        """Take these back."""
        self.known |= {name: self.known[name].ended(NOW) for name in ids}
        self._tell()

    def _tell(self) -> None:
        of = silencing(self.in_force())
        fleet = self._fleet
        fleet.rev += 1
        for name, state in fleet.states.items():
            found = [replace(one, silence=of(state.host, one)) for one in state.findings]
            found.sort(key=lambda one: (one.silence is not None, urgency(one)))
            health = worst(one.health for one in found if one.silence is None)
            known = state.health if state.link.state is not LinkState.UP else health
            fleet.states[name] = replace(state, findings=tuple(found), health=known, rev=fleet.rev)


def _end(one: Silence) -> float:
    return one.until


class Forwarded:
    """Forwarded ports that a test puts in; `refuses` is why none can be opened."""

    def __init__(self) -> None:
        self.known: dict[int, Forward] = {}
        self.tells: list[Tell] = []
        self.refuses: Problem | None = None
        self.said = ""

    def all(self) -> tuple[Forward, ...]:
        """Those that are open."""
        return tuple(self.known.values())

    async def open(self, host: str, wish: Wish, tell: Tell) -> Forward:
        """One more."""
        if self.refuses is not None:
            raise HostError(self.refuses)
        self.tells.append(tell)
        made = Forward(len(self.tells), host, wish, NOW, said=self.said)
        self.known[made.id] = made
        return made

    async def close(self, number: int) -> None:
        """One less."""
        self.known.pop(number, None)


class Memory:
    """A fleet source that holds what a test puts in."""

    def __init__(self, states: Iterable[HostState] = (), notices: tuple[str, ...] = ()) -> None:
        self.states = {state.name: state for state in states}
        self.notices = notices
        self.changes: tuple[Change, ...] = ()
        self.polled_by = ""
        self.read_only = ""
        self.done: list[Done] = []
        self.acts: list[AuditEntry] = []
        self.rev = 1
        self.happened: list[Event] = []
        self.silences = Silenced(self)
        self.jobs: Jobs = NoJobs("nothing can be run here")
        self.logs = KeptLogs()
        self.books, self.looks = KeptFiles(), KeptLooks()
        self.walks = kept_walks(self.books, self.looks, lambda: (self.jobs, self.snapshot()), NOW)
        self.asked: list[tuple[str, ...]] = []
        self.waiting_for_root = 0
        self.told_root: list[Callable[[str], None]] = []
        self.touched = 0
        self.wanted: list[tuple[str, ...]] = []
        self.stages: list[Examined] = []
        self.examined: list[tuple[str, bool]] = []
        self.pasts: dict[tuple[str, SampleKey], Stretch] = {}
        self.store_notice = ""
        self.seen_before: list[Episode] = []
        self.stored: dict[float, list[HostState]] = {}
        self.visited: list[float] = []
        self.shells: list[str] = []
        self.shell_ends: list[tuple[str, int | None]] = []
        self.forwards = Forwarded()
        self.shell_argv: tuple[str, ...] = ("ssh", "--", "host")
        self.read: list[tuple[str, SampleKey, float, float]] = []

    def snapshot(self) -> Snapshot:
        """All as it is now."""
        hosts = MappingProxyType(dict(self.states))
        return Snapshot(
            self.rev,
            NOW,
            hosts,
            "hosts.yaml",
            self.notices,
            self.changes,
            self.polled_by,
            self.read_only,
        )

    def changed_since(self, rev: int) -> list[HostState]:
        """Hosts with a later revision."""
        return [state for state in self.states.values() if state.rev > rev]

    async def examine(self, name: str, say: Say, *, ask: bool = False) -> Examination:
        """Say what the test has put in, and remember how it was asked."""
        self.examined.append((name, ask))
        exam = Examination(name, say)
        for one in self.stages:
            exam.report(one)
            await asyncio.sleep(0)
        exam.finish()
        return exam

    async def past(self, host: str, key: SampleKey, since: float, until: float) -> Stretch:
        """What the test says that was, as much of it as is asked for."""
        self.read.append((host, key, since, until))
        made = self.pasts.get((host, key), Stretch(60.0))
        return replace(made, points=[one for one in made.points if since <= one.at < until])

    async def holdings(self, host: str) -> Holdings:
        """All pasts that the test has put in for a host."""
        mine = [(key, made) for (name, key), made in self.pasts.items() if name == host]
        begins = [made.points[0].at for _, made in mine if made.points]
        keys = tuple(key for key, _ in mine)
        return Holdings(keys, min(begins, default=None), self.store_notice)

    async def events(self, since: float) -> list[Event]:
        """What the test says that happened."""
        return [one for one in self.happened if one.at >= since]

    async def audited(self, since: float) -> list[AuditEntry]:
        """What the test says that was done."""
        return [one for one in self.acts if one.at >= since]

    async def episodes(self, host: str) -> list[Episode]:
        """Those that the test has put in."""
        return [one for one in self.seen_before if one.host == host]

    async def last_done(self, host: str, since: float) -> list[Done]:
        """Those that the test has put in."""
        return [one for one in self.done if one.host == host and one.at >= since]

    async def at(self, moment: float) -> Snapshot:
        """The moment of the past that the test has put in, the latest not after this one."""
        stops = [one for one in self.stored if one <= moment]
        states = (
            self.stored[max(stops)] if stops else [HostState(s.host) for s in self.states.values()]
        )
        hosts = {one.name: replace(one, past=True) for one in states}
        self.visited.append(moment)
        return Snapshot(len(self.visited), moment, MappingProxyType(hosts), "hosts.yaml")

    async def stop_next_to(self, moment: float, way: int) -> float | None:
        """The next of those moments."""
        stops = [one for one in self.stored if (one < moment if way < 0 else one > moment)]
        return max(stops, key=lambda one: -way * one, default=None)

    async def shell(self, name: str) -> ShellCommand:
        """Remember who asked; an empty argv refuses as the demo does."""
        self.shells.append(name)
        if not self.shell_argv:
            raise HostError(Problem(ProblemKind.UNSUPPORTED, f"{name} is made up", "go elsewhere"))
        return ShellCommand(name, self.shell_argv)

    async def shell_ended(self, command: ShellCommand, ended: ShellEnd) -> None:
        """Remember how."""
        self.shell_ends.append((command.host, ended.status))

    def touch(self) -> None:
        """Count it."""
        self.touched += 1

    def want(self, name: str, *collectors: str) -> None:
        """Remember it."""
        self.wanted.append((name, *collectors))

    def become_root(self, tell: Callable[[str], None]) -> int:
        """So many hosts wait for a password; what comes of it is the test's to tell."""
        self.told_root.append(tell)
        return self.waiting_for_root

    def refresh(self, names: tuple[str, ...] = ()) -> None:
        """Remember what was asked for."""
        self.asked.append(names)

    def put(self, *states: HostState) -> None:
        """These hosts changed."""
        self.rev += 1
        self.states |= {state.name: replace(state, rev=self.rev) for state in states}


@dataclass
class Clock:
    """A wall clock that a test moves."""

    at: float = NOW
    moves: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at


def ring(values: Iterable[float]) -> Ring:
    """A series of these values, oldest first."""
    made = Ring(120)
    for value in values:
        made.append(value)
    return made


def reading(
    name: str,
    samples: Mapping[SampleKey, float] | None = None,
    rows: tuple[Row, ...] = (),
    *,
    at: float = NOW - 1,
    host: str = "host",
) -> Reading:
    """A collector's reading."""
    return Reading(host, name, at, samples=samples or {}, rows=rows, source=f"/proc/{name}")


def plain(values: Mapping[str, float]) -> dict[SampleKey, float]:
    """Samples without labels."""
    return {(name, ""): value for name, value in values.items()}


def _processes(cpu: float, memory: float) -> tuple[Row, ...]:
    """Processes that take what of these shares of four cores and 16 GiB can be seen."""
    made = (
        (812, "mysql", "mysqld", 0.8 * cpu, 0.7 * memory),
        (81, "root", "node_exporter", 0.1 * cpu, 0.01 * memory),
        (1, "root", "systemd", 0.0, 0.001),
    )
    return tuple(
        {
            "pid": pid,
            "user": user,
            "cores": 4.0 * cores,
            "memory_bytes": 16.0 * GIB * share,
            "io_bytes_s": None,
            "state": "S",
            "name": name,
        }
        for pid, user, name, cores, share in made
    )


EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - it is told, not bound


def port(number: int, name: str, *, address: str = EVERY_ADDRESS, pid: int | None = 81) -> Row:
    """A row of the collector of ports."""
    scope = {EVERY_ADDRESS: "all", "::": "all", "127.0.0.1": "self"}.get(address, "one")
    return {
        "proto": "tcp6" if ":" in address else "tcp",
        "address": address,
        "port": number,
        "scope": scope,
        "user": "root" if pid else "mysql",
        "pid": pid,
        "processes": 1 if pid else 0,
        "unit": f"{name}.service",
        "name": name if pid else "",
    }


def _ports(at: float) -> Reading:
    rows = (
        port(22, "sshd"),
        port(22, "sshd", address="::"),
        port(3306, "mariadb", pid=None),
        port(9100, "node_exporter", address="127.0.0.1"),
    )
    samples: dict[SampleKey, float] = {
        ("ports.listening", ""): 4.0,
        ("ports.connections", "established"): 38.0,
        ("ports.connections", "time-wait"): 3.0,
        ("ports.peer_connections", "10.0.2.11"): 24.0,
        ("ports.peer_connections", "10.0.2.12"): 14.0,
    }
    return reading("ports", samples, rows, at=at)


def readings(
    cpu: float, memory: float, disks: Mapping[str, float], at: float
) -> dict[str, Reading]:
    """What a healthy host delivers."""
    cores: dict[SampleKey, float] = {
        ("cpu.core_busy_ratio", str(core)): min(1.0, cpu * (0.5 + core / 4)) for core in range(4)
    }
    disk_rows: tuple[Row, ...] = tuple(
        {"mount": mount, "device": "/dev/vda1", "type": "ext4", "read_only": False}
        for mount in disks
    )
    disk_samples: dict[SampleKey, float] = {}
    for mount, ratio in disks.items():
        disk_samples["filesystem.used_ratio", mount] = ratio
        disk_samples["filesystem.size_bytes", mount] = 50 * GIB
        disk_samples["filesystem.available_bytes", mount] = 50 * GIB * (1 - ratio)
        disk_samples["filesystem.inodes_used_ratio", mount] = 0.05
    net: dict[SampleKey, float] = {}
    for way, rate in (("receive", 1.2e6), ("transmit", 3.4e5)):
        net[f"network.{way}_bytes_per_s", ""] = rate
        net[f"network.{way}_bytes_per_s", "eth0"] = rate
    disk_io: dict[SampleKey, float] = {}
    for way, rate in (("read", 52_000.0), ("write", 910_000.0)):
        disk_io[f"diskio.{way}_bytes_per_s", ""] = rate
        disk_io[f"diskio.{way}_bytes_per_s", "vda"] = rate
    disk_io["diskio.busy_ratio", "vda"] = 0.08
    shares = {"busy": cpu, "user": cpu * 0.7, "system": cpu * 0.2, "iowait": cpu * 0.1, "steal": 0}
    os_row: Row = {
        "id": "debian",
        "name": "Debian GNU/Linux 12 (bookworm)",
        "version": "12",
        "kernel": "6.1.0-31-amd64",
        "arch": "x86_64",
        "container": "",
        "hostname": "box",
    }
    found = [
        reading(
            "cpu",
            plain({f"cpu.{key}_ratio": value for key, value in shares.items()})
            | cores
            | plain({"cpu.cores": 4}),
            at=at,
        ),
        reading("load", plain({"load.one": 0.42, "load.five": 0.4, "load.fifteen": 0.31}), at=at),
        reading(
            "memory",
            plain(
                {
                    "memory.total_bytes": 16 * GIB,
                    "memory.available_bytes": 16 * GIB * (1 - memory),
                    "memory.used_ratio": memory,
                    "memory.cached_bytes": 4.1 * GIB,
                    "memory.shared_bytes": 0.2 * GIB,
                    "memory.swap_total_bytes": 2 * GIB,
                    "memory.swap_used_bytes": 0.1 * GIB,
                    "memory.swap_used_ratio": 0.05,
                }
            ),
            at=at,
        ),
        reading("uptime", plain({"uptime.up_s": 81 * 86400.0}), at=at),
        reading("network", net, at=at),
        reading("diskio", disk_io, at=at),
        reading(
            "pressure",
            plain(
                {
                    "pressure.cpu_some_ratio": 0.04,
                    "pressure.memory_some_ratio": 0.0,
                    "pressure.memory_full_ratio": 0.0,
                    "pressure.io_some_ratio": 0.11,
                    "pressure.io_full_ratio": 0.03,
                }
            ),
            at=at,
        ),
        reading("filesystem", disk_samples, disk_rows, at=at),
        reading("units", at=at),
        reading("os", rows=(os_row,), at=at),
        reading("top", plain({"top.seen": 212}), _processes(cpu, memory), at=at),
        _ports(at),
    ]
    return {made.collector: made for made in found}


@dataclass(frozen=True)
class Figures:
    """The numbers of a made host."""

    cpu: float = 0.12
    memory: float = 0.4
    disks: Mapping[str, float] = field(default_factory=lambda: {"/": 0.41, "/var": 0.3})
    age_s: float = 1.0


def up(name: str, *findings: Finding, figures: Figures = Figures()) -> HostState:
    """A host that is connected and delivers."""
    at = NOW - figures.age_s
    wave = [figures.cpu * (0.6 + 0.4 * ((step * 7) % 10) / 10) for step in range(60)]
    series = {
        "cpu.busy_ratio": ring(wave),
        "memory.used_ratio": ring([figures.memory] * 60),
    }
    return HostState(
        host=Host(name, address="10.0.4.3", tags=frozenset({"prod", name.rstrip("0123456789")})),
        rev=1,
        health=worst(finding.health for finding in findings),
        link=Link(LinkState.UP, since=NOW - 5000, last_up=NOW - 1),
        at=at,
        readings=MappingProxyType(readings(figures.cpu, figures.memory, figures.disks, at)),
        findings=tuple(sorted(findings, key=urgency)),
        series=MappingProxyType(series),
    )


def with_readings(state: HostState, *others: Reading) -> HostState:
    """The same host with these readings in place of its own."""
    return replace(state, readings={**state.readings, **{r.collector: r for r in others}})


def down(name: str, kind: ProblemKind = ProblemKind.TIMEOUT, text: str = "") -> HostState:
    """A host that can't be reached since 11 minutes."""
    problem = Problem(kind, text or f"no answer from {name} within 10 s")
    link = Link(LinkState.DOWN, NOW - 660, problem, last_up=NOW - 662, retry_at=NOW + 42)
    return HostState(Host(name, address="10.0.4.9"), 1, Health.DOWN, link)


def connecting(name: str) -> HostState:
    """A host that was never reached yet."""
    return HostState(Host(name), 1, Health.UNKNOWN, Link(LinkState.CONNECTING, NOW - 1))


def wrong(host: str, health: Health, summary: str, age_s: float = 360, **more: object) -> Finding:
    """A finding; `more` are further fields of it."""
    made = Finding("made.check", host, health, summary, since=NOW - age_s)
    return replace(made, **more)  # type: ignore[arg-type]


def disk_full(host: str) -> Finding:
    """The finding that most examples show."""
    return wrong(
        host,
        Health.CRIT,
        "/var 97% full, 1.5G left, limit 95%",
        check="disk-full",
        subject="/var",
        evidence="/dev/vda3 ext4 50G 48G 1.5G 97% /var",
        advice="find what grows: du -xh /var | sort -h | tail; then rotate or extend",
        new=True,
    )


def mixed_fleet() -> list[HostState]:
    """Twenty-four hosts with one of everything that can be the matter."""
    stale = Figures(cpu=0.31, age_s=75)
    busy = Figures(cpu=0.97, memory=0.52)
    sick = [
        up(
            "db3",
            disk_full("db3"),
            wrong("db3", Health.WARN, "swap 81% used, limit 80%", 900, check="memory-low"),
            wrong("db3", Health.WARN, "clock off by 2.1 s, limit 1 s", 86400, check="clock-off"),
            figures=Figures(0.22, 0.61, {"/": 0.41, "/var": 0.97}),
        ),
        up(
            "web07",
            wrong(
                "web07",
                Health.CRIT,
                "nginx.service failed (exit-code)",
                660,
                evidence="nginx.service loaded failed failed A high performance web server",
                advice="journalctl -u nginx.service -n 50",
                new=True,
            ),
        ),
        down("build2"),
        down("vault1", ProblemKind.HOST_KEY_CHANGED, "the host key of vault1 changed"),
        up("edge4", wrong("edge4", Health.WARN, "load 18.2 on 4 cores", 240), figures=busy),
        up("web02", wrong("web02", Health.WARN, "reboot required (kernel)", 1641600, silence=ACK)),
        replace(up("cache9", figures=stale), health=Health.UNKNOWN),
        connecting("new1"),
    ]
    fine = [
        up(f"{kind}{number}") for kind in ("app", "cache", "edge", "web") for number in range(4)
    ]
    return [*fine, *sick]


def hostile_fleet() -> list[HostState]:
    """Hosts whose every word is an attack."""
    sick = up(EVIL, wrong(EVIL, Health.CRIT, EVIL, evidence=EVIL, advice=EVIL, subject=EVIL))
    row: Row = {"unit": EVIL, "description": EVIL, "result": EVIL}
    units = reading("units", rows=(row,))
    mounts = reading("filesystem", {("filesystem.used_ratio", EVIL): 0.5})
    hostile = replace(sick, readings={**sick.readings, "units": units, "filesystem": mounts})
    lost = down("lost", ProblemKind.NO_BANNER, EVIL)
    return [hostile, lost]


def many(count: int) -> list[HostState]:
    """A large fleet, one host in twenty sick."""
    return [
        up(f"node{number:04}", *_sick_sometimes(f"node{number:04}", number))
        for number in range(count)
    ]


def _sick_sometimes(name: str, number: int) -> tuple[Finding, ...]:
    sick = number % 20 == 7
    return (wrong(name, Health.WARN, f"load {number} on 4 cores", number),) if sick else ()


def _silent(output: object, host: str, at: float) -> Reading:
    return Reading(host, "made", at)


def _collector(name: str, tier: Tier, *, machine_wide: bool = False) -> Collector:
    made = Collector(name, name, tier, parse=_silent, every_s=60.0)
    return replace(made, machine_wide=machine_wide)


COLLECTORS = {
    made.name: made
    for made in (
        _collector("cpu", Tier.PULSE),
        _collector("memory", Tier.PULSE),
        _collector("pressure", Tier.PULSE, machine_wide=True),
        _collector("filesystem", Tier.FACTS),
        _collector("units", Tier.FACTS),
        _collector("os", Tier.FACTS),
        _collector("inventory", Tier.DEMAND, machine_wide=True),
        replace(_collector("logins", Tier.FACTS), needs_root=True),
    )
}
"""A registry that does not change when a real collector does."""
