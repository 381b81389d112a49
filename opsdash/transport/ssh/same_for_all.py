"""Whether the user's ssh config says the same of every host, so that ``ssh`` need be asked once.

``ssh -G`` is a process for each login: 7 ms of processor time, more than the login itself. What a
config without ``Host`` blocks and ``Match`` says of one name it says of all. Wherever this is in
doubt the answer is no, and ssh is asked about each host as ever.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator
from pathlib import Path

ANY_HOST = "any-host.opsdash.invalid"
"""The name that ssh is asked about in place of all others: no config is about it alone."""

SYSTEM_CONFIG = Path("/etc/ssh/ssh_config")
_LINE = re.compile(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*")
_DEEPEST = 8


class _InDoubt(Exception):
    """The config says something of some hosts only, or might."""


def text_for_all(config: str | None) -> str | None:
    """The whole config that holds for every host, as a text that changes when it does; None when
    it may differ from host to host. `config` is the file that ``-F`` names, None for the usual two.
    """
    try:
        user = _home() / ".ssh"
        if config and not Path(config).expanduser().exists():
            return None  # ssh has words for that
        files = [(Path(config).expanduser(), user)] if config else [(user / "config", user)]
        if config is None:
            files.append((SYSTEM_CONFIG, SYSTEM_CONFIG.parent))
        return "\0".join(line for file, base in files for line in _lines(file, base, _DEEPEST))
    except (_InDoubt, OSError, ValueError, KeyError):
        return None


def _home() -> Path:
    """The home directory as ssh knows it, which does not heed $HOME."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def _lines(file: Path, base: Path, deepest: int) -> Iterator[str]:
    """What a file says, with what it includes; a file that is not there says nothing."""
    if deepest <= 0:
        raise _InDoubt
    if not file.exists():
        return
    for raw in file.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if line and not line.startswith("#"):
            for included in _heeded(line, base):
                yield from _lines(included, base, deepest - 1)
            yield line


def _heeded(line: str, base: Path) -> list[Path]:
    """The files that a line includes; _InDoubt where it is not about every host."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise _InDoubt
    keyword, value = found[1].lower(), found[2]
    if keyword == "match" or (keyword == "host" and value != "*"):
        raise _InDoubt
    if keyword != "include":
        return []
    # several words, quotes, tokens, variables and the homes of others are left to ssh
    if re.search(r"""[\s"'%$\\]|^~[^/]""", value):
        raise _InDoubt
    path = _home() / value[2:] if value.startswith("~/") else base / value
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def about(name: str, said_of_any: dict[str, list[str]]) -> dict[str, list[str]] | None:
    """What ``ssh -G`` would say of a host, from what it said of ANY_HOST; None when that differs
    from host to host after all (a name that is filled in or made canonical).
    """
    if said_of_any.get("hostname") != [ANY_HOST]:
        return None
    if said_of_any.get("canonicalizehostname", ["no"])[0] not in ("no", "false"):
        return None
    others = {key: v for key, v in said_of_any.items() if key not in ("host", "hostname")}
    if any(ANY_HOST in value for values in others.values() for value in values):
        return None
    return {**others, "hostname": [name]}
