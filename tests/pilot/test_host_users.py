"""The users on the host page: who is logged in, root first, and nothing where nobody is."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.reading import Row
from tests.fleet_states import EVIL, reading, up
from tests.screens import on_stage

TALL = (100, 100)


def login(user: str, *, origin: str = "10.0.0.9", idle_s: float | None = 60.0) -> Row:
    tty = "" if idle_s is None else "pts/3"
    return {
        "user": user, "tty": tty, "from": origin, "for_s": 7200.0, "own": not tty, "idle_s": idle_s
    }  # fmt: skip


async def section(*rows: Row) -> list[str]:
    """The section's lines on the page of a host with these logins."""
    state = up("web")
    found = {**state.readings, "sessions": reading("sessions", rows=rows)}
    async with on_stage([replace(state, readings=found)], TALL) as stage:
        await stage.press("enter")
        lines = stage.lines
    starts = [place for place, line in enumerate(lines) if line.startswith("USERS")]
    if not starts:
        return []
    end = next(place for place in range(starts[0], len(lines)) if not lines[place])
    return lines[starts[0] : end]


async def test_root_comes_first_then_who_pressed_a_key_last() -> None:
    lines = await section(
        login("ops", idle_s=None), login("eve", idle_s=5), login("ops", idle_s=3), login("root")
    )
    assert lines[0] == "USERS      3 users logged in, 4 times  root among them"
    assert [line.split()[0] for line in lines[2:]] == ["root", "ops", "eve", "ops"]
    assert lines[2].split() == ["root", "10.0.0.9", "pts/3", "2h", "60s"]
    assert lines[5].split() == ["ops", "10.0.0.9", "-", "2h", "-", "opsdash", "itself"]


async def test_nobody_is_no_section_and_evil_names_are_text() -> None:
    assert await section() == []
    lines = await section(login(EVIL, origin=EVIL))
    assert "evil[/red" in lines[2]


async def test_of_many_only_so_many_are_listed() -> None:
    lines = await section(*(login(f"user{number:02}") for number in range(30)))
    assert lines[-1].strip() == "and 20 more"
    assert "root among" not in lines[0]
