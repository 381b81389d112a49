"""A command for many hosts: what was asked for, and the plan that it makes. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsdash.core.plan import (
    STEP_MAX_BYTES,
    STEP_TIMEOUT_S,
    Danger,
    HostSteps,
    LeftOut,
    OnFailure,
    Plan,
    Rollout,
    Step,
    StepKind,
)
from opsdash.core.text import clean_line

ACTION = "run"
AT_A_TIME = 50
MOST_SCRIPT_BYTES = 256_000
MOST_STDIN_BYTES = 8_000_000

ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BY_STDIN = re.compile(r"(?:ba|da|z|k|mk|pdk)?sh|ash")
_BY_DASH = re.compile(r"python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|node|nodejs|php|lua[0-9.]*")


@dataclass(frozen=True, slots=True)
class RunWish:
    """What is to be run. `command` is a shell line, or the text of a whole script; `stdin` is what
    it reads; `env` is set for it, and it starts in the folder `cwd` (empty: at home). With `root`
    it runs as root. It is cut off after `timeout_s` seconds and `max_bytes` bytes of output.
    So many hosts run it `at_a_time`; the first `canary` go alone, and if any of them fails no other
    begins; with `stop` none begins after any failure. `shown` is what people read instead of the
    command; `name` is what the job may be found by.
    """

    command: str
    stdin: bytes | None = None
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    root: bool = False
    timeout_s: float = STEP_TIMEOUT_S
    max_bytes: int = STEP_MAX_BYTES
    at_a_time: int = AT_A_TIME
    canary: int = 0
    stop: bool = False
    shown: str = ""
    name: str = ""

    @property
    def title(self) -> str:
        """The command in one line."""
        return clean_line(self.shown or self.command, 500)


def command_of(words: Sequence[str]) -> str:
    """The shell line of these words: one is taken as the line that it is, of several each is quoted
    as one argument. ValueError: there is none, or it can't be passed.
    """
    line = words[0] if len(words) == 1 else shlex.join(words)
    if not line.strip():
        raise ValueError("no command: what is to be run?")
    if "\0" in line:
        raise ValueError("a command can't hold NUL")
    return line


def script_wish(text: bytes, name: str, arguments: Sequence[str], wish: RunWish) -> RunWish:
    """The wish to run a script's text with arguments; ValueError says why that can't be. A script
    for another program than sh comes to that program by its stdin.
    """
    if len(text) > MOST_SCRIPT_BYTES:
        raise ValueError(
            f"a script of more than {MOST_SCRIPT_BYTES // 1000} kB: put it there first"
        )
    if b"\0" in text or any("\0" in one for one in arguments):
        raise ValueError("a script can't hold NUL")
    try:
        script = text.decode()
    except UnicodeDecodeError:
        raise ValueError("a script must be UTF-8 text") from None
    if not script.strip():
        raise ValueError("the script is empty")
    shown = " ".join([name, *(shlex.quote(one) for one in arguments)])
    interpreter = _interpreter(script)
    if not interpreter:
        set_arguments = f"set -- {shlex.join(arguments)}\n" if arguments else ""
        return replace(wish, command=set_arguments + script, shown=shown)
    if wish.stdin is not None:
        raise ValueError(f"{interpreter[0]} reads the script itself on stdin: leave --stdin out")
    command = shlex.join([*interpreter, *arguments])
    return replace(wish, command=f"exec {command}", stdin=text, shown=shown)


def _interpreter(script: str) -> list[str]:
    """What reads a script on its stdin; empty: the sh that runs all."""
    first = script.split("\n", 1)[0].strip()
    if not first.startswith("#!"):
        return []
    words = first[2:].split()
    if words and words[0].rpartition("/")[2] == "env":
        words = words[1:]
        if words and words[0] == "-S":
            words = words[1:]
    name = words[0].rpartition("/")[2] if words else ""
    if name == "sh" and len(words) == 1:
        return []
    if _BY_STDIN.fullmatch(name):
        return [*words, "-s", "--"]
    if _BY_DASH.fullmatch(name):
        return [*words, "-"]
    known = "sh, bash, python, perl, ruby, node, php and lua"
    who = clean_line(name, 40) or "nobody"
    raise ValueError(f"a script for {who}: only {known} can read one on stdin")


def script_of(wish: RunWish) -> str:
    """The POSIX sh text that runs: environment, folder, command."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in wish.env]
    if wish.cwd:
        lines.append(f"cd -- {shlex.quote(wish.cwd)} || exit")
    return "\n".join([*lines, wish.command])


def env_of(pairs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``K=V`` words as pairs; ValueError for what is none."""
    found = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not ENV_NAME.fullmatch(name) or "\0" in value:
            raise ValueError(f"{clean_line(pair, 60)!r} is not NAME=VALUE")
        found.append((name, value))
    return tuple(found)


def _rollout(wish: RunWish, hosts: int) -> Rollout:
    stops = wish.stop or wish.canary > 0
    return Rollout(
        canary=wish.canary,
        at_a_time=wish.at_a_time,
        failures=None if wish.stop or not stops else hosts,  # after the canary any number is borne
        on_failure=OnFailure.STOP if stops else OnFailure.CONTINUE,
    )


def run_plan(wish: RunWish, hosts: Sequence[str], left_out: Sequence[LeftOut] = ()) -> Plan:
    """The plan that runs this wish on these hosts: one step on each. Whoever makes it says who they
    are, when, and by which id.
    """
    step = Step(
        StepKind.RUN,
        wish.title,
        script_of(wish),
        stdin=wish.stdin,
        root=wish.root,
        timeout_s=wish.timeout_s,
        max_bytes=wish.max_bytes,
    )
    return Plan(
        id="",
        action=ACTION,
        title=wish.title,
        danger=Danger.CHANGES,
        hosts=tuple(HostSteps(name, (step,)) for name in hosts),
        target=wish.title,
        rollout=_rollout(wish, len(hosts)),
        left_out=tuple(left_out),
        note=wish.name,
    )


def wish_of(plan: Plan) -> RunWish | None:
    """What a run's plan was made of, to run it again; None: it is none."""
    if plan.action != ACTION or not plan.hosts or len(plan.hosts[0].steps) != 1:
        return None
    step = plan.hosts[0].steps[0]
    stdin = step.stdin if isinstance(step.stdin, bytes) else None
    return RunWish(
        step.script,
        stdin,
        root=step.root,
        timeout_s=step.timeout_s,
        max_bytes=step.max_bytes,
        at_a_time=plan.rollout.at_a_time,
        canary=plan.rollout.canary,
        stop=plan.rollout.on_failure is OnFailure.STOP and plan.rollout.failures is None,
        shown=plan.title,
        name=plan.note,
    )
