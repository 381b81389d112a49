"""The course of a runbook: where outputs lead, what is asked, and that nothing escapes a quote."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.runbook import (
    Ask,
    BookStep,
    Case,
    Decide,
    Do,
    End,
    Look,
    Runbook,
    Verify,
    Wanted,
)
from opsdash.core.runbook_condition import MOST_TEXT, Condition, Output
from opsdash.core.runbook_course import MOST_STEPS, Course
from opsdash.core.runbook_turn import AskNow, DoNow, Ended, LookNow, Went
from opsdash.core.text import clean_line


def has(pattern: str, source: str = "state") -> Condition:
    return Condition(source, matches=re.compile(pattern))


def course(*steps: BookStep, arguments: tuple[Wanted, ...] = (), **given_: str) -> Course:
    return Course(Runbook("b", "B", steps, arguments=arguments), "web1", given_)


def came_to(one: Course) -> str:
    assert isinstance(one.turn, Ended)
    return one.turn.words


STATE = Look("how it is", "state\n", key="state")
USED = re.compile(r"(?P<pct>\d+)%")


def test_a_decision_goes_the_way_of_the_first_case_that_holds_and_fills_variables() -> None:
    full = Condition("state", matches=USED, also=(Condition(variable="pct", at_least=90),))
    decide = Decide("", (Case(full, "{pct} % on {host}", "big"), Case(None, "no", "end")))
    steps = (STATE, decide, End("never"), Look("big", "du\n", name="big"), End("{pct}"))
    one = course(*steps)
    one.told(Output(0, "97%"))
    assert isinstance(one.turn, LookNow)
    assert one.turn.words == "big"
    assert one.trail[-1].said == "97 % on web1"
    one.told(Output())
    assert came_to(one) == "97"
    other = course(*steps)
    other.told(Output(0, "89%"))
    assert came_to(other) == "no"


@pytest.mark.parametrize(
    ("condition", "output", "holds"),
    [
        (Condition("state", lacks=re.compile("x")), Output(0, "abc"), True),
        (Condition("state", lacks=re.compile("x")), Output(0, "abc", truncated=True), False),
        (Condition("state", empty=True), Output(0, " \n"), True),
        (Condition("state", empty=True), Output(0, "", truncated=True), False),
        (Condition("state", empty=False), Output(0, "a", truncated=True), True),
        (Condition("state", status=0), Output(1), False),
        (Condition("state", not_status=0), Output(None), True),
        (Condition("state", not_status=0), Output(0), False),
        (Condition("other", empty=True), Output(0), False),
        (Condition(variable="host", equals="web1"), Output(0), True),
        (Condition(variable="host", differs="web1"), Output(0), False),
        (Condition(variable="host", at_least=1), Output(0), False),
        (Condition(variable="nobody", differs="web1"), Output(0), False),
    ],
)
def test_a_condition_holds_only_of_what_is_known(
    condition: Condition, output: Output, *, holds: bool
) -> None:
    one = course(STATE, Decide("", (Case(condition, "yes"), Case(None, "no"))))
    one.told(output)
    assert one.trail[-1].said == ("yes" if holds else "no")


@pytest.mark.parametrize("text", ["nan", "inf", "1_0", "0x9", "١", "", "9 9"])
def test_only_a_number_is_compared_as_one(text: str) -> None:
    taken = Condition("state", matches=re.compile("(?s)(?P<n>.*)"))
    big = Condition(also=(taken, Condition(variable="n", below=1e9)))
    one = course(STATE, Decide("", (Case(big, "number"), Case(None, "none"))))
    one.told(Output(0, text))
    assert one.trail[-1].said == "none"


def test_what_is_missing_is_asked_first_and_must_match() -> None:
    days = Wanted("days", "older than", pattern=re.compile("[0-9]+"))
    one = course(STATE, arguments=(days,))
    assert one.turn == AskNow("which days?", "days", (), "older than")
    assert one.ahead == (STATE,)
    with pytest.raises(ValueError, match="it should match"):
        one.answered("x;reboot")
    one.answered("7")
    assert isinstance(one.turn, LookNow)
    assert one.turn.script == "host='web1'\ndays='7'\nstate\n"
    with pytest.raises(ValueError, match="has no 'weeks'"):
        course(STATE, arguments=(days,), weeks="1")


def test_a_subject_is_an_argument_only_if_it_fits() -> None:
    mount = Wanted("mount", "", from_subject=True, default="/", pattern=re.compile("/.*"))
    book = Runbook("b", "B", (STATE,), arguments=(mount,))
    assert Course(book, "a", {}, "/var").variables["mount"] == "/var"
    assert Course(book, "a", {}, "sda1").variables["mount"] == "/"
    assert Course(book, "a", {"mount": "/srv"}, "/var").variables["mount"] == "/srv"


def test_lines_of_an_output_are_chosen_from_and_nothing_else() -> None:
    pick = re.compile(r"(?P<value>/\S+) (?P<about>.*)")
    ask = Ask("which", "file", lines_of="state", pick=pick, else_go="none")
    steps = (STATE, ask, End("took {file}"), End("nothing there", name="none"))
    one = course(*steps)
    one.told(Output(0, "/a 1G\n/b 2G\nnonsense\n/c cut", truncated=True))
    assert isinstance(one.turn, AskNow)
    assert one.turn.choices == (("/a", "1G"), ("/b", "2G"))
    with pytest.raises(ValueError, match="none of the choices"):
        one.answered("/etc")
    one.answered("/b")
    assert came_to(one) == "took /b"
    other = course(*steps)
    other.told(Output(0, ""))
    assert came_to(other) == "nothing there"


def test_an_action_that_is_declined_or_fails_leads_elsewhere() -> None:
    do = Do("service.restart", (("unit", "{unit}"),), else_go="left")
    unit = Wanted("unit", "")
    steps = (do, End("done"), End("left alone", name="left"))
    one = course(*steps, arguments=(unit,), unit="a b")
    assert isinstance(one.turn, DoNow)
    assert one.turn.line() == "service.restart unit=a b"
    one.done(ok=True)
    assert came_to(one) == "done"
    other = course(*steps, arguments=(unit,), unit="a")
    other.declined("no")
    assert came_to(other) == "left alone"
    assert other.trail[0].went is Went.NOT_DONE


def test_what_is_waited_for_is_looked_at_until_it_holds_or_time_is_over() -> None:
    verify = Verify("it is gone", "look\n", Condition(matches=re.compile("gone")), else_go="still")
    steps = (verify, End("gone"), End("still there", name="still"))
    one = course(*steps)
    assert isinstance(one.turn, LookNow)
    assert one.turn.within_s == 60
    assert not one.told(Output(0, "there"))
    assert one.told(Output(0, "gone"))
    assert came_to(one) == "gone"
    other = course(*steps)
    other.told(Output(0, "there"))
    other.gave_up()
    assert came_to(other) == "still there"
    assert other.trail[0].said == "not so after 60s"


def test_going_round_in_circles_ends() -> None:
    one = course(
        Look("again", "x\n", key="x"), Decide("", (Case(Condition("x", status=0), go="x"),))
    )
    looks = 0
    while not one.ended:
        one.told(Output())
        looks += 1
    assert isinstance(one.turn, Ended)
    assert "round in circles" in one.turn.words
    assert looks == MOST_STEPS / 2


def test_a_step_whose_condition_does_not_hold_is_skipped() -> None:
    one = course(STATE, Look("more", "x\n", when=has("bad")), End("end"))
    one.told(Output(0, "good"))
    assert came_to(one) == "end"
    assert [step.went for step in one.trail] == [Went.LOOKED, Went.SKIPPED, Went.ENDED]


def test_a_pattern_that_backtracks_gets_no_endless_text() -> None:
    one = course(STATE, Decide("", (Case(has("b"), "b"), Case(None, "none"))))
    one.told(Output(0, "a" * MOST_TEXT + "b"))
    assert one.trail[-1].said == "none"


HOSTILE = st.text(
    st.one_of(st.sampled_from("'\"`$(){};&|<>\\\n\t *?[]~#!=-%\x1b"), st.characters(codec="utf-8")),
    max_size=40,
)


@given(HOSTILE, HOSTILE)
def test_no_variable_escapes_its_quotes(printed: str, answer: str) -> None:
    """Whatever a host prints and a person types is data: a real shell gives it back as it was."""
    taken = Condition("state", matches=re.compile("(?s)(?P<seen>.*)"))
    one = course(
        STATE,
        Decide("", (Case(taken, "{seen}"),)),
        Ask("what", "typed"),
        Look("show", 'printf \'%s\\0\' "$seen" "$typed" "$host"\n'),
    )
    one.told(Output(0, printed))
    assert one.trail[-1].said == clean_line(one.trail[-1].said)
    try:
        one.answered(answer)
    except ValueError:
        assert not answer or "\0" in answer
        return
    assert isinstance(one.turn, LookNow)
    done = subprocess.run(
        ["sh", "-s"], input=one.turn.script.encode(), capture_output=True, check=True
    )
    want = [printed.replace("\0", ""), answer, "web1"]
    assert done.stdout.decode().split("\0")[:-1] == want
    assert done.stderr == b""


@given(st.text(max_size=200), st.text(max_size=200), st.integers() | st.none())
def test_no_output_ends_a_course_in_an_error(out: str, err: str, status: int | None) -> None:
    cases = (
        Case(Condition("state", matches=re.compile(r"(?P<a>\d+)\s*(?P<b>\S*)"),
                       also=(Condition(variable="a", at_least=3),)), "{a} {b}", "state"),
        Case(Condition("state", lacks=re.compile("^$"), empty=False), "{a}"),
    )  # fmt: skip
    one = course(STATE, Decide("{b}", cases), Ask("{a}", "c", lines_of="state"))
    for _ in range(MOST_STEPS):
        if isinstance(one.turn, LookNow):
            one.told(Output(status, out, err))
        elif isinstance(one.turn, AskNow):
            one.answered(one.turn.choices[0][0])
    assert one.ended
