"""What the host page says a host is made of: hardware, software, and what only root may read."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.reading import Reading
from tests.fleet_states import up
from tests.pilot.test_host_containers import from_case, section, with_readings


async def lines_of(*readings: Reading) -> list[str]:
    return [" ".join(line.split()) for line in await section("INVENTORY", with_readings(*readings))]


async def test_a_machine_its_parts_and_its_software() -> None:
    lines = await lines_of(from_case("inventory", "a-machine-of-two-sockets"))
    assert lines == [
        "INVENTORY",
        "machine Dell Inc. PowerEdge R640 (board Dell Inc. 0X45NX)",
        "firmware Dell Inc. 2.18.1 03/10/2023 UEFI",
        "cpu 2 × Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz, 40 cores, 80 threads",
        "memory 377G",
        "disk nvme0n1 1.9 TB SSD INTEL SSDPE2KX020T8 serial BTLJ0000000000A0BGN",
        "disk sda 960 GB SSD MZ7LH960HAJR0D3",
        "disk sdb 4.0 TB HDD SEAGATE ST4000NM0295",
        "nic eno1 ixgbe 10000 Mbit/s f4:02:70:aa:bb:cc",
        "nic eno2 ixgbe down f4:02:70:aa:bb:ce",
        "packages 1212 rpm",
        "init systemd 252",
        "libc glibc 2.34",
        "python 3.9.18",
        "shell /bin/bash (sh is bash)",
        "runtimes podman crio",
    ]


async def test_where_root_looked_the_plate_and_the_modules_are_told() -> None:
    lines = await lines_of(
        from_case("inventory", "a-machine-of-two-sockets"),
        from_case("nameplate", "modules-and-empty-slots"),
    )
    assert "serial 8XYZQ23, board .8XYZQ23.CNIVC0000000AB." in lines
    text = " ".join(lines)
    assert "memory 377G: 1 × 32G DDR4 2933 MT/s Samsung M393A4K40CB2-CVF, 1 × 16G DDR4" in text
    assert "(2 of 3 slots)" in text


async def test_what_nobody_filled_in_has_no_line_and_evil_text_is_text() -> None:
    lines = await lines_of(from_case("inventory", "placeholders-and-escapes"))
    assert lines == [
        "INVENTORY",
        "machine [red]evil (board ASRock B450M Pro4)",
        "firmware American Megatrends Inc. P4.20 06/18/2020",
        "virtual vm",
        "cpu AMD Ryzen 3 3100 4-Core Processor, 4 cores, 8 threads",
        "memory 16G",
        "init init busybox",
    ]


async def test_in_a_container_the_hardware_is_said_to_be_the_whole_machines() -> None:
    state = with_readings(from_case("inventory", "a-machine-of-two-sockets"))
    lines = await section("INVENTORY", replace(state, container="lxc"))
    assert lines[0].endswith("whole machine")
    assert await section("INVENTORY", up("web")) == []
