"""The figures of a host in a line each: what fits a small screen at one glance."""

from __future__ import annotations

from opsdash.activities.monitor.host_figures import (
    bytes_or_dash,
    gauge,
    lost_packets,
    recent,
    role_of,
    share_or_dash,
)
from opsdash.activities.monitor.host_sections import LABEL, Page, freshness, head, label, missing
from opsdash.core.series import bar
from opsdash.core.text import middle, percent
from opsdash.widgets.line import Line, Role, Span, fit_right, line, width_of

SPARK = 16
INTERFACES = 2
"""The busiest interfaces; all of them are further down."""

HOT_CORE_RATIO = 0.9
"""A core is spoken of from here on, where the average hides it."""


def brief_figures(page: Page) -> list[Line]:
    """CPU, memory, network and disks, each with its present, its recent past and its parts."""
    return [*_cpu(page), *_memory(page), *_network(page), *_disks(page)]


def _cpu(page: Page) -> list[Line]:
    busy = page.state.value("cpu.busy_ratio")
    if busy is None:
        return missing(page, "CPU", "cpu")
    value = page.state.value
    parts = (("us", "user"), ("sy", "system"), ("io", "iowait"), ("st", "steal"))
    spent = " ".join(f"{word} {_points(value(f'cpu.{name}_ratio'))}" for word, name in parts)
    loads = [value(f"load.{span}") for span in ("one", "five", "fifteen")]
    load = " ".join("-" if one is None else f"{one:.1f}" for one in loads)
    trend = recent(page, "cpu.busy_ratio", SPARK)
    gap = " " * (SPARK + 1 - width_of(trend))
    words = Span(f"{gap}{spent}  load {load}", Role.MUTED)
    now = Span(fit_right(percent(busy), 4) + " ", Role.TEXT)
    lines = [line(head("CPU"), now, *trend, words, *freshness(page, "cpu"))]
    cores = page.state.labelled("cpu.core_busy_ratio")
    hottest = max(cores, key=lambda core: cores[core], default="")
    if len(cores) > 1 and cores[hottest] >= HOT_CORE_RATIO > busy:
        hot = f"core {hottest} {percent(cores[hottest])} busy, all {len(cores)} {percent(busy)}"
        lines.append(line(label(""), Span(hot, Role.TEXT)))
    return lines


def _points(ratio: float | None) -> str:
    """A share without its sign: the words around it say what it is."""
    return "-" if ratio is None else percent(ratio).rstrip("%")


def _memory(page: Page) -> list[Line]:
    value = page.state.value
    used = value("memory.used_ratio")
    if used is None:
        return missing(page, "MEMORY", "memory")
    left, all_of_it, cache = (
        bytes_or_dash(value(f"memory.{name}_bytes")) for name in ("available", "total", "cached")
    )
    swap, total = value("memory.swap_used_ratio"), value("memory.swap_total_bytes")
    swapped = f"  swap {share_or_dash(swap)}" if total else ""
    words = f"  {left} of {all_of_it} available", Span(f"  cache {cache}{swapped}", Role.MUTED)
    return [line(head("MEMORY"), *gauge(page, used), *words, *freshness(page, "memory"))]


def _network(page: Page) -> list[Line]:
    """The busiest interfaces; a loopback is none of them."""
    coming = page.state.labelled("network.receive_bytes_per_s")
    going = page.state.labelled("network.transmit_bytes_per_s")
    if not coming:
        return missing(page, "NETWORK", "network")
    own = [name for name in coming if name not in ("", "lo")]
    busiest = sorted(own, key=lambda name: (-coming[name] - going.get(name, 0.0), name))
    lines: list[Line] = []
    for name in busiest[:INTERFACES] or [""]:
        first = label("") if lines else head("NETWORK")
        arrives, leaves = (bytes_or_dash(flow.get(name)) for flow in (coming, going))
        flow = f"in {fit_right(arrives, 6)}/s  out {fit_right(leaves, 6)}/s"
        about = Span(f"  {middle(name or 'all', 20)}", Role.MUTED)
        lines.append(line(first, flow, about, *lost_packets(page, name)))
    trend = recent(page, "network.receive_bytes_per_s", SPARK, relative=True)
    more = f" and {len(own) - INTERFACES} more" if len(own) > INTERFACES else ""
    words = Span(more + ("  in lately " if trend else ""), Role.MUTED)
    lines[0] = (*lines[0], words, *trend, *freshness(page, "network"))
    return lines


def _disks(page: Page) -> list[Line]:
    """The fullest file systems, as many as fit one line, and how busy the disks are."""
    reading = page.reading("filesystem")
    if reading is None or reading.problem:
        return missing(page, "DISKS", "filesystem")
    ratios = reading.labelled("filesystem.used_ratio")
    busy = page.state.labelled("diskio.busy_ratio")
    most = max(busy.values(), default=None)
    own = not page.is_whole_machine("diskio")
    tail = Span(f"  io {percent(most)}" if most is not None and own else "", Role.MUTED)
    parts = line(head("DISKS"))
    room = page.width - width_of((tail,)) - 6
    mounts = sorted(ratios, key=lambda mount: (-ratios[mount], mount))
    for place, mount in enumerate(mounts):
        shown = _mount(page, mount, ratios[mount])
        if width_of(parts) + width_of(shown) > room and width_of(parts) > LABEL:
            parts = (*parts, Span(f"+{len(mounts) - place}", Role.MUTED))
            break
        parts = (*parts, *shown)
    return [(*parts, tail, *freshness(page, "filesystem"))]


def _mount(page: Page, mount: str, used: float) -> Line:
    full, empty = ("#", ".") if page.palette.ascii_only else ("█", "░")
    role = role_of(page, mount)
    drawn = bar(min(used, 1.0), 5, full=full, empty=empty)
    return line(
        Span(f"{middle(mount, 24)} {percent(used)} ", role),
        Span(drawn, Role.MUTED if role is Role.TEXT else role),
        "  ",
    )
