"""Graphics processors and virtual guests on the host page, and neither where there is none."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.snapshot import HostState
from tests.fleet_states import up
from tests.pilot.test_host_containers import from_case, section, with_readings


async def test_each_card_has_its_figures_and_those_that_compute_on_it() -> None:
    state = with_readings(from_case("gpu", "rtx-2080-super-under-load"))
    assert await section("GPU", state) == [
        "GPU        driver 595.71.05",
        "0          8% busy  819M of 8.0G  45 C  99 W  NVIDIA GeForce RTX 2080 SUPER",
        "             230M     5267 ffmpeg",
        "             370M     5268 ffmpeg",
    ]


async def test_a_card_that_is_lost_says_so_and_what_is_not_told_is_left_out() -> None:
    text = "\n".join(
        await section("GPU", with_readings(from_case("gpu", "shared-memory-lost-and-odd-names")))
    )
    assert "it says: GPU is lost" in text
    assert "2 memory errors not mended" in text
    assert "1          50 C  12 W  NVIDIA GB10, with a comma" in text
    assert "[red]evil" in text


async def test_a_driver_that_does_not_answer_is_told_in_its_words() -> None:
    lines = await section("GPU", with_readings(from_case("gpu", "driver-does-not-answer")))
    assert "couldn't communicate with the NVIDIA driver" in " ".join(lines)


async def test_guests_in_trouble_come_first_and_those_that_are_off_last() -> None:
    lines = await section("GUESTS", with_readings(from_case("guests", "several-states")))
    assert lines[0] == "GUESTS     2 of 7 guests running"
    shown = [" ".join(line.split()) for line in lines[2:]]
    assert shown == [
        "4 8.0G db with spaces paused: disk error",
        "2 2.0G it's quoted shut off: crashed",
        "2 4.0G panicked crashed",
        "2 4.0G builder shut off, but has autostart",
        "16 32G instance-000000ee running",
        "- - test running",
        "1 1.0G spare shut off",
    ]


async def test_libvirt_that_refuses_is_told_in_its_words() -> None:
    lines = await section("GUESTS", with_readings(from_case("guests", "libvirt-refuses")))
    assert "failed to connect to the hypervisor" in " ".join(lines)


async def test_where_there_is_none_there_is_no_section() -> None:
    def without(state: HostState, collector: str, case: str) -> HostState:
        none = replace(from_case(collector, case), rows=())
        return replace(state, readings={**state.readings, collector: none})

    state = without(up("web"), "gpu", "driver-does-not-answer")
    state = without(state, "guests", "libvirt-refuses")
    assert await section("GPU", state) == []
    assert await section("GUESTS", state) == []
