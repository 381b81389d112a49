"""What ssh arguments in an inventory say of the way to a host: jump host, key, user, port."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

_WITH_VALUE = "BbcDEeFIiJLlmOoPpQRSWw"
_HARMLESS = frozenset({
    "controlmaster", "controlpersist", "controlpath", "serveraliveinterval", "serveralivecountmax",
    "connecttimeout", "compression", "loglevel", "preferredauthentications", "tcpkeepalive",
    "forwardagent", "batchmode", "connectionattempts", "identitiesonly", "pubkeyauthentication",
    "passwordauthentication", "gssapiauthentication",
})  # fmt: skip
_HOST_KEYS = frozenset({"stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile"})


@dataclass(slots=True)
class SshArguments:
    """The parts of an argument list that opsdash has a field for.

    `refusal` says why the host can't be reached as they want it; `notes` what is not taken over.
    """

    jump: str = ""
    key: str = ""
    user: str = ""
    port: str = ""
    rest: list[str] = field(default_factory=list)
    tunnel: str = ""
    refusal: str = ""
    notes: list[str] = field(default_factory=list)


def read_arguments(text: str) -> SshArguments:
    """Understand the arguments that Ansible would hand to ssh."""
    try:
        words = shlex.split(text)
    except ValueError:
        return SshArguments(refusal="its ssh arguments have a quote that does not end")
    found = _parsed(words)
    if "," in found.jump:
        found.refusal = "goes through a chain of jump hosts: put ProxyJump into your ssh config"
    return found


def _parsed(words: list[str]) -> SshArguments:
    found = SshArguments()
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("-") or word == "-":
            found.rest.append(word)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in _WITH_VALUE:
                value = letters or (waiting.pop(0) if waiting else "")
                _take(found, letter, value)
                break
    return found


def _take(found: SshArguments, letter: str, value: str) -> None:
    match letter:
        case "J":
            found.jump = value
        case "F":
            # an ssh config names commands to run: that is taken from who asked for it only
            found.refusal = f"has an ssh config of its own: import that (ssh-config {value})"
        case "i":
            found.key = value
        case "l":
            found.user = value
        case "p":
            found.port = value
        case "W":
            found.tunnel = value
        case "o":
            _take_option(found, value)
        case _:
            found.notes.append(f"ssh's -{letter} is not taken over")


def _take_option(found: SshArguments, text: str) -> None:
    key, _, value = (
        text.replace(" ", "=", 1).partition("=") if "=" not in text else text.partition("=")
    )
    value = value.strip().strip('"')
    name = key.strip().lower()
    match name:
        case "proxyjump":
            found.jump = "" if value.lower() == "none" else value
        case "proxycommand":
            _take_proxy_command(found, value)
        case "identityfile":
            found.key = value
        case "user":
            found.user = value
        case "port":
            found.port = value
        case _ if name in _HOST_KEYS:
            found.notes.append(
                "its ssh arguments about host keys are not taken over: keys are checked"
            )
        case _ if name not in _HARMLESS:
            found.notes.append(f"ssh's -o {key.strip()} is not taken over")


def _take_proxy_command(found: SshArguments, command: str) -> None:
    """``ssh -W %h:%p [user@]host`` is a jump host in other words; more is not understood."""
    if command.lower() == "none":
        return
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    inner = _parsed(words[1:])
    is_ssh = bool(words) and words[0].rpartition("/")[2] == "ssh"
    # nc at the far end is how it was done before -W
    far = inner.rest[1:2] == ["nc"] and inner.rest[-2:] == ["%h", "%p"]
    tunnels = inner.tunnel.replace("[", "").replace("]", "") == "%h:%p" and len(inner.rest) == 1
    if not is_ssh or not inner.rest or not (tunnels or far) or inner.jump or inner.refusal:
        found.refusal = "has a ProxyCommand of its own: put it into your ssh config"
        return
    target = inner.rest[0]
    user = f"{inner.user}@" if inner.user and "@" not in target else ""
    port = f":{inner.port}" if inner.port and inner.port != "22" else ""
    found.jump = f"{user}{target}{port}"
    if inner.key:
        found.notes.append(f"the key of the jump host ({inner.key}) is not taken over")
