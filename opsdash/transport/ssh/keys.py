"""The user's keys: every file read once for the whole fleet."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh.resolve import Route, expand
from opsdash.transport.ssh.user_files import check_file


@dataclass(frozen=True, slots=True)
class Identities:
    """What is offered to a host: loaded keys, an agent's socket, and which agent keys at most."""

    keys: tuple[asyncssh.SSHKeyPair, ...]
    agent: str | None
    only: tuple[asyncssh.SSHKey, ...] | None


@dataclass
class KeyRing:
    """Private keys by file. A key that is encrypted is left to the agent."""

    _loaded: dict[str, tuple[asyncssh.SSHKeyPair, ...] | None] = field(default_factory=dict)

    def identities(self, route: Route) -> Identities:
        """What to offer; HostError when a key that hosts.yaml names can't be used at all."""
        usual = route.agent is None or route.agent == "SSH_AUTH_SOCK"
        agent = (os.environ.get("SSH_AUTH_SOCK") if usual else route.agent) or None
        pairs: list[asyncssh.SSHKeyPair] = []
        locked: list[str] = []
        for path in route.key_files:
            loaded = self._load(path, must_be_good=route.named_keys)
            if loaded is None:
                locked.append(path)
            else:
                pairs.extend(loaded)
        if not route.own_keys:
            return Identities(tuple(pairs), agent, None)
        public = tuple(key for path in locked if (key := _public_half(path)) is not None)
        if route.named_keys and locked and not pairs and not agent:
            text = f"key {locked[0]} has a passphrase and there is no agent to hold it"
            hint = f"eval $(ssh-agent); ssh-add {locked[0]}"
            raise HostError(Problem(ProblemKind.KEY_FILE, text, hint))
        return Identities(tuple(pairs), agent if public else None, public)

    def _load(self, path: str, *, must_be_good: bool) -> tuple[asyncssh.SSHKeyPair, ...] | None:
        """The key pairs of a file: none where it does not exist, None when only an agent has them.

        As ssh does it, a file that the user did not name in hosts.yaml may be missing, or be of a
        kind that can't be used here (FIDO, a public key, another program's format).
        """
        if path not in self._loaded:
            try:
                check_file(expand(path))
                self._loaded[path] = tuple(asyncssh.load_keypairs(str(expand(path))))
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


def _public_half(path: str) -> asyncssh.SSHKey | None:
    """The public key that a file is, or that lies beside it: enough to pick the agent's key."""
    for candidate in (path, path + ".pub"):
        with suppress(OSError, asyncssh.KeyImportError):
            check_file(expand(candidate))
            return asyncssh.read_public_key(str(expand(candidate)))
    return None
