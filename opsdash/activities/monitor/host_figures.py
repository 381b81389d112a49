"""The sections of the host page that are numbers: CPU, memory, pressure, network, disks."""

from __future__ import annotations

from opsdash.activities.monitor.capacity import time_to_full_s
from opsdash.activities.monitor.host_sections import LABEL, Page, freshness, head, label, missing
from opsdash.core.series import bar, spark
from opsdash.core.text import duration, middle, percent, size
from opsdash.widgets.line import ROLES, Line, Role, Span, fit, fit_right, line

PRESSURES = (
    ("cpu some", "pressure.cpu_some_ratio"),
    ("memory some", "pressure.memory_some_ratio"),
    ("full", "pressure.memory_full_ratio"),
    ("io some", "pressure.io_some_ratio"),
    ("full", "pressure.io_full_ratio"),
)
BAR = 16
NAME = 12


def cpu_section(page: Page) -> list[Line]:
    """How busy the CPUs are, what with, and each core."""
    busy = page.state.value("cpu.busy_ratio")
    if busy is None:
        return missing(page, "CPU", "cpu")
    first = line(head("CPU"), *gauge(page, busy), *freshness(page, "cpu"))
    lines = [first, line(label("recent"), *recent(page, "cpu.busy_ratio", page.width - LABEL))]
    lines.append(line(label(""), Span(_spent(page), Role.MUTED)))
    return [*lines, *_cores(page), _load(page)]


def _spent(page: Page) -> str:
    shares = (("user", "user"), ("system", "system"), ("io wait", "iowait"), ("steal", "steal"))
    return "  ".join(
        f"{name} {share_or_dash(page.state.value(f'cpu.{metric}_ratio'))}"
        for name, metric in shares
    )


def _cores(page: Page) -> list[Line]:
    """One character per core, and the busiest in words: one hot core hides in an average."""
    cores = page.state.labelled("cpu.core_busy_ratio")
    if not cores:
        return []
    shown = list(cores.values())[: max(8, page.width - 32)]
    picture = spark(shown, len(shown), blocks=page.palette.blocks)
    hottest = max(cores, key=lambda core: cores[core])
    words = f"  busiest {hottest}: {percent(cores[hottest])} of {len(cores)}"
    return [line(label("cores"), Span(picture, Role.TEXT), Span(words, Role.MUTED))]


def _load(page: Page) -> Line:
    values = [page.state.value(f"load.{span}") for span in ("one", "five", "fifteen")]
    text = "  ".join("-" if value is None else f"{value:.2f}" for value in values)
    return line(label("load"), text, Span("  of 1, 5, 15 minutes", Role.MUTED))


def memory_section(page: Page) -> list[Line]:
    """Memory and swap: used of how much, and what can be had back."""
    used, total = page.state.value("memory.used_ratio"), page.state.value("memory.total_bytes")
    if used is None:
        return missing(page, "MEMORY", "memory")
    available = page.state.value("memory.available_bytes")
    words = f"{bytes_or_dash(available)} of {bytes_or_dash(total)} available"
    parts = (("cache", "cached_bytes"), ("shared", "shared_bytes"))
    more = "  ".join(
        f"{name} {bytes_or_dash(page.state.value(f'memory.{key}'))}" for name, key in parts
    )
    return [
        line(head("MEMORY"), *gauge(page, used), f"  {words}", *freshness(page, "memory")),
        line(label("recent"), *recent(page, "memory.used_ratio", page.width - LABEL)),
        line(label(""), Span(more, Role.MUTED)),
        _swap(page),
    ]


def _swap(page: Page) -> Line:
    total = page.state.value("memory.swap_total_bytes")
    used = page.state.value("memory.swap_used_bytes")
    if total is None or used is None:
        return line(label("swap"), "-")
    if not total:
        return line(label("swap"), Span("none", Role.MUTED))
    ratio = page.state.value("memory.swap_used_ratio") or used / total
    return line(label("swap"), *gauge(page, ratio), f"  {size(used)} of {size(total)} used")


def pressure_section(page: Page) -> list[Line]:
    """PSI: the share of time in which tasks waited for CPU, memory or disks."""
    reading = page.reading("pressure")
    if reading is None or reading.problem:
        return missing(page, "PRESSURE", "pressure")
    text = "  ".join(f"{words} {share_or_dash(reading.get(metric))}" for words, metric in PRESSURES)
    about = Span("share of time in which tasks waited", Role.MUTED)
    first = line(head("PRESSURE"), about, *freshness(page, "pressure"))
    return [first, line(label(""), text)]


def network_section(page: Page) -> list[Line]:
    """Bytes per second in and out, per interface, and what is lost on the way."""
    coming = page.state.labelled("network.receive_bytes_per_s")
    going = page.state.labelled("network.transmit_bytes_per_s")
    if not coming:
        return missing(page, "NETWORK", "network")
    lines = [line(head("NETWORK"), _heads("in/s", "out/s"), *freshness(page, "network"))]
    for name in sorted(coming):
        row = _row(name or "all", bytes_or_dash(coming[name]), bytes_or_dash(going.get(name)))
        lines.append((*row, *lost_packets(page, name)))
    return lines


