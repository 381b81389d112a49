"""The host page: everything that is known, how old it is, and why the rest is not."""

from __future__ import annotations

from dataclasses import replace

from opsdash.activities.monitor.host_panel import WANTED
from opsdash.core.health import Health
from opsdash.core.host import Host, Sudo
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from tests.fleet_states import NOW, Figures, disk_full, reading, up, with_readings
from tests.screens import Stage, on_stage

TALL = (80, 90)


async def page_of(stage: Stage) -> list[str]:
    """The lines of the first host's page."""
    await stage.press("enter")
    return stage.lines


def line_of(lines: list[str], start: str) -> str:
    return next(line for line in lines if line.startswith(start))


async def test_a_containers_pressure_is_said_to_be_the_whole_machines() -> None:
    async with on_stage([replace(up("box"), container="lxc")], TALL) as stage:
        lines = await page_of(stage)
        assert line_of(lines, "PRESSURE").endswith("whole machine")
        assert not line_of(lines, "CPU").endswith("whole machine")


async def test_a_real_machines_pressure_is_its_own() -> None:
    async with on_stage([up("box")], TALL) as stage:
        assert "whole machine" not in "\n".join(await page_of(stage))


async def test_failed_units_are_named_with_their_end() -> None:
    row: Row = {"unit": "nginx.service", "description": "A web server", "result": "exit-code"}
    state = with_readings(up("web"), reading("units", rows=(row,)))
    async with on_stage([state], TALL) as stage:
        text = "\n".join(await page_of(stage))
        assert "UNITS      1 unit failed" in text
        assert "nginx.service  exit-code A web server" in text


async def test_a_source_that_failed_says_why_and_what_would_help() -> None:
    problem = Problem(ProblemKind.DENIED, "systemctl: permission denied")
    state = with_readings(up("web"), Reading("web", "units", NOW - 1, problem=problem))
    async with on_stage([state], TALL) as stage:
        lines = await page_of(stage)
        assert line_of(lines, "UNITS") == "UNITS      -  systemctl: permission denied"
        assert "needs root, or a group that" in line_of(lines, "units ")


async def test_a_block_that_is_overdue_shows_its_age_and_the_others_do_not() -> None:
    state = up("web")
    late = replace(state.readings["filesystem"], at=NOW - 600)
    async with on_stage([with_readings(state, late)], TALL) as stage:
        lines = await page_of(stage)
        assert line_of(lines, "DISKS").endswith("10m old?")
        assert line_of(lines, "filesystem") == "filesystem 10m old?  /proc/filesystem"
        assert "old?" not in line_of(lines, "SYSTEM")


async def test_a_slow_source_between_two_turns_is_not_overdue() -> None:
    state = up("web")
    resting = replace(state.readings["filesystem"], at=NOW - 90)
    async with on_stage([with_readings(state, resting)], TALL) as stage:
        assert not line_of(await page_of(stage), "DISKS").endswith("old?")


async def test_only_what_is_full_looks_full() -> None:
    samples = {("filesystem.used_ratio", "/"): 0.99, ("filesystem.used_ratio", "/srv"): 1.0}
    async with on_stage([with_readings(up("db"), reading("filesystem", samples))], TALL) as stage:
        text = "\n".join(await page_of(stage))
        assert " 99% " + "█" * 15 + "░" in text
        assert "100% " + "█" * 16 in text


async def test_the_figures_of_what_is_sick_have_its_colour() -> None:
    figures = Figures(disks={"/": 0.41, "/var": 0.97})
    async with on_stage([up("db", disk_full("db"), figures=figures)], TALL) as stage:
        lines = await page_of(stage)
        row = next(y for y, line in enumerate(lines) if line.startswith(" " * 11 + "/var "))
        strip = stage.app.screen._compositor.render_strips()[row]
        gauge = next(part for part in strip if "97%" in part.text)
        assert gauge.style is not None
        assert gauge.style.color is not None
        assert gauge.style.color.name == stage.app.look().theme.health[Health.CRIT]


