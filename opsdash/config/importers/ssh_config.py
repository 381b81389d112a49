"""Which hosts an ssh config names. What it says about them is left to ``ssh -G``.

``Host`` patterns, ``Match`` and negations name nobody. The blocks' own HostName and User are read
for one purpose: to tell git servers and second names of one machine from hosts.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from opsdash.config.importers.found import Found, shown
from opsdash.config.source_text import is_file, read_text
from opsdash.core.errors import ConfigError
from opsdash.core.text import clean_line

KIND = "ssh-config"
MAX_DEPTH = 16
"""How deep ssh follows Include."""
MAX_FILES = 1_000

GIT_SERVERS = frozenset({
    "github.com", "gist.github.com", "ssh.github.com", "gitlab.com", "altssh.gitlab.com",
    "bitbucket.org", "altssh.bitbucket.org", "codeberg.org", "git.sr.ht", "ssh.dev.azure.com",
    "vs-ssh.visualstudio.com", "aur.archlinux.org", "salsa.debian.org", "gitee.com",
    "git.launchpad.net", "source.developers.google.com",
})  # fmt: skip

_LINE = re.compile(r"([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)(.*)")
_WORD = re.compile(r"""\s*(?:(#.*)|((?:"[^"]*"|'[^']*'|[^\s"'])+))""")


def user_home() -> Path:
    """The home directory as ssh knows it, which does not heed $HOME."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def usual_path() -> Path:
    """The config that ssh reads without being told to."""
    return user_home() / ".ssh" / "config"


def read_ssh_config(path: Path) -> Found:
    """The hosts that an ssh config and its includes name; ConfigError if it can't be read.

    A file that others may write is refused as ssh refuses it: its ProxyCommand runs here.
    """
    found = Found(KIND, path)
    if os.path.realpath(path) != os.path.realpath(usual_path()):
        found.defaults["ssh_config"] = str(path)
    _Reader(found).read(path, ())
    return found


@dataclass(slots=True)
class _Block:
    """One Host block: its names, and what it says of them itself."""

    file: Path
    line: int
    words: list[str]
    said: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    def holds(self, name: str) -> bool:
        """Whether ssh would heed the block for a name."""
        if any(word[:1] == "!" and _fits(name, word[1:]) for word in self.words):
            return False
        return any(_fits(name, word) for word in self.words if word[:1] != "!")

    def names(self) -> list[str]:
        """The words that are names, not patterns."""
        return [word for word in self.words if word[:1] != "!" and not set("*?") & set(word)]


def _fits(name: str, pattern: str) -> bool:
    """Whether a name is one that an ssh pattern means: ``*`` and ``?``, no brackets."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


class _Reader:
    """Follows a config and its includes as ssh does."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._files = 0
        self._chain: list[str] = []
        self._seen: set[str] = set()

    def read(self, path: Path, within: tuple[_Block, ...]) -> None:
        """Note the hosts of a file; `within` are the blocks in which its Include stands."""
        self._files += 1
        self._chain.append(os.path.realpath(path))
        block: _Block | None = None
        for number, keyword, words in _lines(read_text(path, private=True)):
            if keyword in ("host", "match"):
                self._note(block, within)
                # of a Match block only ssh knows whom it is about: to us nobody
                block = _Block(path, number, words if keyword == "host" else [])
                if keyword == "match" and [word.lower() for word in words] == ["all"]:
                    block = None
            elif keyword == "include":
                around = within if block is None else (*within, block)
                for word in words:
                    self._include(word, f"{path}:{number}", around)
            elif block is not None and words:
                block.said.setdefault(keyword, words[0])
        self._note(block, within)
        self._chain.pop()

    def _note(self, block: _Block | None, within: tuple[_Block, ...]) -> None:
        """Take over the names of a block that ended."""
        names = block.names() if block else []
        for name in names:
            if block is None or name in self._seen:
                continue
            if not all(around.holds(name) for around in within):
                reason = "ssh does not heed it: its Include stands in a block about other hosts"
                self._found.leave_out(name, reason, block.place)
                continue
            self._seen.add(name)
            if reason := _no_host(name, names, block):
                self._found.leave_out(name, reason, block.place)
            else:
                self._found.add(name, {}, block.place)

    def _include(self, word: str, place: str, within: tuple[_Block, ...]) -> None:
        if "$" in word or "%" in word:
            self._found.note(f"Include {shown(word)}: opsdash does not fill in variables", place)
            return
        for path in _matches(word):
            real = os.path.realpath(path)
            trouble = ""
            if real in self._chain:
                trouble = "is included in a circle, which ssh refuses"
            elif len(self._chain) >= MAX_DEPTH:
                trouble = f"is included more than {MAX_DEPTH} levels deep, which ssh refuses"
            elif self._files >= MAX_FILES:
                trouble = f"is left out: more than {MAX_FILES} files"
            if trouble:
                self._found.note(f"{clean_line(str(path))} {trouble}", place)
                continue
            try:
                self.read(path, within)
            except ConfigError as error:
                self._chain = self._chain[: self._chain.index(real)]
                self._found.note(f"Include: {error.faults[0]}", place)


def _no_host(name: str, names: list[str], block: _Block) -> str:
    """Why an alias is not a host of its own; empty if it is one."""
    address = block.said.get("hostname", "")
    if {name.lower(), address.lower()} & GIT_SERVERS or block.said.get("user") == "git":
        return "a git server, not a host to watch"
    first = names[0]
    if name == first:
        return ""
    if address and "%h" not in address:
        return f"another name of {shown(first)}"
    short = next((one for one in names if name.startswith(f"{one}.")), "")
    return f"another name of {shown(short)}" if short else ""


def _matches(word: str) -> list[Path]:
    """The files that a word after Include means: none is no fault."""
    if word == "~" or word.startswith("~/"):
        path = user_home() / word[2:]
    else:
        try:
            path = user_home() / ".ssh" / Path(word).expanduser()
        except RuntimeError:  # nobody's home directory
            return []
    anchor = Path(path.anchor)
    try:
        return [one for one in sorted(anchor.glob(str(path.relative_to(anchor)))) if is_file(one)]
    except (ValueError, OSError, NotImplementedError):  # not a pattern that a file can have
        return []


def _lines(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Line number, keyword in lower case, and the words behind it."""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if (found := _LINE.match(line)) is not None:
            yield number, found[1].lower(), _words(found[2])


def _words(text: str) -> list[str]:
    """The words of a line, without their quotes and without a comment at its end."""
    words = []
    for found in _WORD.finditer(text):
        if found[1] is not None:
            break
        words.append(re.sub(r"""["']""", "", found[2]))
    return words
