"""What a terminal can show, by what its environment says; and what it answers when asked."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.app.clipboard import SCREEN_CHUNK, multiplexer, wrapped
from opsdash.cli.first_look import first_look
from opsdash.core.terminal import ALL, MANY, SIXTEEN, Terminal, ascii_only, terminal_of
from opsdash.core.terminal_answers import Answers, is_light

UTF8 = {"LANG": "en_GB.UTF-8"}


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm"}, SIXTEEN),
        ({"TERM": "xterm-256color"}, MANY),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ALL),
        ({"TERM": "screen"}, SIXTEEN),
        ({"TERM": "screen-256color"}, MANY),
        ({"TERM": "tmux-256color", "COLORTERM": "24bit"}, ALL),
        ({"TERM": "xterm-kitty"}, MANY),
        ({"TERM": "alacritty"}, MANY),
        ({"TERM": "xterm-direct"}, ALL),
        ({"TERM": "putty"}, SIXTEEN),
        ({"TERM": "putty-256color"}, MANY),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, SIXTEEN),
        ({"TERM": "vt220"}, SIXTEEN),
        ({}, SIXTEEN),
    ],
)
def test_colours_follow_term_and_colorterm(environ: Mapping[str, str], colours: int) -> None:
    assert terminal_of(environ, coerced=False).colours == colours


@pytest.mark.parametrize(
    ("environ", "coerced", "utf8"),
    [
        (UTF8, False, True),
        ({"LANG": "de_DE.utf8"}, False, True),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "C.UTF-8"}, True, True),  # not installed here
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, False),  # Python's own doing
        ({"LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LC_CTYPE": "C.UTF-8"}, False, True),
        ({"LC_CTYPE": "C.UTF-8", "PYTHONUTF8": "1"}, True, True),
        ({"LC_CTYPE": "UTF-8"}, False, True),  # what macOS sends
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, True, False),
        ({"LC_ALL": "POSIX"}, True, False),
        ({"LANG": "de_DE.ISO-8859-1"}, False, False),
        ({"LANG": "de_DE"}, False, False),
        ({}, True, False),
    ],
)
def test_characters_follow_the_locale(
    environ: Mapping[str, str], coerced: bool, utf8: bool
) -> None:
    terminal = terminal_of({"TERM": "xterm", **environ}, coerced=coerced)
    assert (terminal.utf8, terminal.plain) == (utf8, not utf8)


def test_a_console_draws_ascii_whatever_its_locale() -> None:
    terminal = terminal_of({"TERM": "linux", **UTF8}, coerced=False)
    assert (terminal.utf8, terminal.plain, terminal.answers) == (True, True, False)


@pytest.mark.parametrize(
    ("said", "light"),
    [("15;0", False), ("0;15", True), ("0;default;7", True), ("12;8", False), ("", None),
     ("default;default", None), ("0;99", None)],
)  # fmt: skip
def test_the_ground_is_what_colorfgbg_says(said: str, light: bool | None) -> None:
    assert terminal_of({"COLORFGBG": said}, coerced=False).light is light


def test_plain_output_is_ascii_by_locale_and_by_variable() -> None:
    assert not ascii_only(UTF8, coerced=False)
    assert ascii_only({**UTF8, "OPSDASH_ASCII": "1"}, coerced=False)
    assert not ascii_only({"LANG": "C", "OPSDASH_ASCII": "0"}, coerced=True)


def look(wanted: str | None = None, kept: str = "", *, low: bool = False, **facts: object) -> str:
    """The theme that the screen begins with."""
    terminal = Terminal(**{"colours": MANY, "coloured": True, "utf8": True, **facts})  # type: ignore[arg-type]
    return first_look(terminal, wanted, kept=kept, plain=None, low=low).theme


def test_the_theme_is_the_flag_s_or_the_kept_one_or_what_fits() -> None:
    assert look() == "midnight"
    assert look(light=True) == "daylight"
    assert look(light=True, kept="nord") == "nord"
    assert look("dracula", "nord") == "dracula"
    assert look(kept="gone") == "midnight"
    assert look(colours=SIXTEEN, kept="nord") == "ansi16"
    assert look(colours=SIXTEEN, kept="mono") == "mono"
    assert look("nord", colours=SIXTEEN) == "nord"
    assert look(kept="nord", coloured=False) == "mono"
    assert look("nord", coloured=False) == "nord"
    assert look(kept="nord", low=True) == "ansi16"
    with pytest.raises(click.UsageError, match="there is no theme 'nrod'"):
        look("nrod")


def test_a_kept_theme_that_can_not_be_had_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(kept: str, wanted: str | None = None, *, low: bool = False) -> str:
        terminal = Terminal(colours=MANY, coloured=True, utf8=True)
        return first_look(terminal, wanted, kept=kept, plain=None, low=low).notice

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "opsdash" / "themes"
    own.mkdir(parents=True)
    (own / "dusk.yaml").write_text("name: dusk\nname: [", encoding="utf-8")
    (own / "my.yaml").write_text("name: nord\nbackgrund: x", encoding="utf-8")
    assert told("") == told("dracula") == told("dusk", "dracula") == ""
    assert told("gone") == "the theme gone is gone, midnight is shown"
    assert told("gone", low=True) == "the theme gone is gone, ansi16 is shown"
    assert told("dusk").startswith("theme dusk: dusk.yaml:2:")
    assert told("dusk").endswith("; midnight is shown")
    assert told("nord").startswith("theme nord: my.yaml:")
    assert told("nord").endswith("; another nord is shown")


class Watch:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_answers_are_taken_out_of_what_is_typed() -> None:
    watch = Watch()
    answers = Answers(watch)
    heard: list[bool | None] = []
    answers.heard = lambda: heard.append(answers.light)
    assert answers.ask_who() == "\x1b[c"
    watch.at += 0.3
    assert answers.feed("a\x1b]11;rgb:ffff/ffff/ffff\x1b\\b\x1b[?62;22cc") == "abc"
    assert answers.light is True
    assert answers.round_trip_s == pytest.approx(0.3)
    assert heard == [True]


def test_the_quickest_round_trip_counts_and_one_that_was_not_asked_for_does_not() -> None:
    watch = Watch()
    answers = Answers(watch)
    for took_s in (0.5, 0.1, 0.4):
        answers.ask_who()
        watch.at += took_s
        answers.feed("\x1b[?6c")
    assert answers.round_trip_s == pytest.approx(0.1)
    watch.at += 1
    assert answers.feed("\x1b[?6c") == ""
    assert answers.round_trip_s == pytest.approx(0.1)
    assert answers.answered == 3


@pytest.mark.parametrize("cut", range(2, 30))
def test_an_answer_in_two_pieces_is_no_key_either(cut: int) -> None:
    whole = "\x1b]11;rgb:1111/2222/3333\x07\x1b[?1;2c"
    answers = Answers(Watch())
    answers.ask_who()
    assert answers.feed(whole[:cut]) + answers.feed(whole[cut:]) == ""
    assert answers.light is False


def test_keys_are_never_held_back() -> None:
    answers = Answers(Watch())
    answers.ask_who()
    for keys in ("\x1b", "\x1b[A", "\x1b[<35;1;1M", "\x1b[1;5C", "q"):
        assert answers.feed(keys) == keys


@given(st.text(alphabet="\x1b[]?;:0123456789rgbc/\\\x07qA"))
def test_whatever_is_typed_nothing_but_answers_is_lost(typed: str) -> None:
    answers = Answers(Watch())
    kept = answers.feed(typed) + answers.feed("")
    answer = re.compile("\x1b\\]11;[^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b\\[\\?[0-9;]*c")
    assert kept == answer.sub("", typed)


@pytest.mark.parametrize(
    ("rgb", "light"),
    [("ffff/fafa/f0f0", True), ("0000/0000/0000", False), ("ff/ff/ff", True), ("28/2a/36", False),
     ("ffff/fafa/f0f0/ffff", True), ("?", None), ("zz/zz/zz", None), ("", None)],
)  # fmt: skip
def test_a_ground_is_light_by_its_luminance(rgb: str, light: bool | None) -> None:
    assert is_light(rgb) is light


def test_a_copy_goes_through_tmux_and_through_screen() -> None:
    payload = base64.b64encode(b"x" * 300).decode()
    assert (multiplexer({"TMUX": "/tmp/t,1,0", "STY": "1.x"}), multiplexer({"STY": "1.x"})) == (
        "tmux",
        "screen",
    )
    assert multiplexer({}) == ""
    assert wrapped(payload, "tmux") == f"\x1bPtmux;\x1b\x1b]52;c;{payload}\x07\x1b\\"
    parts = re.findall("\x1bP(.*?)\x1b\\\\", wrapped(payload, "screen"), re.DOTALL)
    assert "".join(parts) == f"\x1b]52;c;{payload}\x07"
    assert max(map(len, parts)) <= SCREEN_CHUNK