async def test_how_it_is_reached_stands_on_the_page() -> None:
    host = Host(
        "vault",
        address="10.9.0.7",
        port=2222,
        user="ops",
        jump="bastion",
        tags=frozenset({"prod", "eu"}),
        sudo=Sudo.NONE,
    )
    async with on_stage([replace(up("vault"), host=host)], TALL) as stage:
        lines = await page_of(stage)
        assert line_of(lines, "address") == "address    10.9.0.7:2222 as ops"
        assert line_of(lines, "through") == "through    bastion"
        assert line_of(lines, "tags") == "tags       eu prod"
        assert line_of(lines, "sudo") == "sudo       never used here"


async def test_how_root_is_become_is_said_once_it_was_found_out() -> None:
    asks = Problem(ProblemKind.DENIED, "needs root: sudo asks for a password")
    denied = Reading("a", "logins", NOW, problem=asks)
    for found, said in (
        ((), "found out when it is needed"),
        ((denied,), "sudo asks for a password"),
        ((reading("logins"),), "works: what needs root was read"),
    ):
        async with on_stage([with_readings(up("a"), *found)], TALL) as stage:
            assert line_of(await page_of(stage), "sudo") == f"sudo       {said}"


async def test_a_host_that_left_the_fleet_is_said_to_be_gone() -> None:
    async with on_stage([up("a"), up("b")]) as stage:
        await stage.press("enter")
        del stage.source.states["a"]
        stage.source.put(up("b"))
        await stage.draw()
        assert stage.lines[1:3] == ["a is not in the fleet", "f jumps to a host, 1 shows the fleet"]


def processes(*, io: bool = True) -> Reading:
    """A list of three processes."""
    rows = tuple(
        {
            "pid": pid,
            "user": "root",
            "cores": cores,
            "memory_bytes": memory,
            "io_bytes_s": drawn if io else None,
            "state": "D" if name == "dd" else "S",
            "name": name,
        }
        for pid, name, cores, memory, drawn in (
            (7, "java", 0.2, 5.5e9, 0.0),
            (812, "stress", 0.97, 1e6, 0.0),
            (9, "dd", 0.1, 2e6, 3e8),
        )
    )
    return Reading("web", "top", NOW - 1, {("top.seen", ""): 240.0}, rows, source="/proc")


def named(lines: list[str]) -> list[str]:
    """The processes on the page, from the top."""
    at = next(place for place, line in enumerate(lines) if line.startswith("TOP "))
    rows = lines[at + 2 : at + 5]
    return [row.split()[5] for row in rows]


async def test_processes_are_sorted_by_what_a_key_chooses() -> None:
    async with on_stage([with_readings(up("web"), processes())], TALL) as stage:
        lines = await page_of(stage)
        assert line_of(lines, "TOP") == "TOP        by CPU (o: next, P: all) of 240 processes"
        assert named(lines) == ["stress", "java", "dd"]
        await stage.press("o")
        assert named(stage.lines)[0] == "java"
        await stage.press("o")
        assert line_of(stage.lines, "TOP").startswith("TOP        by disk")
        assert "286M" in next(line for line in stage.lines if line.endswith("waits for a disk"))


async def test_a_login_that_may_not_see_who_reads_and_writes_is_told_so() -> None:
    async with on_stage([with_readings(up("web"), processes(io=False))], TALL) as stage:
        await stage.press("enter", "o", "o")
        assert "reads and writes of processes: only root may see them" in stage.text


async def test_where_root_is_had_who_reads_and_writes_is_named() -> None:
    """With what else is known of them, and how old that is."""
    moved: tuple[Row, ...] = (
        {"pid": 9, "start": 1, "user": "ops", "io_bytes_s": 3e8, "state": "D", "name": "dd"},
        {"pid": 77, "start": 1, "user": "root", "io_bytes_s": 1e6, "state": "S", "name": "rsync"},
    )
    root = Reading("web", "procio", NOW - 3, {("procio.seen", ""): 240.0}, moved)
    state = with_readings(up("web"), processes(io=False), root)
    async with on_stage([state], TALL) as stage:
        await stage.press("enter", "o", "o")
        lines = stage.lines
    assert "as root saw it 3s ago" in line_of(lines, "TOP")
    at = lines.index(line_of(lines, "TOP"))
    assert [line.split()[:6] for line in lines[at + 2 : at + 4]] == [
        ["10", "1.9M", "286M", "9", "ops", "dd"],
        ["-", "-", "977K", "77", "root", "rsync"],
    ]


