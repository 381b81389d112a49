"""The user's keys: every file read once for the whole fleet, every passphrase asked for once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.secret import Secret
from opsdash.transport.ssh.resolve import Route, expand
from opsdash.transport.ssh.user_files import check_file

Unlock = Callable[[str], Awaitable[asyncssh.SSHKey]]
"""Gives the private key of an encrypted file; ValueError when nobody tells its passphrase."""

_OPENSSH = b"openssh-key-v1\0"


class LockedPair(asyncssh.SSHKeyPair):
    """An encrypted key by its public half: it is decrypted when a server has accepted that."""

    _key_type = "local"

    def __init__(
        self,
        path: str,
        public: asyncssh.SSHKey,
        unlock: Unlock,
        cert: asyncssh.SSHCertificate | None,
    ) -> None:
        kinds = public.sig_algorithms
        super().__init__(
            public.algorithm,
            public.algorithm,
            kinds,
            kinds,
            public.public_data,
            None,
            cert,
            path.encode(),
        )
        self._path = path
        self._unlock = unlock

    async def sign_async(self, data: bytes) -> bytes:
        """Sign a login; ValueError makes asyncssh try the next key."""
        key = await self._unlock(self._path)
        return key.sign(data, self.sig_algorithm)


@dataclass(frozen=True, slots=True)
class Identities:
    """What is offered to a host: loaded keys, an agent's socket, and which agent keys at most.

    `locked` are encrypted files by path, with their public halves and certificates.
    """

    keys: tuple[asyncssh.SSHKeyPair, ...]
    agent: str | None
    only: tuple[asyncssh.SSHKey, ...] | None
    locked: tuple[tuple[str, asyncssh.SSHKey, asyncssh.SSHCertificate | None], ...] = ()

    def offered(self, unlock: Unlock) -> list[asyncssh.SSHKeyPair]:
        """The pairs for one login: what needs nobody first, then each locked key."""
        asked: list[asyncssh.SSHKeyPair] = []
        for path, public, cert in self.locked:
            asked += [LockedPair(path, public, unlock, cert)] if cert else []
            asked.append(LockedPair(path, public, unlock, None))
        return [*self.keys, *asked]


@dataclass
class KeyRing:
    """Private keys by file: those that need no passphrase, and those that were unlocked."""

    _loaded: dict[str, tuple[asyncssh.SSHKeyPair, ...] | None] = field(default_factory=dict)
    _unlocked: dict[str, asyncssh.SSHKey] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    def identities(self, route: Route) -> Identities:
        """What to offer; HostError when a key that hosts.yaml names can't be used at all."""
        usual = route.agent is None or route.agent == "SSH_AUTH_SOCK"
        agent = (os.environ.get("SSH_AUTH_SOCK") if usual else route.agent) or None
        pairs: list[asyncssh.SSHKeyPair] = []
        hidden: list[str] = []
        for path in route.key_files:
            loaded = self._load(path, route.certificates, must_be_good=route.named_keys)
            if loaded is None:
                hidden.append(path)
            else:
                pairs.extend(loaded)
        halves = {path: half for path in hidden if (half := _public_half(path)) is not None}
        locked = tuple(
            (path, half, _certificate(path, half, route.certificates))
            for path, half in halves.items()
            if _is_encrypted(path)
        )
        if not route.own_keys:
            return Identities(tuple(pairs), agent, None, locked)
        if route.named_keys and hidden and not (pairs or agent or locked):
            text = f"key {hidden[0]} has a passphrase and there is no agent to hold it"
            hint = f"eval $(ssh-agent); ssh-add {hidden[0]}"
            raise HostError(Problem(ProblemKind.KEY_FILE, text, hint))
        only = tuple(halves.values())
        return Identities(tuple(pairs), agent if only else None, only, locked)

    def unlocking(self, path: str) -> asyncio.Lock:
        """Held by the one login that asks for this key's passphrase."""
        return self._locks.setdefault(path, asyncio.Lock())

    def unlocked(self, path: str) -> asyncssh.SSHKey | None:
        """The decrypted key, once its passphrase was told."""
        return self._unlocked.get(path)

    def unlock(self, path: str, phrase: Secret) -> bool:
        """Decrypt a key (slow by design: run it in a thread); False if that is not its phrase."""
        try:
            check_file(expand(path))
            data = expand(path).read_bytes()
            self._unlocked[path] = asyncssh.import_private_key(data, phrase.reveal())
        except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError):
            return False
        return True

    def _load(
        self, path: str, certificates: tuple[str, ...], *, must_be_good: bool
    ) -> tuple[asyncssh.SSHKeyPair, ...] | None:
        """The key pairs of a file: none where it does not exist, None when only an agent has them.

        As ssh does it, a file that the user did not name in hosts.yaml may be missing, or be of a
        kind that can't be used here (FIDO, a public key, another program's format).
        """
        if path not in self._loaded:
            try:
                check_file(expand(path))
                certs = [cert for name in certificates for cert in _certificates(name)]
                self._loaded[path] = tuple(
                    asyncssh.load_keypairs(str(expand(path)), certlist=certs)
                    if certs
                    else asyncssh.load_keypairs(str(expand(path)))
                )
            except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
                locked = "passphrase" in str(error).lower() or _public_half(path) is not None
                if must_be_good and not locked:
                    raise HostError(Problem(ProblemKind.KEY_FILE, f"{path}: {error}")) from error
                self._loaded[path] = None
            except OSError as error:
                if must_be_good:
                    text = f"key {path} can't be read: {error.strerror}"
                    raise HostError(Problem(ProblemKind.KEY_FILE, text)) from error
                self._loaded[path] = ()
        return self._loaded[path]


