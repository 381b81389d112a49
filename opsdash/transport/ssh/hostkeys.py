"""Host keys: known, unknown, changed and revoked are four different things.

The known_hosts files are read once and matched here, before asyncssh sees them, because it tells
unknown and changed keys apart by nothing, and a line that it does not like would cost every host.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from opsdash.core.host import HostKeyPolicy
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh.keys import fingerprint_of
from opsdash.transport.ssh.resolve import Route, expand
from opsdash.transport.ssh.user_files import check_file

Match = tuple[Any, ...]
"""asyncssh's form: host keys, CA keys, revoked keys, and four lists for X.509."""

PREFERRED_ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True, slots=True)
class Entry:
    """One key that a known_hosts line lists for a host; `line` counts from 1."""

    file: Path
    line: int
    key: asyncssh.SSHKey
    is_ca: bool = False
    is_revoked: bool = False

    @property
    def place(self) -> str:
        """The file and line, as editors take them."""
        return f"{self.file}:{self.line}"


@dataclass
class KnownHosts:
    """All known_hosts files that the fleet uses, parsed once each and again when they change."""

    own_file: Path
    _parsed: dict[Path, tuple[float, asyncssh.SSHKnownHosts]] = field(default_factory=dict)

    def match(self, route: Route) -> Match:
        """What the files say about a route: trusted, CA and revoked keys."""
        found: list[list[Any]] = [[] for _ in range(7)]
        for path in self._files(route):
            known = self._read(path)
            if known is not None:
                for kept, more in zip(found, _matched(known, route), strict=True):
                    kept.extend(more)
        found[2].extend(self._revoked(route.revoked))
        return tuple(found)

    def entries(self, route: Route) -> list[Entry]:
        """The lines about a route, each with its place: slow, for one host that is examined."""
        found: list[Entry] = []
        for path in self._files(route):
            known = self._read(path)
            if known is None:
                continue
            counted = [{key.public_data for key in keys} for keys in _matched(known, route)[:3]]
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, 1):
                with suppress(ValueError):
                    listed = _matched(asyncssh.import_known_hosts(line), route)[:3]
                    found += [
                        Entry(path, number, key, is_ca=kind == 1, is_revoked=kind == 2)
                        for kind, keys in enumerate(listed)
                        for key in keys
                        if key.public_data in counted[kind]
                    ]
        return found

    def _files(self, route: Route) -> list[Path]:
        return [*map(expand, route.known_hosts), self.own_file]

    def _read(self, path: Path) -> asyncssh.SSHKnownHosts | None:
        try:
            check_file(path)
            changed = path.stat().st_mtime
            cached = self._parsed.get(path)
            if cached is None or cached[0] != changed:
                text = path.read_text(encoding="utf-8", errors="replace")
                cached = (changed, asyncssh.import_known_hosts(_good_lines(text)))
                self._parsed[path] = cached
        except OSError:
            return None
        return cached[1]

    def _revoked(self, paths: Iterable[str]) -> list[asyncssh.SSHKey]:
        keys: list[asyncssh.SSHKey] = []
        for path in paths:
            check_file(expand(path))
            lines = expand(path).read_text(encoding="utf-8").splitlines()
            keys.extend(
                asyncssh.import_public_key(line)
                for line in lines
                if line.strip() and not line.startswith("#")
            )
        return keys

    def remember(self, route: Route, key: asyncssh.SSHKey) -> None:
        """Add a new key to opsdash's own file: under a lock, never through a link."""
        line = f"{pattern_of(route)} {key.export_public_key().decode().strip()}\n"
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        self.own_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.own_file, flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def _matched(known: asyncssh.SSHKnownHosts, route: Route) -> Match:
    """What a file says of a route; of its bare name too where it lists nothing under its port.

    asyncssh does the same by itself, but forgets what is revoked under the port then.
    """
    name, pattern = route.alias or route.address, pattern_of(route)
    found: Match = known.match(pattern, "", None)
    if name == pattern or any(found[:2]) or any(found[3:5]):
        return found
    bare = known.match(name, "", None)
    return tuple([*under_port, *more] for under_port, more in zip(found, bare, strict=True))


def pattern_of(route: Route) -> str:
    """What stands before the key in a known_hosts line about a route."""
    name = route.alias or route.address
    return name if route.port == 22 or route.alias else f"[{name}]:{route.port}"


def _good_lines(text: str) -> str:
    """The lines that asyncssh can parse: a bad one must not cost the whole fleet."""
    good = []
    for line in text.splitlines():
        try:
            asyncssh.import_known_hosts(line)
        except ValueError:
            continue
        good.append(line)
    return "\n".join(good)


class KeyJudge(asyncssh.SSHClient):
    """Decides about the host key that a server shows, and remembers it and the server's banner."""

    def __init__(self, policy: HostKeyPolicy, match: Match) -> None:
        self._policy = policy
        self.match = match
        self.pinned: asyncssh.SSHKey | None = None
        self.offered: asyncssh.SSHKey | None = None
        self.accepted = False
        self.banner = ""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Asked for every key that no file lists: true only for a new host that may be new.

        A key that a person has just trusted is `pinned`: no other will do.
        """
        self.offered = key
        if self.pinned is not None:
            self.accepted = key.public_data == self.pinned.public_data and not any(self.match)
        else:
            self.accepted = self._policy is HostKeyPolicy.ACCEPT_NEW and not any(self.match)
        return self.accepted

    def auth_banner_received(self, msg: str, lang: str) -> None:
        """Kept for the error text: sshd says there why an account is refused."""
        self.banner = (self.banner + msg)[-2000:]

    def problem(self, name: str, revoked: bool) -> Problem:
        """Why the key was not trusted."""
        shown = fingerprint(self.offered) if self.offered is not None else "its key"
        if revoked:
            return Problem(ProblemKind.HOST_KEY_REVOKED, f"host key of {name} is revoked")
        if any(self.match[:2]) or self.pinned is not None:
            text = f"host key CHANGED, now {shown}"
            return Problem(ProblemKind.HOST_KEY_CHANGED, text)
        return Problem(ProblemKind.HOST_KEY_UNKNOWN, f"host key not known: {shown}")


def fingerprint(key: asyncssh.SSHKey) -> str:
    """A key's SHA256 fingerprint as ssh shows it."""
    return fingerprint_of(key.public_data)


def kind_and_bits(key: asyncssh.SSHKey) -> str:
    """``ssh-rsa 3072``, ``ssh-dss 1024``; other kinds have one size and are told without it."""
    kind = key.get_algorithm()
    fields = _wire_fields(key.public_data)
    # RFC 4253: e and n of RSA; p and others of DSA
    number = {"ssh-rsa": 2, "ssh-dss": 1}.get(kind)
    if number is None or len(fields) <= number:
        return kind
    return f"{kind} {int.from_bytes(fields[number]).bit_length()}"


def _wire_fields(data: bytes) -> list[bytes]:
    """The strings that SSH's wire form holds one after the other, each after its length."""
    fields = []
    while data:
        length = int.from_bytes(data[:4])
        fields.append(data[4 : 4 + length])
        data = data[4 + length :]
    return fields