async def test_the_open_page_alone_wants_the_processes() -> None:
    state = up("web")
    found = {name: one for name, one in state.readings.items() if name != "top"}
    async with on_stage([replace(state, readings=found)], TALL) as stage:
        assert not stage.source.wanted
        assert "asked for while this page is open" in "\n".join(await page_of(stage))
        assert set(stage.source.wanted) == {("web", *WANTED)}
        await stage.press("p")
        asked = len(stage.source.wanted)
        await stage.draw()
        assert len(stage.source.wanted) == asked


async def test_hardware_is_told_with_the_worst_in_colour() -> None:
    array: Row = {
        "kind": "array",
        "name": "md0",
        "level": "raid1",
        "state": "active",
        "failed": "sdb1",
    }
    samples = {
        ("hardware.temperature_celsius", "cpu"): 94.0,
        ("hardware.temperature_limit_celsius", "cpu"): 100.0,
        ("hardware.temperature_ratio", "cpu"): 0.94,
        ("hardware.array_devices", "md0"): 2.0,
        ("hardware.array_missing", "md0"): 1.0,
        ("hardware.array_rebuild_ratio", "md0"): 0.12,
        ("hardware.fan_rpm", "fan1"): 1180.0,
        ("hardware.fan_rpm", "fan2"): 0.0,
        ("hardware.memory_corrected", "mc0"): 3.0,
        ("hardware.supply_online", "PSU1"): 0.0,
    }
    lost: Row = {"kind": "disk", "name": "sdb", "model": "ST4000", "state": "offline"}
    link: Row = {"kind": "link", "name": "eno1", "duplex": "half", "driver": "igb"}
    bond: Row = {
        "kind": "bond",
        "name": "bond0",
        "mode": "802.3ad",
        "members": "eno1 eno2",
        "down": "eno2",
    }
    supply: Row = {
        "kind": "supply",
        "name": "power supply 2",
        "said": "Power Supply AC lost",
        "bad": "warning",
    }
    fan: Row = {"kind": "sensor", "name": "FAN 2 (31h)", "said": "0 RPM", "bad": "critical"}
    unit: Row = {"name": "rack", "model": "Smart-UPS 1500", "state": "on battery"}
    speed = {("links.speed_bits_per_s", "eno1"): 1e9}
    state = with_readings(
        up("web"),
        Reading("web", "hardware", NOW - 1, samples, (array, lost)),
        Reading("web", "links", NOW - 1, speed, (link, bond)),
        Reading("web", "bmc", NOW - 1, {}, (supply, fan)),
        Reading("web", "ups", NOW - 1, {("ups.runtime_s", "rack"): 900.0}, (unit,)),
    )
    async with on_stage([state], TALL) as stage:
        text = "\n".join(await page_of(stage))
    assert "power      supply 2: Power Supply AC lost" in text
    assert "sensor     FAN 2 (31h): 0 RPM" in text
    assert "UPS        rack Smart-UPS 1500  on battery, lasts 15m" in text
    assert "disk       sdb ST4000 offline" in text
    assert "bond       bond0 802.3ad of eno1 eno2  DOWN: eno2" in text
    assert "array      md0 raid1 active  1 of 2 devices  rebuild 12%" in text
    assert "heat       94 C of 100 C  cpu" in text
    assert "fans       1 of 2 turn  1180 to 1180 rpm" in text
    assert "ECC        3 errors mended, 0 not, since boot" in text
    assert "link       eno1 1000 Mbit/s HALF DUPLEX" in text
    assert "power      PSU1 has no mains" in text


async def test_what_a_host_tells_nothing_of_is_absent() -> None:
    state = with_readings(up("web"), Reading("web", "hardware", NOW - 1))
    async with on_stage([state], TALL) as stage:
        assert not any("HARDWARE" in one for one in await page_of(stage))


