"""Whatever bytes come back, taking them apart raises nothing and makes nothing up."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Output, Reading
from opsdash.transport.bundle import quote, split_bundle
from opsdash.transport.frames import split_frame

NONCE = "c0ffee"
MARK = b"\x1ec0ffee "
PATHS = ("/proc/stat", "/proc/loadavg")
PIECES = (
    *(MARK, MARK + b"begin 0\n", MARK + b"end 0\n", MARK + b"end ", b"begin ", b"end", b"\x1e"),
    *(b"0", b"1", b"2", b"-", b"9" * 4400, b"\n", b" ", b".", b"\xff", b"text", b"c0ffee"),
)
noise = st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(PIECES)).map(b"".join))
content = st.binary(max_size=60).filter(lambda data: MARK not in data + b"\x1e")


def unused(output: Output, host: str, at: float) -> Reading:
    raise AssertionError("nothing is parsed here")


DUE = [Collector(name, name, Tier.FACTS, unused, command="true", max_bytes=50) for name in "ab"]


@given(data=noise)
def test_any_bytes_are_a_frame_of_known_files(data: bytes) -> None:
    found = split_frame(data, PATHS, NONCE)
    assert set(found) <= set(PATHS)
    assert all(piece and piece in data for piece in found.values())


@given(data=noise)
def test_any_bytes_are_a_bundle_of_known_sections(data: bytes) -> None:
    found = split_bundle(data, DUE, NONCE)
    assert set(found) <= {"a", "b"}
    for output in found.values():
        assert output.data in data
        assert 0 <= output.status <= 999
        assert output.truncated == (len(output.data) > 50)


@given(first=content, second=content)
def test_what_a_host_framed_comes_back_as_it_was(first: bytes, second: bytes) -> None:
    frame = MARK + b"0\n" + first + MARK + b"1\n" + second
    wanted = {path: data for path, data in zip(PATHS, (first, second), strict=True) if data}
    assert split_frame(frame, PATHS, NONCE) == wanted
    bundle = b"".join(
        MARK + b"begin %d\n" % number + data + MARK + b"end %d\n" % number
        for number, data in enumerate((first, second))
    )
    found = split_bundle(bundle, DUE, NONCE)
    assert [(found[name].data, found[name].status) for name in "ab"] == [(first, 0), (second, 1)]


@given(whole=content, end=st.integers(0, 200))
def test_a_bundle_that_was_cut_anywhere_is_whole_or_nothing(whole: bytes, end: int) -> None:
    bundle = MARK + b"begin 0\n" + whole + MARK + b"end 124\n"
    found = split_bundle(bundle[:end], DUE, NONCE)
    assert bool(found) == (end >= len(bundle))
    if found:
        assert (found["a"].data, found["a"].status) == (whole, 124)


@settings(max_examples=40)
@given(words=st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=20))
def test_a_real_shell_reads_a_quoted_word_as_it_was(words: list[str]) -> None:
    script = "printf '%s\\001' " + " ".join(map(quote, ["", *words]))
    done = subprocess.run(["/bin/sh", "-s"], input=script.encode(), capture_output=True, check=True)
    assert done.stdout == "".join(f"{word}\1" for word in ["", *words]).encode()