def fingerprint_of(public_data: bytes) -> str:
    """The SHA256 fingerprint of a key by the wire form of its public half, as ssh shows it."""
    digest = hashlib.sha256(public_data).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _certificates(path: str) -> list[asyncssh.SSHCertificate]:
    """The certificates of a file; none where it can't be read, as ssh does it."""
    with suppress(OSError, asyncssh.KeyImportError):
        check_file(expand(path))
        return list(asyncssh.load_certificates(str(expand(path))))
    return []


def _certificate(
    path: str, public: asyncssh.SSHKey, named: tuple[str, ...]
) -> asyncssh.SSHCertificate | None:
    """The certificate of an encrypted key: beside it, or in a CertificateFile."""
    found = [cert for name in (*named, path + "-cert.pub") for cert in _certificates(name)]
    return next((cert for cert in found if cert.key.public_data == public.public_data), None)


def _is_encrypted(path: str) -> bool:
    """Whether a file is a private key that a passphrase would open."""
    with suppress(OSError):
        check_file(expand(path))
        try:
            asyncssh.import_private_key(expand(path).read_bytes())
        except asyncssh.KeyImportError as error:
            return "passphrase" in str(error).lower()
        except asyncssh.KeyEncryptionError:
            return True
    return False


def _public_half(path: str) -> asyncssh.SSHKey | None:
    """The public key that a file is, that lies beside it, or that it holds in clear."""
    for candidate in (path, path + ".pub"):
        with suppress(OSError, asyncssh.KeyImportError):
            check_file(expand(candidate))
            return asyncssh.read_public_key(str(expand(candidate)))
    with suppress(OSError, ValueError, IndexError):
        return _clear_half(expand(path).read_bytes())
    return None


def _clear_half(data: bytes) -> asyncssh.SSHKey:
    """The public key in an encrypted file of OpenSSH's own format; ValueError for any other."""
    body = b"".join(line for line in data.splitlines() if b":" not in line and b"--" not in line)
    blob = base64.b64decode(body, validate=True)
    if not blob.startswith(_OPENSSH):
        raise ValueError("not OpenSSH's format")
    at = len(_OPENSSH)
    for _ in range(3):  # cipher, key derivation, its options
        at += 4 + int.from_bytes(blob[at : at + 4], "big")
    at += 4  # how many keys
    length = int.from_bytes(blob[at : at + 4], "big")
    public = blob[at + 4 : at + 4 + length]
    kind = public[4 : 4 + int.from_bytes(public[:4], "big")]
    return asyncssh.import_public_key(kind + b" " + base64.b64encode(public))
