"""Outputs of many hosts in groups: the majority first, each host once, diffs that are bounded."""

from __future__ import annotations

from opsdash.core.folding import Bucket, Output, bucket_counts, fold, natural
from opsdash.core.job import HostRun, Result, RunState
from opsdash.core.output_lines import MOST_LINES, Kind, diff_lines, output_lines
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.volatile import Volatile


def ran(host: str, out: bytes, status: int = 0, err: bytes = b"") -> HostRun:
    state = RunState.DONE if status == 0 else RunState.FAILED
    return HostRun(host, state, (Result(status, out, err),))


def lost(host: str, text: str = "connect timeout") -> HostRun:
    result = Result(None, problem=Problem(ProblemKind.TIMEOUT, text))
    return HostRun(host, RunState.UNREACHABLE, (result,))


def test_the_majority_comes_first_then_others_by_size_then_what_went_wrong() -> None:
    runs = [
        ran("db3", b"yes\n"),
        lost("build2"),
        ran("cache5", b"prohibit-password\n"),
        *(ran(f"web{n}", b"no\n") for n in range(1, 12)),
        ran("db4", b"yes\n"),
        HostRun("edge9", RunState.RUNNING, began_at=5.0),
        ran("old1", b"", 1, b"sshd: not found\n"),
        HostRun("late", RunState.NOT_BEGUN),
    ]
    groups = fold(runs)
    assert [(one.bucket, len(one.hosts)) for one in groups] == [
        (Bucket.SAME, 11),
        (Bucket.DIFFERS, 2),
        (Bucket.DIFFERS, 1),
        (Bucket.FAILED, 1),
        (Bucket.UNREACHABLE, 1),
        (Bucket.NOT_BEGUN, 1),
        (Bucket.RUNNING, 1),
    ]
    assert groups[0].hosts[:3] == ("web1", "web2", "web3")
    assert groups[0].hosts[-1] == "web11"
    assert groups[4].words == "connect timeout"
    assert bucket_counts(groups)[Bucket.DIFFERS] == 3


def test_status_errors_and_a_cut_tell_groups_apart() -> None:
    cut = HostRun("d", RunState.DONE, (Result(0, b"x", truncated=True),))
    groups = fold([ran("a", b"x"), ran("b", b"x", 2), ran("c", b"x", 0, b"warning"), cut])
    assert [one.hosts for one in groups] == [("a",), ("c",), ("d",), ("b",)]


def test_outputs_of_several_steps_are_one() -> None:
    two = HostRun("a", RunState.DONE, (Result(0, b"one\n"), Result(0, b"two\n")))
    assert len(fold([two, ran("b", b"one\ntwo\n")])) == 1


def test_volatile_tokens_part_no_hosts_when_they_are_masked() -> None:
    uuid = "550e8400-e29b-41d4-a716-44665544000{n}"
    text = f"Nov 27  14:0{{n}}:11 web{{n}} sshd[{{n}}21]: from 10.0.0.{{n}} id {uuid}\n"
    runs = [ran(f"web{n}", text.format(n=n).encode()) for n in range(1, 5)]
    assert len(fold(runs)) == 4
    masked = fold(runs, Volatile(f"web{n}" for n in range(1, 5)).mask)
    assert len(masked) == 1
    assert masked[0].output.stdout == b"<time> <host> sshd[<pid>]: from <ip> id <uuid>\n"


def test_tokens_of_every_kind_are_known() -> None:
    mask = Volatile(["web01", "db1.example.org"]).mask
    cases = {
        "Fri Nov 27 22:57:39 UTC 2026": "<time>",
        "2026-11-27T22:57:39.123Z up": "<time> up",
        "2026-11-27 22:57:39,512 +0200 INFO": "<time> INFO",
        "Fri, 27 Nov 2026 22:57:39 +0000": "<time>",
        " 22:57:39 up 81 days,  3:12,  2 users": " <time> up 81 days, <time>, 2 users",
        "on 2026-11-27 and 27 Nov 2026": "on <date> and <date>",
        "inet6 fe80::215:5dff:fe00:1/64": "inet6 <ip>/64",
        "::ffff:10.0.0.1 or 2001:db8:0:0:0:0:0:1": "<ip> or <ip>",
        "10.0.0.1:22": "<ip>:22",
        "link 00:15:5d:00:00:01": "link <mac>",
        "sha256:0123deadbeef at 0x7fff12": "sha256:<hex> at <hex>",
        "web01.lan, WEB01 and db1.example.org": "<host>.lan, <host> and <host>",
    }
    assert {text: mask(text) for text in cases} == cases


def test_what_only_looks_volatile_stays() -> None:
    mask = Volatile(["web1"]).mask
    for text in (
        "std::dead a::b :: x",
        "Python 3.11.4, kernel 6.1.0-25-amd64",
        "total 12345678 in 99999999 pieces",
        "web11 web1x my-web1",
        "defaced facade",
        "ratio 3:1",
    ):
        assert mask(text) == text


def test_a_diff_shows_place_context_and_both_sides() -> None:
    before = Output(b"a\nb\nc\nd\ne\nf\n", b"w\n")
    after = Output(b"a\nb\nc\nD\ne\nf\n", b"")
    assert [str(one) for one in diff_lines(before, after)] == [
        "@@ -1,7 +1,6 @@",
        " a",
        " b",
        " c",
        "-d",
        "+D",
        " e",
        " f",
        "-2> w",
    ]


def test_a_diff_of_outputs_that_look_alike_says_so() -> None:
    (line,) = diff_lines(Output(b"a\r\n"), Output(b"a\n"))
    assert line.kind is Kind.NOTE
    assert "look" in line.text
    (line,) = diff_lines(Output(b"a", truncated=True), Output(b"a"))
    assert "cut off" in line.text
    (line,) = diff_lines(Output(b"a"), Output(b"a"))
    assert line.text == "no difference"


def test_a_diff_of_megabytes_is_bounded_and_says_so() -> None:
    before = Output(b"".join(b"line %d\n" % n for n in range(100_000)))
    after = Output(b"".join(b"row %d\n" % n for n in range(90_000)))
    lines = diff_lines(before, after)
    assert len(lines) <= 2 * MOST_LINES + 2
    assert lines[-1].text == "cut here: 99000 more lines not compared"


def test_a_change_deep_in_a_megabyte_is_found() -> None:
    rows = [b"line %d\n" % n for n in range(100_000)]
    before = Output(b"".join(rows))
    rows[70_000] = b"odd\n"
    lines = diff_lines(before, Output(b"".join(rows)))
    assert str(lines[0]) == "@@ -69998,7 +69998,7 @@"
    assert "+odd" in [str(one) for one in lines]
    assert len(lines) == 9


def test_lines_are_safe_to_show() -> None:
    output = Output(b"\x1b[31mred\x1b]52;c;x\x07\n10%\r50%\r100%\na\tb\n\xff\n", b"oops\n")
    found = output_lines(output)
    assert [one.text for one in found] == ["red", "100%", "a       b", "�", "oops"]
    assert found[-1].kind is Kind.ERR
    assert [one.text for one in output_lines(output, 1, 2)] == ["100%", "a       b"]


def test_names_are_in_the_order_in_which_people_count() -> None:
    names = ["web10", "web2", "db", "web2a", "web02"]
    assert sorted(names, key=natural) == ["db", "web02", "web2", "web2a", "web10"]
