"""Why a key file was not offered to a server: what an examination says of each."""

from __future__ import annotations

import os
import shlex
import stat
from contextlib import suppress

import asyncssh

from opsdash.core.examination import Note, Verdict
from opsdash.transport.ssh.keys import Identities
from opsdash.transport.ssh.resolve import Route, expand
from opsdash.transport.ssh.user_files import check_file


def key_notes(route: Route, identities: Identities) -> tuple[list[Note], list[str]]:
    """A note for each key file that can't be offered as it is, or is open to others, and the
    commands that mend it. Files that ssh merely tries by habit may be missing.
    """
    notes: list[Note] = []
    mends: list[str] = []
    locked = {path for path, _, _ in identities.locked}
    for path in route.key_files:
        said, mend = _trouble(path, named=route.named_keys, locked=path in locked)
        if said:
            notes.append(Note(Verdict.SKIPPED, f"key file {path}: {said}"))
        if mend:
            mends.append(mend)
    notes.append(Note(Verdict.SKIPPED, _agent(identities)))
    return [note for note in notes if note.text], mends


def _trouble(path: str, *, named: bool, locked: bool) -> tuple[str, str]:
    """What is wrong with a key file in words, and the command that mends it; empty for nothing."""
    file = expand(path)
    word = shlex.quote(str(file))
    try:
        check_file(file)
        data = file.read_bytes()
    except FileNotFoundError:
        return ("is missing", "") if named else ("", "")
    except PermissionError:
        return "can't be read by you", f"chmod u+r {word}"
    except OSError as error:
        return f"can't be read: {error.strerror}", ""
    if locked:
        return "has a passphrase: it is asked for, or an agent holds the key", f"ssh-add {word}"
    with suppress(OSError):
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return "is open to others: ssh itself would not use it", f"chmod 600 {word}"
    return (_no_key(data), "")


def _no_key(data: bytes) -> str:
    """Why the bytes of a file are no key that can be offered; empty when they are one."""
    try:
        asyncssh.import_private_key(data)
    except asyncssh.KeyEncryptionError as error:
        return f"can't be decrypted: {error}"
    except asyncssh.KeyImportError as error:
        if "passphrase" in str(error).lower():
            return "has a passphrase, and its public half (.pub) is not beside it"
        return f"is no private key that can be used here: {error}"
    return ""


def _agent(identities: Identities) -> str:
    if identities.agent is None:
        if identities.only is not None:
            return ""
        return "no agent: SSH_AUTH_SOCK is not set"
    if not os.path.exists(identities.agent):  # noqa: PTH110 - a socket's path, as the agent told it
        return f"no agent: nothing is at {identities.agent}"
    return ""
