"""What every way to a host can do: pulse, collect, execute. Nothing above knows which way it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from opsdash.core.examination import Examination
from opsdash.core.host import Host
from opsdash.core.plugin import Collector
from opsdash.core.reading import Reading
from opsdash.core.secret import Secret
from opsdash.transport.tcp import Tcp


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended by itself: exit status, output as bytes, and how long it took.

    `truncated` says that a byte cap cut the output. Death by a signal is a negative status, as in
    the standard library. `around` is what the Around of its order said.
    """

    status: int
    stdout: bytes
    stderr: bytes = b""
    truncated: bool = False
    took_s: float = 0.0
    around: bytes = b""


@dataclass(frozen=True, slots=True)
class Around:
    """What is done around a command, by the shell that stays beside it: definitions of two shell
    functions, before() and after(). Where before() fails the command is not run, and its status is
    1; whatever becomes of the command, called off or cut off too, after() comes behind it.
    """

    functions: bytes


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file here that is sent over there: its size, and its SHA-256 in hexadecimal digits."""

    path: Path
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Order:
    """One command of a person's: a POSIX sh script, what it reads (None: nothing), whether root is
    to run it, and its limits: seconds, and bytes of both outputs together. With `keeps_output`
    false its standard output is only heard, not kept. `around` it something is done.
    """

    script: bytes
    stdin: bytes | Secret | LocalFile | None = None
    root: bool = False
    timeout_s: float = 60.0
    max_bytes: int = 1_000_000
    keeps_output: bool = True
    around: Around | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of what a stream says, and whether as an error. The last one has the `status` with which
    the script ended: 128 and more, and a signal ended it.
    """

    data: bytes = b""
    is_error: bool = False
    status: int | None = None


STREAMS_PER_HOST = 4
"""Streams have channels of their own, beside those for what is soon over: sshd allows ten."""


Heard = Callable[[bytes, bool], None]
"""Told each piece of output as it comes, and whether it came as an error."""


TOKEN = "TOKEN"  # noqa: S105 - where the words of an Elevation have one put


@dataclass(frozen=True, slots=True)
class Elevation:
    """How root is become for a command: the words of shell that its own shell is put after (none:
    root is not become), and the password, if it takes one. `on_tty` wants a terminal for that.
    """

    words: str = ""
    password: Secret | None = None
    on_tty: bool = False

    def asking(self, token: str) -> str:
        """The words, which let a password be asked for by this token."""
        return self.words.replace(TOKEN, token)


class Connection(Protocol):
    """One host, reached. Every method raises HostError when the host can't be asked any more."""

    @property
    def host_key(self) -> str:
        """The host key that was verified, as ``ssh-rsa 2048``: its kind, and the size in bits where
        that tells how strong it is. Empty where nobody here knows.
        """
        ...

    def pulse(
        self, collectors: Sequence[Collector], interval_s: float
    ) -> AsyncGenerator[list[Reading], None]:
        """The readings of the pulse collectors, every `interval_s` seconds, until it breaks."""
        ...

    async def collect(self, due: Sequence[Collector]) -> list[Reading]:
        """The readings of all collectors that are due, fetched together: one for each of them."""
        ...

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run a POSIX sh script to its end; HostError when it takes longer than `timeout_s`."""
        ...

    async def run(
        self, order: Order, heard: Heard | None = None, *, by: Elevation | None = None
    ) -> Completed:
        """Run a person's command to its end, with its own input, as root if the order says so.

        `by` says how root is become (see Privilege.run, which knows the password); without it only
        what takes no password is tried. It has no terminal. `/usr/sbin` and the like are in its
        PATH. Its exit status is as a shell tells it: 128 and more, and a signal ended it. What is
        over `max_bytes` ends it, and the result is marked as truncated. However this ends, by a
        cancelled task too, nothing is left of the command over there.

        HostError: TIMEOUT, with what it had put out as `partial`; LOST when the connection broke,
        then how it ended is not known; DENIED when root is refused ("needs root: ...").
        """
        ...

    def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """What a POSIX sh script of our own says, piece by piece, for as long as somebody listens.

        Its input is a line every `beat_s` seconds; when that ends, it has to end, and is made to a
        little later. While nobody takes the next piece it has to wait: little is kept on the way.
        Nothing is left of it when the generator is closed, or the connection broke. `endless` says
        that it does not end by itself. HostError: LOST when the connection breaks; SESSION when the
        host gives no session for it, or STREAMS_PER_HOST are open.
        """
        ...

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """Let the host make a TCP connection to a port of `host`, a name as the host knows it.

        HostError: REFUSED or TIMEOUT when nothing answers there, DENIED when sshd forbids it.
        """
        ...

    async def close(self) -> None:
        """End the connection and what it started on the host; never raises, never hangs."""
        ...


class Transport(Protocol):
    """A way to many hosts: what their connections share lives here."""

    async def connect(self, host: Host) -> Connection:
        """Reach a host; HostError says why not."""
        ...

    async def log_in(self, host: Host) -> float:
        """Log in by a connection of its own and leave again: can anybody still get in?

        Gives the seconds that the host took for it; what it waited for its turn here is not among
        them. HostError says why not. It never asks a person: a host that would have to is left out.
        """
        ...

    async def change_fleet(self, hosts: Mapping[str, Host], gone: Collection[str]) -> None:
        """These are the hosts from now on, those that one only passes through among them.

        Whatever is still open to `gone` is closed, also under the hosts that are reached through
        it: they are reached in another way now, or not at all. Nobody asks them meanwhile.
        """
        ...

    def examine(
        self, host: Host, exam: Examination, *, ask: bool
    ) -> AbstractAsyncContextManager[Connection]:
        """Reach a host by a connection of its own, which ends with the block, and report each stage
        of the way to `exam`. With `ask` a person may be asked for what the login takes.

        HostError says why it can't be reached; the stage that failed has been reported by then.
        """
        ...

    def ask_again(self) -> None:
        """The user wants another try: questions that were declined may be asked again."""
        ...

    async def close(self) -> None:
        """Close whatever is still open."""
        ...
