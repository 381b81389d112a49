"""The one script that a sudoers rule may allow, and the command by which sudo is asked for it.

sudo can allow a program and its arguments, but not what a program reads. So the arguments carry the
digest of a script, and a few words of shell that run what stands on their input only if that is its
digest: whoever the rule is for can run this script as root, and nothing else. Nothing has to be
installed for it but the rule itself. See docs/decisions/0010-sudoers.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from opsdash.core.plugin import Collector
from opsdash.core.reading import Reading
from opsdash.transport.bundle import Execute, collect_fixed, fixed_script

SHELL = "/bin/sh"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MAX_BYTES = 262_144
"""Of its input no more is ever held in memory, as root, on the host."""

NOT_THE_SCRIPT = 97
"""What the command exits with when it got something else than the script: it was allowed to run."""

_LOADER = (
    'PATH={path};s=$(head -c {most});h=$(printf %s "$s"|sha256sum|cut -c-64);'
    'test "$h" = {digest}||exit {refused};eval "$s"'
)
"""Without a space when it is filled in: sudo joins arguments by spaces before it compares them, so
a word with a space in it could be given to the shell as two.
"""


@dataclass(frozen=True, slots=True)
class RootRule:
    """What these collectors take as root, as one script that never varies."""

    collectors: Sequence[Collector]
    script: bytes = field(init=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.collectors, key=lambda collector: collector.name))
        object.__setattr__(self, "collectors", ordered)
        object.__setattr__(self, "script", fixed_script(ordered))

    @property
    def digest(self) -> str:
        """The SHA-256 of the script, in hexadecimal digits."""
        return sha256(self.script).hexdigest()

    @property
    def loader(self) -> str:
        """What ``sh -c`` gets: it runs the script that it reads, if it is the one."""
        filled = _LOADER.format(
            path=PATH, most=MAX_BYTES, digest=self.digest, refused=NOT_THE_SCRIPT
        )
        return filled.replace(" ", "${IFS}")

    @property
    def argv(self) -> tuple[str, str, str]:
        """The whole command that a rule has to allow."""
        return (SHELL, "-c", self.loader)

    async def collect(self, execute: Execute, due: Sequence[Collector], host: str) -> list[Reading]:
        """One reading for each of the collectors that are due; HostError as collect_bundle()."""
        return await collect_fixed(execute, self.collectors, due, host)
