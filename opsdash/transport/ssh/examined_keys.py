"""Key exchange and host keys in the words of an examination: what each side offers, who is who."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import asyncssh

from opsdash.core.examination import Note, Verdict
from opsdash.core.host import Host
from opsdash.core.host_keys import weakness
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh import mends
from opsdash.transport.ssh.hostkeys import Entry, fingerprint, kind_and_bits
from opsdash.transport.ssh.login import Login
from opsdash.transport.ssh.resolve import Route
from opsdash.transport.ssh.trace import OFFERS, Tap, choices

Told = tuple[str, tuple[Note, ...], tuple[str, ...]]
"""A failure in words, the lines below it, and the commands that mend it."""

MORE_KEYS = "ssh-keygen -A makes an ed25519 key there; list it in known_hosts, without the old"

COMPARE = (
    "compare it with what ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub (or ecdsa, rsa) says on "
    "its console, then accept it"
)


class Way(Protocol):
    """What of a way to a host is needed here."""

    host: Host
    route: Route
    entries: list[Entry]
    tap: Tap | None

    @property
    def program(self) -> str:
        """How this program is called."""
        ...


def key_exchange(tap: Tap) -> str:
    """What both sides agreed on."""
    agreed = choices(tap)
    if len(agreed) < len(OFFERS):
        return "agreed"
    exchange, host_key, cipher, _, mac, _ = agreed
    words = [exchange, host_key, cipher, None if _has_its_own(cipher) else mac]
    return ", ".join(word for word in words if word)


def _has_its_own(cipher: str | None) -> bool:
    """Whether a cipher authenticates by itself, so that no MAC is used."""
    return cipher is not None and ("gcm" in cipher or "poly1305" in cipher)


def key_exchange_failed(way: Way, problem: Problem, commands: tuple[str, ...]) -> Told:
    """What each side offers where nothing fits; a host key of another kind than the listed one is
    told as that.
    """
    tap = way.tap
    missing = None if tap is None else _first_without_common(tap)
    if tap is None or missing is None or problem.kind is not ProblemKind.KEX:
        return problem.text, (), commands
    what = OFFERS[missing]
    ours, theirs = tap.ours[missing], tap.theirs[missing]
    notes: tuple[Note, ...] = (
        Note(Verdict.FAIL, f"here: {' '.join(ours)}"),
        Note(Verdict.FAIL, f"there: {' '.join(theirs) or 'nothing'}"),
    )
    if what == "host key" and way.entries:
        text = "the host has no key of the kind that known_hosts lists"
        notes = (*(_of(entry) for entry in way.entries), *notes)
        return text, notes, mends.for_changed_key(way.route, way.entries)
    text = f"no {what} algorithm in common"
    return text, notes, mends.for_no_common(way.host, way.route, what, theirs)


def _first_without_common(tap: Tap) -> int | None:
    for number, choice in enumerate(choices(tap)):
        if choice is None and not (OFFERS[number] == "MAC" and _has_its_own(choices(tap)[2])):
            return number
    return None


def listed(
    connection: asyncssh.SSHClientConnection, login: Login | None, entries: Sequence[Entry]
) -> tuple[Verdict, str, tuple[Note, ...], str]:
    """A host key that was taken: verdict, words, lines below, next step where it is weak."""
    key = connection.get_server_host_key()
    if key is None:
        return Verdict.OK, "known", (), ""
    shown = f"{kind_and_bits(key)} {fingerprint(key)}"
    same = [entry for entry in entries if entry.key.public_data == key.public_data]
    if login is not None and login.accepted:
        text = f"{shown}: new, accepted just now"
    elif same:
        text = f"{shown}: known ({same[0].place})"
    else:
        signer = next((entry for entry in entries if entry.is_ca), None)
        text = f"{shown}: signed by a known authority" + (f" ({signer.place})" if signer else "")
    weak = weakness(kind_and_bits(key))
    if weak:
        return Verdict.WARN, f"{text}; {weak}", (), MORE_KEYS
    return Verdict.OK, text, (), ""


def refused(way: Way, login: Login | None, problem: Problem) -> Told:
    """A host key that was not taken: unknown, changed and revoked apart."""
    offered = login.offered if login is not None else None
    if offered is None and way.tap is not None:
        offered = way.tap.shown_key()
    shown = fingerprint(offered) if offered is not None else ""
    kind = kind_and_bits(offered) if offered is not None else "its key"
    notes = tuple(map(_of, way.entries))
    match problem.kind:
        case ProblemKind.HOST_KEY_UNKNOWN:
            files = " ".join(way.route.known_hosts) or "no file"
            text = f"{kind} {shown}: UNKNOWN, no line about this host in {files}"
            accept = mends.for_unknown_key(way.program, way.host, shown) if shown else ()
            return text, notes, accept
        case ProblemKind.HOST_KEY_CHANGED:
            text = f"{kind} {shown}: CHANGED, another key is listed"
            return text, notes, mends.for_changed_key(way.route, way.entries)
        case ProblemKind.HOST_KEY_REVOKED:
            places = [entry.place for entry in way.entries if entry.is_revoked]
            where = ", ".join((*places, *way.route.revoked)) or "a list of revoked keys"
            text = f"{kind} {shown}: REVOKED ({where})"
            return text, notes, ()
    return problem.text, notes, mends.for_the_way(problem.kind, way.route)


def _of(entry: Entry) -> Note:
    """One line of a known_hosts file."""
    what = "revoked" if entry.is_revoked else "authority" if entry.is_ca else "listed"
    shown = f"{kind_and_bits(entry.key)} {fingerprint(entry.key)}"
    verdict = Verdict.FAIL if entry.is_revoked else Verdict.SKIPPED
    return Note(verdict, f"{what}: {shown} in {entry.place}")
