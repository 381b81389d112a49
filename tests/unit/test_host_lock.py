"""The lock on a host, taken by every shell that a host may have."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.host import Host
from opsdash.engine.host_lock import Claim, release_lock, take_lock
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.tcp import Tcp

SHELLS = [
    [*argv, "-s"]
    for argv in (["dash"], ["bash", "--posix"], ["busybox", "sh"])
    if shutil.which(argv[0])
]
ANN = Claim("p1", "ann@desk <x>", 1_800_000_000.0, 60.0)
BOB = Claim("p2", "bob", 1_800_000_000.0, 60.0)


class Shell:
    """A hand on this machine, by one kind of shell."""

    host = Host("here")

    def __init__(self, argv: list[str], noise: bytes = b"") -> None:
        self._argv = argv
        self._noise = noise

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run it."""
        done = await asyncio.to_thread(
            subprocess.run, self._argv, input=script, capture_output=True, check=False
        )
        out, err = self._noise + done.stdout + self._noise, self._noise + done.stderr + self._noise
        return Completed(done.returncode, out, err)

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """Not wanted here."""
        raise NotImplementedError

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """It makes none."""
        raise AssertionError

    async def renew(self) -> None:
        """Nothing to do."""


class Mute(Shell):
    """Runs everything and says nothing."""

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run it."""
        await super().execute(script, timeout_s=timeout_s, max_bytes=max_bytes)
        return Completed(0, b"", b"")


@pytest.fixture(params=SHELLS, ids=lambda argv: str(argv[0]))
def shell(request: pytest.FixtureRequest) -> Shell:
    return Shell(request.param)


@pytest.fixture
def places(tmp_path: Path) -> tuple[str, ...]:
    """One that is not there, one that is not open to all, two that are."""
    made = [tmp_path / name for name in ("closed", "a", "b")]
    for path in made:
        path.mkdir()
        path.chmod(0o755 if path.name == "closed" else 0o1777)
    return (str(tmp_path / "missing"), *(str(path) for path in made))


def links(places: tuple[str, ...]) -> list[str]:
    """What lies in all places."""
    return sorted(
        f"{Path(place).name}/{found.name}"
        for place in places
        if Path(place).is_dir()
        for found in Path(place).iterdir()
    )


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def up_s() -> int:
    return int(float(Path("/proc/uptime").read_text().split()[0]))


async def test_a_host_is_held_by_one_plan_until_it_lets_go(
    shell: Shell, places: tuple[str, ...]
) -> None:
    assert await take_lock(shell, ANN, places) == ""
    assert links(places) == ["a/opsdash.lock.0"]
    said = await take_lock(shell, BOB, places)
    assert said.startswith("ann@desk <x> changes this host since 2027-01-15")
    assert said.endswith("(plan p1)")
    await release_lock(shell, "p2", places)
    assert links(places) == ["a/opsdash.lock.0"]
    await release_lock(shell, "p1", places)
    assert links(places) == []
    assert await take_lock(shell, BOB, places) == ""


async def test_what_a_login_shell_says_of_its_own_is_no_answer(places: tuple[str, ...]) -> None:
    noisy = Shell(SHELLS[0], b"Welcome!\ntaken\nheld o1 x 9 p0 eve 1\n")
    assert await take_lock(noisy, ANN, places) == ""
    assert (await take_lock(noisy, BOB, places)).startswith("ann@desk <x> changes this host")
    await release_lock(noisy, "p1", places)
    assert links(places) == []


async def test_a_host_that_does_not_say_whether_it_is_locked_is_left_unlocked(
    places: tuple[str, ...],
) -> None:
    said = await take_lock(Mute(SHELLS[0]), ANN, places)
    assert said == "no lock could be had there: not a word"
    assert links(places) == []


async def test_a_plan_that_goes_on_after_a_crash_finds_its_own_lock(
    shell: Shell, places: tuple[str, ...]
) -> None:
    assert await take_lock(shell, replace(ANN, for_s=30.0), places) == ""
    assert await take_lock(shell, ANN, places) == ""
    assert len(links(places)) == 1


async def test_two_names_of_one_host_hold_it_for_the_same_plan(
    shell: Shell, places: tuple[str, ...]
) -> None:
    both = await asyncio.gather(*(take_lock(shell, ANN, places) for _ in range(2)))
    assert both == ["", ""]
    assert await take_lock(shell, BOB, places) != ""
    await release_lock(shell, ANN.plan, places)
    assert links(places) == []


@pytest.mark.parametrize(
    "left",
    [
        "o1 other-boot 99999999 p0 eve 1",
        "o1 {boot} {over} p0 eve 1",
        "o1 {boot} {never} p0 eve 1",
        "o1 {boot} 99999999999999999999 p0 eve 1",
        "o1 {boot} x p0 eve 1",
        "* ; $(reboot)",
        "-n",
    ],
)
async def test_a_lock_that_is_over_holds_nobody_up(
    shell: Shell, places: tuple[str, ...], left: str
) -> None:
    text = left.format(boot=boot_id(), over=up_s() - 1, never=up_s() + 90_000)
    (Path(places[2]) / "opsdash.lock.0").symlink_to(text)
    assert await take_lock(shell, ANN, places) == ""
    assert links(places) == ["a/opsdash.lock.1"]


async def test_a_lock_that_lies_elsewhere_holds_too_and_its_words_are_cleaned(
    shell: Shell, places: tuple[str, ...]
) -> None:
    text = f"o1 {boot_id()} {up_s() + 60} p%1b[2J0 eve%1b]52;c;eA==%07 1800000000"
    (Path(places[3]) / "opsdash.lock.5").symlink_to(text)
    said = await take_lock(shell, ANN, places)
    assert said.startswith("eve changes this host since")
    assert said.isprintable()
    assert links(places) == ["b/opsdash.lock.5"]


async def test_of_many_at_once_one_gets_it_or_none(places: tuple[str, ...]) -> None:
    shell = Shell(SHELLS[0])
    claims = [Claim(f"p{number}", "ann", 1_800_000_000.0, 60.0) for number in range(8)]
    said = await asyncio.gather(*(take_lock(shell, claim, places) for claim in claims))
    assert said.count("") == len(links(places)) <= 1


async def test_where_no_folder_is_open_to_all_nothing_is_locked(
    shell: Shell, tmp_path: Path
) -> None:
    said = await take_lock(shell, ANN, (str(tmp_path / "none"),))
    assert said == "no lock could be had there: no folder there is open to all"
