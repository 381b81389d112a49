"""The lock on a host, taken by every shell that a host may have."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.host import Host
from opsdash.engine import host_lock
from opsdash.engine.host_lock import Claim, HoldingHand, HostHeld, release_lock, take_lock
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.local import LocalConnection
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
        """Run it as any way to a host does, which takes this machine's own sh."""
        return await LocalConnection(self.host).run(order, heard)

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


class Silent(Shell):
    """Says nothing of what was done around a command."""

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """Run it."""
        return replace(await super().run(order, heard), around=b"")


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


@pytest.fixture
def holding(places: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> HoldingHand:
    """Holds this machine for Ann's plan while its command runs."""
    monkeypatch.setattr(host_lock, "PLACES", places)
    return HoldingHand(Shell(SHELLS[0]), ANN)


async def test_a_lock_comes_and_goes_with_the_one_command(
    holding: HoldingHand, places: tuple[str, ...]
) -> None:
    done = await holding.run(Order(f"ls {places[2]}; exit 4".encode()))
    assert (done.status, done.stdout) == (4, b"opsdash.lock.0\n")
    assert links(places) == []


async def test_a_command_that_prints_much_at_once_is_held_too(
    holding: HoldingHand, places: tuple[str, ...]
) -> None:
    done = await holding.run(Order(b"head -c 100000 /dev/zero"))
    assert (done.status, len(done.stdout)) == (0, 100_000)
    with pytest.raises(HostHeld):
        await replace(holding, hand=Silent(SHELLS[0])).run(Order(b"true"))


async def test_the_one_command_is_not_run_where_another_plan_holds_the_host(
    holding: HoldingHand, places: tuple[str, ...], tmp_path: Path
) -> None:
    assert await take_lock(holding, BOB, places) == ""
    heard: list[bytes] = []
    with pytest.raises(HostHeld, match=r"^bob changes this host since .* \(plan p2\)$"):
        await holding.run(
            Order(f"touch {tmp_path}/done".encode()), lambda data, _: heard.append(data)
        )
    assert not (tmp_path / "done").exists()
    assert heard == []
    assert links(places) == ["a/opsdash.lock.0"]


async def test_the_lock_of_a_command_that_is_called_off_is_let_go(
    holding: HoldingHand, places: tuple[str, ...]
) -> None:
    begun = asyncio.Event()
    order = Order(b"echo; sleep 19")
    running = asyncio.create_task(holding.run(order, lambda data, error: begun.set()))
    async with asyncio.timeout(9):
        await begun.wait()
        assert links(places) == ["a/opsdash.lock.0"]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert links(places) == []


async def test_where_no_folder_is_open_to_all_nothing_is_locked(
    shell: Shell, tmp_path: Path
) -> None:
    said = await take_lock(shell, ANN, (str(tmp_path / "none"),))
    assert said == "no lock could be had there: no folder there is open to all"
