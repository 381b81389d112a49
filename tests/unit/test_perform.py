"""Steps of every kind, by a hand that answers as it is told to."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.job import Result
from opsdash.core.plan import Step, StepKind
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.quoting import quote
from opsdash.engine import perform as perform_module
from opsdash.engine.perform import perform
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.tcp import Tcp
from tests.fake_hands import FakeHands
from tests.waiting import wait_for

LOST = HostError(Problem(ProblemKind.LOST, "the connection broke"))
AUTH = HostError(Problem(ProblemKind.AUTH, "no key fits"))
BEFORE = Result(0, b"boot=one:1\n 10:00 up 2 days\n")

Answer = Completed | HostError | Callable[[Order], Completed]


class Hand:
    """Answers in turn, the last one again and again; `orders` has what it was told."""

    host = Host("web1")

    def __init__(self, *answers: Answer, renewals: tuple[HostError | None, ...] = ()) -> None:
        self._answers = list(answers)
        self._renewals = list(renewals)
        self.orders: list[Order] = []
        self.renewed = 0

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """The next answer."""
        self.orders.append(order)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, HostError):
            raise answer
        return answer if isinstance(answer, Completed) else answer(order)

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """The next answer."""
        return await self.run(Order(script))

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """It makes none."""
        raise AssertionError

    async def renew(self) -> None:
        """The next renewal."""
        self.renewed += 1
        error = self._renewals.pop(0) if self._renewals else None
        if error is not None:
            raise error


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perform_module, "PAUSE_S", 0.001)


async def done(kind: StepKind, hand: Hand, *before: Result, **more: object) -> Result:
    step = Step(kind, "it", **{"script": "look", "timeout_s": 0.05, **more})  # type: ignore[arg-type]
    return await perform(step, hand, FakeHands(), before, lambda piece, error: None)


async def test_a_host_is_back_when_it_answers_in_another_boot() -> None:
    hand = Hand(
        Completed(0, b"boot=one:1\n"),
        LOST,
        LOST,
        Completed(0, b"boot=two:1\n"),
        renewals=(LOST, None),
    )
    result = await done(StepKind.WAIT_BOOT, hand, BEFORE)
    assert result.ok
    assert result.stdout == b"boot=two:1\n"
    assert hand.renewed == 2


@pytest.mark.parametrize("hand", [Hand(AUTH), Hand(LOST, renewals=(AUTH,))])
async def test_a_host_that_lets_nobody_in_any_more_is_not_waited_for(hand: Hand) -> None:
    result = await done(StepKind.WAIT_BOOT, hand, BEFORE)
    assert result.problem == AUTH.problem


async def test_without_a_boot_to_compare_with_nothing_is_called_restarted() -> None:
    result = await done(StepKind.WAIT_BOOT, Hand(Completed(0, b"boot=two:1\n")))
    assert result.problem is not None
    assert "it can't be told whether it has restarted" in result.problem.text


async def test_a_look_is_taken_again_until_it_says_yes_or_its_time_is_over() -> None:
    hand = Hand(Completed(1, b"no"), Completed(1, b"no"), Completed(0, b"yes"))
    assert (await done(StepKind.PROBE, hand)).stdout == b"yes"
    result = await done(StepKind.PROBE, Hand(Completed(1, b"never")))
    assert (result.status, result.stdout) == (1, b"never")


def _by_a_bare_shell(order: Order) -> Completed:
    """What a host does that has neither nohup nor setsid."""
    ran = subprocess.run(["/bin/sh"], input=order.script, env={"PATH": "/none"}, check=False)
    return Completed(ran.returncode, b"")


async def test_what_is_left_to_itself_goes_on_alone_by_nothing_but_a_shell(tmp_path: Path) -> None:
    said = tmp_path / "it's said"
    script = f"kill -HUP $$; echo 'a b' >{quote(str(said))}"
    assert (await done(StepKind.DETACH, Hand(_by_a_bare_shell), script=script)).ok
    await wait_for(lambda: said.exists() and said.read_text() == "a b\n")


@pytest.mark.parametrize(
    ("there", "expected", "ran"),
    [
        (b"facts 644 root:root 1 %s\n", "", True),
        (b"facts 644 root:root 1 %s\n", "0" * 64, False),
        (b"facts gone\n", "gone", True),
        (b"facts gone\n", "0" * 64, False),
    ],
)
async def test_what_was_changed_since_the_plan_was_made_is_not_touched(
    there: bytes, expected: str, ran: bool
) -> None:
    digest = sha256(b"x").hexdigest()
    answer = there.replace(b"%s", digest.encode())
    hand = Hand(Completed(0, answer), Completed(0, b"done"))
    result = await done(
        StepKind.RUN, hand, path="/etc/x", expects=expected or digest, script="change it"
    )
    assert result.ok == ran
    assert [b"change it" in order.script for order in hand.orders] == [False] + [True] * ran
    if not ran:
        assert result.problem is not None
        assert "is not what it was when the plan was made" in result.problem.text


async def test_the_time_and_the_outputs_of_what_fails_are_kept() -> None:
    broke = HostError(Problem(ProblemKind.TIMEOUT, "did not end"), b"so far")
    result = await done(StepKind.RUN, Hand(broke))
    assert (result.status, result.stdout, result.problem) == (None, b"so far", broke.problem)
