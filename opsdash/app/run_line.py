"""The line in which a command for hosts is typed: options first, then the shell line as it is."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from opsdash.core.run_plan import RunWish, command_of, env_of
from opsdash.widgets.ask_once import AskOnce

OPTIONS = "--sudo --timeout 2m --cwd DIR --env K=V --at-a-time N --canary N --stop --save NAME"
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
    wish, rest = RunWish(""), text
    while found := _OPTION.match(rest):
        name, rest = found[1], rest[found.end() :]
        if name in _FLAGS:
            wish = replace(wish, root=True) if name == "sudo" else replace(wish, stop=True)
            continue
        value = _VALUE.match(rest)
        if value is None:
            raise ValueError(f"--{name} needs a value behind it")
        wish, rest = _with(wish, name, _unquoted(value[1])), rest[value.end() :]
    if rest.lstrip().startswith("-- "):
        rest = rest.lstrip()[3:]
    return replace(wish, command=command_of([rest.strip()]))


def _unquoted(word: str) -> str:
    try:
        return " ".join(shlex.split(word))
    except ValueError as error:
        raise ValueError(f"{word}: {error}") from None


def _with(wish: RunWish, name: str, value: str) -> RunWish:
    """The wish with an option that has a value."""
    if name == "timeout":
        from opsdash.config.field_values import span_s  # not before the first frame

        return replace(wish, timeout_s=span_s(value if value[-1:].isalpha() else f"{value}s"))
    if name == "cwd":
        return replace(wish, cwd=value)
    if name == "env":
        return replace(wish, env=(*wish.env, *env_of([value])))
    if name == "save":
        return replace(wish, name=value)
    if name in ("at-a-time", "canary"):
        if not value.isdecimal() or not 1 <= int(value[:6]) <= 10_000:
            raise ValueError(f"--{name} is a number of hosts, from 1 on")
        number = int(value)
        if name == "canary":
            return replace(wish, canary=number)
        return replace(wish, at_a_time=number)
    raise ValueError(f"there is no option --{name}: {OPTIONS}")
