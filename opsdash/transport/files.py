"""Files over there: put, got and looked at, by the same way as commands, as root too.

A file is written beside its place, in a folder that nobody else can reach into, checked by its size
and digest, and then renamed: whoever reads it sees the old one or the new one, whole. Why not by
SFTP: docs/decisions/0018-commands-and-files.md.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import IO

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.quoting import quote
from opsdash.core.secret import Secret
from opsdash.core.text import size
from opsdash.transport.base import Completed, Heard, LocalFile, Order
from opsdash.transport.file_scripts import GET, KNOW, LOOK, PUT

Run = Callable[[Order, Heard | None], Awaitable[Completed]]
"""Runs an order: Connection.run, or Privilege.run for one host, which knows the password."""

GONE = "gone"
"""Stands for the digest of a file that is not there."""

_FACTS = b"facts "
_FACTS_BYTES = 4_096
_PIECE_BYTES = 1_048_576
TRANSFER_S = 60.0


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on a host, reached as root or not; how many seconds one access may take."""

    path: str
    root: bool = False
    timeout_s: float = TRANSFER_S


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file is: SHA-256 in hexadecimal digits (GONE: there is none; empty: the host has no
    program that tells), permissions as in 0o644, ``user:group``, and its size.
    """

    digest: str
    mode: int = 0
    owner: str = ""
    size_bytes: int = 0

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return self.digest != GONE


def look_order(file: RemoteFile) -> Order:
    """What looks at a file; its answer is read by facts_in()."""
    script = _script(file, LOOK)
    return Order(script, root=file.root, timeout_s=file.timeout_s, max_bytes=_FACTS_BYTES)


def get_order(file: RemoteFile, max_bytes: int) -> Order:
    """What prints a file, and what it is on its error output; read by content_in()."""
    limit = max_bytes + _FACTS_BYTES
    return Order(_script(file, GET), root=file.root, timeout_s=file.timeout_s, max_bytes=limit)


def put_order(
    file: RemoteFile,
    content: bytes | Secret | LocalFile,
    *,
    mode: int | None = None,
    owner: str = "",
) -> Order:
    """What writes a file, whole or not at all; its answer is read by facts_in().

    `mode` None: that of the file which is there, or 0o600. `owner` is ``user`` or ``user:group``;
    empty: that of the file which is there, as far as one may, or who writes. A link is followed.
    Access lists and other attributes of the file that was there are not kept.
    """
    size_bytes, digest = _measured(content)
    script = _script(
        file,
        PUT,
        mode=f"{mode:o}" if mode is not None else "",
        owner=owner,
        size=str(size_bytes),
        sum=digest,
    )
    return Order(script, content, root=file.root, timeout_s=file.timeout_s)


async def look(run: Run, file: RemoteFile) -> FileFacts:
    """What a file is, or that there is none; HostError when that can't be known."""
    return facts_in(await run(look_order(file), None), file)


async def put(
    run: Run,
    file: RemoteFile,
    content: bytes | Secret | LocalFile,
    *,
    mode: int | None = None,
    owner: str = "",
) -> FileFacts:
    """Write a file as put_order() does, and give what it is then; HostError: nothing was changed,
    or, when the connection broke, it is the old file or the new one.
    """
    facts = facts_in(await run(put_order(file, content, mode=mode, owner=owner), None), file)
    size_bytes, digest = _measured(content)
    if not facts.digest:
        back = await get(run, file, max_bytes=size_bytes)
        facts = replace(facts, digest=sha256(back).hexdigest())
    if facts.digest != digest:
        raise HostError(_problem(file, "somebody else wrote it at the same time"))
    return facts


async def get(run: Run, file: RemoteFile, *, max_bytes: int) -> bytes:
    """A file's content; HostError (TRUNCATED) when it is longer than `max_bytes`."""
    return content_in(await run(get_order(file, max_bytes), None), file, max_bytes)