def lost_packets(page: Page, name: str) -> Line:
    """What an interface loses in packets per second, by kind; nothing where it loses none."""
    words = []
    for kind in ("error", "drop"):
        ways = ("receive", "transmit")
        found = [page.state.value(f"network.{way}_{kind}s_per_s", name) for way in ways]
        per_s = sum(one for one in found if one)
        words += [f"  {per_s:.1f} {kind}s/s"] if per_s else []
    return (Span("".join(words), Role.WARN),) if words else ()


def disk_io_section(page: Page) -> list[Line]:
    """Bytes per second read and written, and how busy each disk is."""
    reads = page.state.labelled("diskio.read_bytes_per_s")
    writes = page.state.labelled("diskio.write_bytes_per_s")
    busy = page.state.labelled("diskio.busy_ratio")
    if not reads:
        return missing(page, "DISK IO", "diskio")
    titles = _heads("read/s", "write/s", "busy")
    lines = [line(head("DISK IO"), titles, *freshness(page, "diskio"))]
    for name in sorted(reads):
        share = share_or_dash(busy[name]) if name in busy else ""
        lines.append(
            _row(name or "all", bytes_or_dash(reads[name]), bytes_or_dash(writes.get(name)), share)
        )
    return lines


def file_systems_section(page: Page) -> list[Line]:
    """Every file system, the fullest first: used, available, inodes where those are the problem."""
    reading = page.reading("filesystem")
    if reading is None or reading.problem:
        return missing(page, "DISKS", "filesystem")
    lines = [line(head("DISKS"), Span("the fullest first", Role.MUTED))]
    lines[0] = (*lines[0], *freshness(page, "filesystem"))
    ratios = reading.labelled("filesystem.used_ratio")
    mounts = sorted(ratios, key=lambda mount: (-ratios[mount], mount))
    return [*lines, *(_file_system(page, mount, ratios[mount]) for mount in mounts)]


def _file_system(page: Page, mount: str, used: float) -> Line:
    about = {str(row.get("mount")): row for row in page.state.rows("filesystem")}.get(mount, {})
    inodes = page.state.value("filesystem.inodes_used_ratio", mount)
    left = page.state.value("filesystem.available_bytes", mount)
    notes = [str(about.get("type") or "")]
    notes += ["read-only"] if about.get("read_only") else []
    notes += [f"inodes {percent(inodes)}"] if inodes is not None and inodes > used else []
    full_s = time_to_full_s(page.state, mount)
    notes += [f"full in {duration(full_s)}"] if full_s is not None else []
    room = max(NAME, page.width - LABEL - 1 - BAR - 5 - 12 - 18)
    name = fit(middle(mount, room), room)
    free = fit_right(f"{bytes_or_dash(left)} free", 12)
    words = Span("  " + " ".join(note for note in notes if note), Role.MUTED)
    return line(label(""), name, " ", *gauge(page, used, role_of(page, mount)), free, words)


def gauge(page: Page, ratio: float, role: Role = Role.TEXT) -> tuple[Span, ...]:
    """Percent and a bar; only what is really full looks full."""
    full, empty = ("#", ".") if page.palette.ascii_only else ("█", "░")
    shown = ratio if ratio >= 1 else min(ratio, 1 - 1 / BAR)
    drawn = bar(shown, BAR, full=full, empty=empty)
    filled = drawn.rstrip(empty)
    parts = Span(filled, role), Span(drawn[len(filled) :], Role.MUTED)
    return (Span(fit_right(percent(ratio), 4) + " ", role), *parts)


def role_of(page: Page, subject: str) -> Role:
    """The colour of what a finding speaks of: the worst one, as findings are sorted."""
    found = (ROLES[f.health] for f in page.state.findings if f.subject == subject)
    return next(found, Role.TEXT)


def recent(page: Page, metric: str, width: int, *, relative: bool = False) -> Line:
    """The last minutes of a metric, the newest at the right; what is no share of anything is drawn
    `relative` to the most that it was.
    """
    ring = page.state.series.get(metric)
    if ring is None or width < 1:
        return ()
    values = ring.tail(min(width, 120))
    top = max((one for one in values if one > 0), default=1.0) if relative else 1.0
    picture = spark(values, 0, top=top, blocks=page.palette.blocks)
    return (Span(picture, Role.MUTED),)


def _heads(*titles: str) -> Span:
    return Span(" " * NAME + "".join(fit_right(title, 10) for title in titles), Role.MUTED)


def _row(name: str, *figures: str) -> Line:
    cells = "".join(fit_right(figure, 10) for figure in figures)
    return line(label(""), fit(middle(name, NAME), NAME), cells)


def share_or_dash(ratio: float | None) -> str:
    """A ratio in percent, or a dash where it is not known."""
    return "-" if ratio is None else percent(ratio)


def bytes_or_dash(count: float | None) -> str:
    """Bytes in the largest unit that fits, or a dash where they are not known."""
    return "-" if count is None else size(count)
