"""Windows of the tmux that opsdash runs in: nothing has to stand aside for what runs in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.shell import SSH_FAILED
from opsdash.transport import process

TMUX_S = 10.0

HINT = "palette: shell here takes this terminal instead"

_CARRIED = ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSH_ASKPASS", "KRB5CCNAME", "DISPLAY")
"""What a window has from tmux's server, and not from us: with another agent the login fails."""

_KEPT_OPEN = (
    f'"$@"; status=$?; [ "$status" = {SSH_FAILED} ] || exit "$status"; '
    "printf '\\nssh failed: opsdash examines the way (doctor). Enter closes this window.'; "
    'read -r _; exit "$status"'
)
"""Runs a program; when ssh has failed its words stay until somebody has read them."""


def inside_tmux() -> bool:
    """Whether our terminal is a pane of tmux."""
    return bool(os.environ.get("TMUX"))


async def open_window(name: str, argv: Sequence[str]) -> None:
    """Run a program in a new window, which ends with it; HostError says why there is none."""
    program = [*_environment(os.environ), *argv]
    # in a window's name tmux would run what stands in #()
    command = ["tmux", "new-window", "-n", name.replace("#", "##"), "--"]
    command += ["/bin/sh", "-c", _KEPT_OPEN, "sh", *program]
    done = await process.run(command, timeout_s=TMUX_S, max_bytes=65_536)
    if done.status != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        text = f"tmux opened no window: {said[-1] if said else f'status {done.status}'}"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text, HINT))


def _environment(ours: Mapping[str, str]) -> list[str]:
    """Our environment in place of that of tmux's server, as far as ssh heeds it."""
    carried = [f"{name}={ours[name]}" for name in _CARRIED if name in ours]
    path = [f"PATH={ours['PATH']}"] if "PATH" in ours else []
    return [shutil.which("env") or "env", *path, *carried]
