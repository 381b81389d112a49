"""Every problem says what failed, in clean words, and what to do next."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError

import pytest

from opsdash.core.errors import ConfigError, Fault, HostError, OpsdashError
from opsdash.core.problem import CAUSES, HINTS, Problem, ProblemKind
from tests.fleet_states import EVIL


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_kind_has_a_next_step_that_fits_a_row(kind: ProblemKind) -> None:
    hint = HINTS[kind]
    assert re.fullmatch(r"\S.{9,71}", hint)
    assert hint.isascii()
    assert not hint.endswith(".")
    assert Problem(kind, "it broke").hint == hint
    assert CAUSES[kind]


@pytest.mark.parametrize("kind", ProblemKind)
def test_whoever_looks_once_is_told_of_no_key_and_of_no_other_try(kind: ProblemKind) -> None:
    hint = Problem(kind, "it broke").hint_once
    assert not re.search(r"ctrl\+|tried again", hint)
    assert Problem(kind, "it broke", "do this").hint_once == "do this"


def test_a_hint_of_its_own_comes_before_that_of_the_kind() -> None:
    assert Problem(ProblemKind.AUTH, "no", hint="ssh-add it").hint == "ssh-add it"


def test_remote_words_are_cleaned_and_capped() -> None:
    problem = Problem(ProblemKind.DROPPED, EVIL + "\n" + "x" * 900, hint=EVIL)
    for said in (problem.text, problem.hint):
        assert len(said) <= 300
        assert not {"\x1b", "\x07", "\u202e", "\n"} & set(said)


def test_a_problem_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Problem(ProblemKind.AUTH, "no").text = "yes"  # type: ignore[misc]


def test_what_locks_accounts_or_trusts_the_wrong_host_is_never_retried() -> None:
    stuck = {kind for kind in ProblemKind if not Problem(kind, "x").mends_itself}
    assert stuck == {
        ProblemKind.HOST_KEY_UNKNOWN,
        ProblemKind.HOST_KEY_CHANGED,
        ProblemKind.HOST_KEY_REVOKED,
        ProblemKind.AUTH,
        ProblemKind.UNANSWERED,
        ProblemKind.ACCOUNT,
        ProblemKind.KEY_FILE,
        ProblemKind.FILES,
        ProblemKind.CONFIG,
        ProblemKind.BUG,
    }


def test_an_error_reads_as_a_sentence_with_a_next_step() -> None:
    error = HostError(Problem(ProblemKind.REFUSED, "connection refused by web1:22"))
    assert str(error) == "connection refused by web1:22"
    assert error.hint == HINTS[ProblemKind.REFUSED]
    assert isinstance(error, OpsdashError)


def test_a_config_error_tells_every_fault_with_its_place() -> None:
    error = ConfigError(Fault("hosts.yaml", line, 5, "unknown key") for line in (3, 9))
    assert str(error) == "hosts.yaml:3:5: unknown key\nhosts.yaml:9:5: unknown key"
