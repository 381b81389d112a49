"""A real SSH server in the test that lets people in by whatever means it is told to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from opsdash.core.host import Host, HostKeyPolicy
from tests.ssh_server import end_server


@dataclass
class Doors:
    """What lets a user in: a public key, a CA of users, a password, rounds of questions.

    `rounds` are challenges, each a list of (words, shown, the right answer); an empty round only
    shows text. `tried` counts what was tried. An `expired` password is answered by the wish for
    another one.
    """

    key: asyncssh.SSHKey | None = None
    ca: asyncssh.SSHKey | None = None
    password: str | None = None
    rounds: list[list[tuple[str, bool, str]]] = field(default_factory=list)
    expired: bool = False
    tried: list[str] = field(default_factory=list)
    open: list[asyncssh.SSHServerConnection] = field(default_factory=list)


class _Door(asyncssh.SSHServer):
    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._round = 0

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._doors.open.append(conn)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        wanted = self._doors.key
        self._doors.tried.append("key")
        return wanted is not None and wanted.public_data == key.public_data

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        wanted = self._doors.ca
        self._doors.tried.append("certificate")
        return wanted is not None and wanted.public_data == key.public_data

    def password_auth_supported(self) -> bool:
        return self._doors.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        self._doors.tried.append("password")
        if self._doors.expired:
            raise asyncssh.PasswordChangeRequired("your password has expired")
        return password == self._doors.password

    def kbdint_auth_supported(self) -> bool:
        return bool(self._doors.rounds)

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        self._round = 0
        return self._challenge()

    def _challenge(self) -> tuple[str, str, str, list[tuple[str, bool]]]:
        asked = [(words, shown) for words, shown, _ in self._doors.rounds[self._round]]
        return ("", "\x1b[31mcompany\u202e login", "", asked)

    def validate_kbdint_response(
        self, username: str, responses: Sequence[str]
    ) -> bool | tuple[str, str, str, list[tuple[str, bool]]]:
        self._doors.tried.append("round")
        right = [answer for _, _, answer in self._doors.rounds[self._round]]
        self._round += 1
        if list(responses) != right:
            return False
        return True if self._round == len(self._doors.rounds) else self._challenge()


async def _answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
    process.stdout.write(b"in\n")
    process.exit(0)


@asynccontextmanager
async def login_server(
    folder: Path, doors: Doors, *, keys: tuple[Path, ...] = (), known: bool = True
) -> AsyncGenerator[Host, None]:
    """A server on the loopback, and the Host that reaches it with these key files."""
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        server_factory=lambda: _Door(doors),
        process_factory=_answer,
        encoding=None,
    )
    port = server.get_port()
    known_hosts = folder / "known_hosts"
    line = f"[127.0.0.1]:{port} {host_key.export_public_key().decode().strip()}\n"
    known_hosts.write_text(line if known else "")
    config = folder / "ssh_config"
    if not config.exists():
        config.write_text("IdentityAgent none\n")
    try:
        yield Host(
            "web1",
            address="127.0.0.1",
            port=port,
            user="ops",
            keys=tuple(map(str, keys)),
            known_hosts=(str(known_hosts),),
            ssh_config=str(config),
            host_key=HostKeyPolicy.STRICT,
        )
    finally:
        await end_server(server, doors.open)