async def test_disks_are_told_with_the_worst_first() -> None:
    well: Row = {
        "kind": "disk",
        "name": "nvme0",
        "model": "PM961",
        "serial": "",
        "state": "ok",
        "failing": "",
        "worn": "",
        "attributes": "",
        "note": "",
    }
    bad: Row = {**well, "name": "sda", "state": "failed", "failing": "Reallocated_Sector_Ct"}
    asleep: Row = {**well, "name": "sdb", "state": "asleep"}
    pool: Row = {
        "kind": "pool",
        "name": "tank",
        "state": "DEGRADED",
        "devices": "sdc UNAVAIL",
        "scan": "",
    }
    thin: Row = {"kind": "volume", "name": "pve/data", "fault": "is out of space"}
    inside: Row = {"kind": "volume", "name": "pve/vm", "fault": ""}
    group: Row = {"kind": "group", "name": "pve", "partial": True}
    samples = {
        ("storage.disk_reallocated_sectors", "sda"): 4015.0,
        ("storage.disk_celsius", "nvme0"): 30.0,
        ("storage.disk_worn_ratio", "nvme0"): 0.03,
        ("storage.disk_hours", "nvme0"): 1861.0,
        ("storage.pool_used_ratio", "tank"): 0.82,
        ("storage.scrub_age_s", "tank"): 86400.0 * 9,
        ("storage.pool_used_ratio", "pve/data"): 1.0,
        ("storage.group_size_bytes", "pve"): 5e11,
        ("storage.group_free_bytes", "pve"): 2.0**34,
    }
    rows = (asleep, well, bad, pool, thin, inside, group)
    mirror: Row = {
        "kind": "volume",
        "name": "c0 v0/0",
        "what": "RAID5",
        "state": "degraded",
        "bad": "critical",
    }
    drive: Row = {**mirror, "kind": "drive", "name": "c0 s252:2", "what": "INTEL", "state": "bad"}
    fine: Row = {**drive, "name": "c0 s252:3", "state": "Onln", "bad": ""}
    state = with_readings(
        up("web"),
        Reading("web", "storage", NOW - 1, samples, rows),
        Reading("web", "raid", NOW - 1, {}, (mirror, drive, fine)),
    )
    async with on_stage([state], TALL) as stage:
        text = "\n".join(await page_of(stage))
    disks = [line.strip() for line in text.splitlines() if "PM961" in line]
    assert disks == [
        "disk       sda  PM961  FAILS, Reallocated_Sector_Ct, 4015 replaced",
        "disk       nvme0  PM961  well, worn 3%, 30 C, on for 78d",
        "disk       sdb  PM961  asleep",
    ]
    assert "raid       c0 v0/0  RAID5  degraded" in text
    assert "raid       c0 s252:2  INTEL  bad" in text
    assert "s252:3" not in text
    assert "zfs        tank DEGRADED  82% full  sdc UNAVAIL  scrubbed 9d ago" in text
    assert "lvm        pve/data  is out of space  100% full" in text
    assert "pve/vm" not in text
    assert "group      pve  16G of 466G free  LACKS A DISK" in text


async def test_storage_without_root_says_so_and_in_a_container_is_the_machines() -> None:
    denied = Problem(ProblemKind.DENIED, "needs root: sudo asks for a password")
    state = with_readings(up("web"), Reading("web", "storage", NOW - 1, problem=denied))
    async with on_stage([state], TALL) as stage:
        assert "needs root" in line_of(await page_of(stage), "STORAGE")
    async with on_stage([replace(state, container="lxc")], TALL) as stage:
        assert not [one for one in await page_of(stage) if "STORAGE" in one]


async def test_what_lacks_for_one_reason_says_it_once() -> None:
    denied = Problem(ProblemKind.DENIED, "needs root: sudo asks for a password")
    other = Problem(ProblemKind.UNSUPPORTED, "Failed logins: no log of them here")
    state = with_readings(
        up("web"),
        Reading("web", "bmc", NOW - 1, problem=denied),
        Reading("web", "logins", NOW - 1, problem=other),
        Reading("web", "raid", NOW - 1, problem=denied),
        Reading("web", "storage", NOW - 1, problem=denied),
    )
    async with on_stage([state], TALL) as stage:
        lines = await page_of(stage)
    sources = lines[next(i for i, one in enumerate(lines) if one.startswith("SOURCES")) :]
    assert [one for one in sources if "sudo asks" in one] == [line_of(sources, "bmc")]
    assert line_of(sources, "raid").split() == ["raid", "as", "bmc"]
    assert line_of(sources, "storage").split() == ["storage", "as", "bmc"]
    assert "no log of them" in line_of(sources, "logins")
