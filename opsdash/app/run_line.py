"""The line in which a command for hosts is typed: options first, then the shell line as it is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from opsdash.core.run_plan import (
    MOST_SCRIPT_BYTES,
    MOST_STDIN_BYTES,
    RunWish,
    command_of,
    env_of,
    script_wish,
)
from opsdash.widgets.ask_once import AskOnce

OPTIONS = (
    "--sudo --timeout 2m --cwd DIR --env K=V --stdin FILE --script FILE"
    " --at-a-time N --canary N --stop --save NAME"
)
HOW = f": a shell line, with options before it: {OPTIONS}"

_OPTION = re.compile(r"\s*--([a-z-]+)(?=\s|=|$)")
_VALUE = re.compile(r"""[\s=]\s*((?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+)""")
_FLAGS = frozenset({"sudo", "stop"})


class RunLine(AskOnce):
    """What is typed behind enter is dropped: the plan that opens then was not read yet."""

    def hand_on(self) -> None:
        """Nobody gets it."""
        self._field.begin("")


def wish_of_line(text: str) -> RunWish:
    """What was typed as a wish; ValueError says what is wrong with it."""
    wish, rest, script = RunWish(""), text, ""
    while found := _OPTION.match(rest):
        name, rest = found[1], rest[found.end() :]
        if name in _FLAGS:
            wish = replace(wish, root=True) if name == "sudo" else replace(wish, stop=True)
            continue
        value = _VALUE.match(rest)
        if value is None:
            raise ValueError(f"--{name} needs a value behind it")
        word, rest = _unquoted(value[1]), rest[value.end() :]
        if name == "script":
            script = word
        else:
            wish = _with(wish, name, word)
    rest = rest.strip().removeprefix("-- ").strip()
    if not script:
        return replace(wish, command=command_of([rest]))
    return script_wish(_read(script, MOST_SCRIPT_BYTES), Path(script).name, _words(rest), wish)


def _read(path: str, most_bytes: int) -> bytes:
    from opsdash.config.input_file import read_input  # not before the first frame

    return read_input(path, most_bytes, only_file=True)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from None


def _unquoted(word: str) -> str:
    return " ".join(_words(word))


def _with(wish: RunWish, name: str, value: str) -> RunWish:
    """The wish with an option that has a value."""
    understand = _VALUES.get(name)
    if understand is None:
        raise ValueError(f"there is no option --{name}: {OPTIONS}")
    return understand(wish, value)


def _timeout(wish: RunWish, value: str) -> RunWish:
    from opsdash.config.field_values import span_s  # not before the first frame

    return replace(wish, timeout_s=span_s(value if value[-1:].isalpha() else f"{value}s"))


def _number(name: str, value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value[:6]) <= 10_000:
        raise ValueError(f"--{name} is a number of hosts, from 1 on")
    return int(value)


_VALUES: Mapping[str, Callable[[RunWish, str], RunWish]] = {
    "timeout": _timeout,
    "cwd": lambda wish, value: replace(wish, cwd=value),
    "env": lambda wish, value: replace(wish, env=(*wish.env, *env_of([value]))),
    "stdin": lambda wish, value: replace(wish, stdin=_read(value, MOST_STDIN_BYTES)),
    "save": lambda wish, value: replace(wish, name=value),
    "canary": lambda wish, value: replace(wish, canary=_number("canary", value)),
    "at-a-time": lambda wish, value: replace(wish, at_a_time=_number("at-a-time", value)),
}
