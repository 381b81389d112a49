"""The doctor's page: stages as they end, the cause first, an answer where one can mend it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.app.doctor_screen import DoctorScreen
from opsdash.core.examination import Examined, Note, Stage, Verdict
from opsdash.core.problem import Problem, ProblemKind
from opsdash.widgets.key_hints import KeyHints
from tests.fleet_states import EVIL, mixed_fleet, up
from tests.screens import LARGE, SMALL, assert_snapshot, on_stage
from tests.screens import Stage as Play

SHOWN = "SHA256:jOoR9WAq5cYyKnBMCRLbyhBbFzsTQtX4lmOfzC8GzxU"
UNKNOWN = Problem(ProblemKind.HOST_KEY_UNKNOWN, f"host key not known: {SHOWN}")


def found(kind: ProblemKind = ProblemKind.HOST_KEY_UNKNOWN) -> list[Examined]:
    """An examination that ends at the host key."""

    def passed(stage: Stage, text: str, *notes: str) -> Examined:
        below = tuple(Note(Verdict.SKIPPED, note) for note in notes)
        return Examined("edge4", stage, Verdict.OK, text, below)

    problem = Problem(kind, f"host key not known: {SHOWN}")
    return [
        passed(Stage.RESOLVE, "ops@10.0.0.4 port 22", "/etc/hosts.yaml:12: address 10.0.0.4"),
        passed(Stage.TCP, "10.0.0.4 port 22 answers in 12 ms"),
        passed(Stage.BANNER, "SSH-2.0-OpenSSH_9.2p1"),
        passed(Stage.KEY_EXCHANGE, "curve25519-sha256, ssh-ed25519, aes128-gcm@openssh.com"),
        Examined(
            "edge4",
            Stage.HOST_KEY,
            Verdict.FAIL,
            f"ssh-ed25519 {SHOWN}: UNKNOWN, no line about this host in ~/.ssh/known_hosts",
            problem=problem,
            mends=(f"opsdash doctor edge4 --accept-host-key {SHOWN}",),
        ),
    ]


async def opened(stage: Play) -> DoctorScreen:
    """The doctor of the host under the cursor, when it has ended."""
    await stage.press("D")
    await stage.app.workers.wait_for_complete()
    await stage.settle()
    screen = stage.app.screen
    assert isinstance(screen, DoctorScreen)
    return screen


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize("ascii_glyphs", [False, True], ids=["blocks", "ascii"])
async def test_the_doctors_page_says_what_failed_first(
    size: tuple[int, int], ascii_glyphs: bool
) -> None:
    async with on_stage([up("edge4")], size, ascii_glyphs=ascii_glyphs) as stage:
        stage.source.stages = found()
        await opened(stage)
        name = f"doctor-{size[0]}x{size[1]}{'-ascii' if ascii_glyphs else ''}"
        assert_snapshot(name, stage.text)


async def test_an_unknown_host_key_can_be_answered_and_asks() -> None:
    async with on_stage([up("edge4")]) as stage:
        stage.source.stages = found()
        await opened(stage)
        assert stage.source.examined == [("edge4", False)]
        assert "a answer" in stage.lines[-1]
        stage.source.stages = [replace(found()[0])]
        await stage.press("a")
        await stage.app.workers.wait_for_complete()
        await stage.settle()
        assert stage.source.examined[-1] == ("edge4", True)
        assert stage.source.asked == [("edge4",)]  # what rested connects at once
        assert "a answer" not in stage.lines[-1]


@pytest.mark.parametrize("kind", [ProblemKind.HOST_KEY_CHANGED, ProblemKind.HOST_KEY_REVOKED])
async def test_a_changed_or_revoked_key_is_taken_by_no_key(kind: ProblemKind) -> None:
    async with on_stage([up("edge4")]) as stage:
        stage.source.stages = found(kind)
        await opened(stage)
        await stage.press("a", "y")
        assert stage.source.examined == [("edge4", False)]
        assert stage.source.asked == []


async def test_again_copy_and_close() -> None:
    async with on_stage([up("edge4")]) as stage:
        stage.source.stages = found()
        screen = await opened(stage)
        await stage.press("c")
        command = f"$ opsdash doctor edge4 --accept-host-key {SHOWN}"
        assert command in stage.app.clipboard  # in one piece, however narrow the screen is
        await stage.press("r")
        await stage.app.workers.wait_for_complete()
        assert len(stage.source.examined) == 2
        await stage.press("q")
        assert stage.app.screen is not screen
        assert "1 host" in stage.lines[0]


async def test_the_palette_examines_any_host_by_name() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"doctor new7", "enter")
        await stage.app.workers.wait_for_complete()
        assert stage.source.examined == [("new7", False)]


async def test_the_page_of_a_host_that_is_down_names_the_key() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("j", "enter")
        assert "D doctor: examines the way there, and says what mends it" in stage.text


async def test_words_of_a_hostile_host_stay_words() -> None:
    async with on_stage([up("edge4")]) as stage:
        stage.source.stages = [
            Examined("edge4", Stage.BANNER, Verdict.WARN, EVIL, (Note(Verdict.FAIL, EVIL),))
        ]
        await opened(stage)
        assert "[@click=app.quit]" in stage.text
        assert "\x1b" not in stage.text
        assert stage.app.query(KeyHints)