async def fetch(run: Run, file: RemoteFile, to: Path, *, max_bytes: int) -> FileFacts:
    """Copy a file of any size to one here, without holding it in memory.

    What was at `to` is replaced when all has come, and is left as it was otherwise. OSError when
    it can't be written.
    """
    order = replace(get_order(file, max_bytes), keeps_output=False)
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=".opsdash.")
    beside = Path(name)
    with ExitStack() as at_end:
        at_end.callback(beside.unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as here:
            sink = _Sink(here)
            done = await run(order, sink.take)
        facts = sink.checked(done, file, max_bytes)
        await asyncio.to_thread(_moved, beside, to, facts, file)
    return facts


def _moved(beside: Path, to: Path, facts: FileFacts, file: RemoteFile) -> None:
    """Put what has come in its place, if it is what it should be."""
    if facts.digest and facts.size_bytes and _digest_of(beside, facts.size_bytes) != facts.digest:
        raise HostError(_problem(file, "it was changed while it was read"))
    beside.replace(to)


class _Sink:
    """Writes output to a file here; what tells of the file over there is none of it."""

    def __init__(self, here: IO[bytes]) -> None:
        self._here = here
        self._begun = False
        self.facts = b""
        self.size_bytes = 0

    def take(self, data: bytes, is_error: bool) -> None:
        """Some of both outputs."""
        if is_error:
            self._begun = True
            return
        if not self._begun and data.startswith(_FACTS):  # a terminal: both outputs are one
            self.facts, _, data = data.partition(b"\n")
        self._begun = True
        self.size_bytes += len(data)
        self._here.write(data)

    def checked(self, done: Completed, file: RemoteFile, max_bytes: int) -> FileFacts:
        """What the file over there is, when all of it has come; HostError if not."""
        if done.truncated or self.size_bytes > max_bytes:
            raise HostError(_too_long(file, max_bytes))
        return facts_in(replace(done, stdout=self.facts or done.stderr), file)


async def local_file(path: Path) -> LocalFile:
    """A file here, to be put over there; OSError when it can't be read."""

    def measured() -> LocalFile:
        size_bytes = path.stat().st_size
        return LocalFile(path, size_bytes, _digest_of(path, size_bytes))

    return await asyncio.to_thread(measured)


def _digest_of(path: Path, size_bytes: int) -> str:
    """Of the first so many bytes of a file."""
    found = sha256()
    with path.open("rb") as file:
        while size_bytes > 0 and (data := file.read(min(_PIECE_BYTES, size_bytes))):
            found.update(data)
            size_bytes -= len(data)
    return found.hexdigest()


def facts_in(done: Completed, file: RemoteFile) -> FileFacts:
    """What an answer to look_order() or put_order() says; HostError when it failed."""
    if done.status != 0:
        raise HostError(_problem(file, _last_words(done)))
    return _facts(done.stdout, file)


def content_in(done: Completed, file: RemoteFile, max_bytes: int) -> bytes:
    """The content in an answer to get_order(); HostError when it is not the whole file."""
    content, told = done.stdout, done.stderr
    if not told and content.startswith(_FACTS):  # on a terminal both outputs are one
        told, _, content = content.partition(b"\n")
    if done.truncated or len(content) > max_bytes:
        raise HostError(_too_long(file, max_bytes))
    if done.status != 0:
        raise HostError(_problem(file, _last_words(done)))
    facts = _facts(told, file)
    # what has no size is no file on a disk; one that grows meanwhile is as it was when it was begun
    whole = content[: facts.size_bytes] if facts.size_bytes else b""
    if whole and facts.digest and sha256(whole).hexdigest() != facts.digest:
        raise HostError(_problem(file, "it was changed while it was read"))
    return content


def _facts(said: bytes, file: RemoteFile) -> FileFacts:
    found = re.search(rb"^facts (?:(gone)|([0-7]+) (\S*) (\d+) ?([0-9a-f]{64})?)\s*$", said, re.M)
    if found is None:
        raise HostError(_problem(file, "the host did not tell what it is"))
    if found[1]:
        return FileFacts(GONE)
    digest = (found[5] or b"").decode()
    owner = found[3].decode("utf-8", "replace")
    return FileFacts(digest, int(found[2], 8), owner, int(found[4]))


def _script(file: RemoteFile, text: str, **given: str) -> bytes:
    """A script that knows the file's path, and whatever else is `given`, as variables."""
    if not file.path.startswith("/") or "\0" in file.path:
        raise HostError(_problem(file, "a path over there begins with /"))
    known = "".join(f"{name}={quote(value)}\n" for name, value in given.items())
    path = quote(file.path)
    return f"path={path}\n{known}{KNOW}{text}".encode("utf-8", "surrogateescape")


def _measured(content: bytes | Secret | LocalFile) -> tuple[int, str]:
    if isinstance(content, LocalFile):
        return content.size_bytes, content.digest
    data = content.reveal() if isinstance(content, Secret) else content
    return len(data), sha256(data).hexdigest()


def _last_words(done: Completed) -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"status {done.status}"


def _too_long(file: RemoteFile, max_bytes: int) -> Problem:
    text = f"{file.path} is longer than {size(max_bytes)}"
    return Problem(ProblemKind.TRUNCATED, text, "nothing was kept of it: get it by scp")


def _problem(file: RemoteFile, why: str) -> Problem:
    denied = re.search(r"[Pp]ermission denied|not permitted", why)
    kind = ProblemKind.DENIED if denied else ProblemKind.UNSUPPORTED
    hint = "" if denied else f"look there: ls -ld {quote(file.path)}; df -h"
    return Problem(kind, f"{file.path}: {why}", hint)
