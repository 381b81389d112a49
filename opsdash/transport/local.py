"""This machine: psutil where it has the reading, else the same files and commands as anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from opsdash.core.clock import now
from opsdash.core.errors import HostError
from opsdash.core.examination import ON_THE_WAY, Examination, Examined, Stage, Verdict
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, failed
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, SampleKey
from opsdash.transport import process
from opsdash.transport.base import Completed, Elevation, Heard, Order, Piece
from opsdash.transport.bundle import collect_bundle
from opsdash.transport.channel import Listener, Shell, Talk
from opsdash.transport.frames import pulse_files, read_frame
from opsdash.transport.orders import elevated, no_terminal, run_over
from opsdash.transport.streaming import Streams
from opsdash.transport.tcp import Tcp, open_here

Samples = dict[SampleKey, float]


def read_cpu() -> Samples:
    """psutil's figures under the names of the ``cpu`` collector: CPU seconds since boot."""
    import psutil

    samples: Samples = {}
    busy: dict[str, float] = {}
    for number, times in enumerate(psutil.cpu_times(percpu=True)):
        # guest time is inside user time already
        fields = {k: v for k, v in times._asdict().items() if not k.startswith("guest")}
        samples["cpu.core_total_s", str(number)] = sum(fields.values())
        samples["cpu.core_idle_s", str(number)] = fields["idle"] + fields.get("iowait", 0.0)
        for name, seconds in fields.items():
            busy[name] = busy.get(name, 0.0) + seconds
        samples["cpu.cores", ""] = number + 1.0
    get = busy.get
    samples["cpu.total_s", ""] = sum(busy.values())
    samples["cpu.idle_s", ""] = get("idle", 0.0)
    samples["cpu.iowait_s", ""] = get("iowait", 0.0)
    samples["cpu.user_s", ""] = get("user", 0.0) + get("nice", 0.0)
    samples["cpu.system_s", ""] = get("system", 0.0) + get("irq", 0.0) + get("softirq", 0.0)
    samples["cpu.steal_s", ""] = get("steal", 0.0)
    return samples


def read_load() -> Samples:
    """Load averages over 1, 5 and 15 minutes."""
    import psutil

    names = ("load.one", "load.five", "load.fifteen")
    return {(name, ""): value for name, value in zip(names, psutil.getloadavg(), strict=True)}


def read_network() -> Samples:
    """Counters of every interface since boot."""
    import psutil

    samples: Samples = {}
    for name, nic in psutil.net_io_counters(pernic=True).items():
        samples["network.receive_bytes", name] = float(nic.bytes_recv)
        samples["network.transmit_bytes", name] = float(nic.bytes_sent)
        samples["network.receive_errors", name] = float(nic.errin)
        samples["network.transmit_errors", name] = float(nic.errout)
        samples["network.receive_drops", name] = float(nic.dropin)
        samples["network.transmit_drops", name] = float(nic.dropout)
    return samples


READERS: dict[str, Callable[[], Samples]] = {
    "cpu": read_cpu,
    "load": read_load,
    "network": read_network,
}
"""What psutil reads here, by collector. Memory and disks are parsed from /proc where it is there:
the collectors know of Shmem, and of partitions that psutil would count twice."""


class LocalConnection:
    """This machine, asked in threads so that a slow sweep never holds the screen."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._streams = Streams()

    @property
    def host_key(self) -> str:
        """Nobody has to verify this machine."""
        return ""

    async def pulse(
        self, collectors: Sequence[Collector], interval_s: float
    ) -> AsyncGenerator[list[Reading], None]:
        """The readings of this machine, every interval, for ever."""
        while True:
            yield await asyncio.to_thread(self._sweep, collectors)
            await asyncio.sleep(interval_s)

    def _sweep(self, collectors: Sequence[Collector]) -> list[Reading]:
        at = now()
        parsed = [collector for collector in collectors if collector.name not in READERS]
        contents: dict[str, bytes] = {}
        for path in pulse_files(parsed):
            with suppress(OSError):
                contents[path] = Path(path).read_bytes()
        readings = read_frame(parsed, contents, self._host.name, at)
        for collector in collectors:
            if collector.name in READERS:
                readings.append(self._from_psutil(collector, at))
        return readings

    def _from_psutil(self, collector: Collector, at: float) -> Reading:
        import psutil

        try:
            samples = READERS[collector.name]()
        except (OSError, psutil.Error) as error:
            problem = Problem(ProblemKind.UNSUPPORTED, f"{collector.title}: {error}")
            return failed(collector, self._host.name, at, problem)
        return Reading(self._host.name, collector.name, at, samples, source="psutil")

    async def collect(self, due: Sequence[Collector]) -> list[Reading]:
        """The same bundle as on any host, run by this machine's own shell."""
        return await collect_bundle(self.execute, due, self._host.name)

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run a script by /bin/sh here."""
        argv = ["/bin/sh", "-s"]
        return await process.run(argv, stdin=script, timeout_s=timeout_s, max_bytes=max_bytes)

    async def run(
        self, order: Order, heard: Heard | None = None, *, by: Elevation | None = None
    ) -> Completed:
        """Run an order by /bin/sh here. What wants a terminal to become root gets none."""

        def start(listener: Listener, shell: Shell) -> AbstractAsyncContextManager[Talk]:
            if shell.on_tty:
                raise HostError(no_terminal(self._host.name))
            return process.talk(["/bin/sh", "-c", shell.command], listener)

        return await run_over(start, order, heard, await elevated(self, order, by))

    def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """A stream by /bin/sh here."""

        def start(listener: Listener, shell: Shell) -> AbstractAsyncContextManager[Talk]:
            return process.talk(["/bin/sh", "-c", shell.command], listener)

        return self._streams.over(start, script, beat_s)

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """A connection from this machine."""
        return await open_here(host, port)

    async def close(self) -> None:
        """Nothing is held open."""


class LocalTransport:
    """The way to this machine."""

    async def connect(self, host: Host) -> LocalConnection:
        """This machine is always reached."""
        return LocalConnection(host)

    async def log_in(self, host: Host) -> float:
        """There is no login that could fail."""
        return 0.0

    async def change_fleet(self, hosts: Mapping[str, Host], gone: Collection[str]) -> None:
        """This machine stays the same whatever else there is."""

    @asynccontextmanager
    async def examine(
        self, host: Host, exam: Examination, *, ask: bool
    ) -> AsyncGenerator[LocalConnection, None]:
        """There is no way that could be broken."""
        exam.report(Examined(host.name, Stage.RESOLVE, Verdict.OK, "this machine"))
        for stage in ON_THE_WAY[1:]:
            exam.report(Examined(host.name, stage, Verdict.SKIPPED, "this machine"))
        yield LocalConnection(host)

    def ask_again(self) -> None:
        """Nothing was asked."""

    async def close(self) -> None:
        """Nothing is held open."""
