"""Why something could not be done: a closed set of kinds, each with a next step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.text import clean_line


class ProblemKind(StrEnum):
    """What went wrong, told apart as far as the user's next step differs."""

    NAME = "name"
    REFUSED = "refused"
    NO_ROUTE = "no-route"
    TIMEOUT = "timeout"
    NO_BANNER = "no-banner"
    DROPPED = "dropped"
    KEX = "kex"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_REVOKED = "host-key-revoked"
    AUTH = "auth"
    KEY_FILE = "key-file"
    SESSION = "session"
    JUMP = "jump"
    LOST = "lost"
    SILENT = "silent"
    MISSING_COMMAND = "missing-command"
    UNSUPPORTED = "unsupported"
    DENIED = "denied"
    TRUNCATED = "truncated"
    BAD_OUTPUT = "bad-output"
    CONFIG = "config"
    BUG = "bug"


HINTS: dict[ProblemKind, str] = {
    ProblemKind.NAME: "check the spelling of the address, and the resolver of this machine",
    ProblemKind.REFUSED: "is sshd running there, and on this port?",
    ProblemKind.NO_ROUTE: "check the network, VPN and firewall between here and the host",
    ProblemKind.TIMEOUT: "check that the host is up, and the network and firewall on the way",
    ProblemKind.NO_BANNER: "the port is open but sshd says nothing: hung, frozen or overloaded",
    ProblemKind.DROPPED: "sshd closed the connection: MaxStartups, fail2ban, or not an SSH server",
    ProblemKind.KEX: "no common algorithm: a very old server, or one hardened past this client",
    ProblemKind.HOST_KEY_UNKNOWN: "verify it, connect once with ssh, or set host_key: accept-new",
    ProblemKind.HOST_KEY_CHANGED: "reinstalled, or someone in between? verify, then ssh-keygen -R",
    ProblemKind.HOST_KEY_REVOKED: "the key is marked as revoked: find out why before you connect",
    ProblemKind.AUTH: "is your key in the agent (ssh-add -l) and in authorized_keys over there?",
    ProblemKind.KEY_FILE: "check the path and the permissions, or ssh-add the key to your agent",
    ProblemKind.SESSION: "login worked but the session was closed: account expired, nologin?",
    ProblemKind.JUMP: "mend the jump host first: this host is reached through it",
    ProblemKind.LOST: "the connection broke; it is being tried again",
    ProblemKind.SILENT: "connected, but no answer: the host hangs or the link is cut",
    ProblemKind.MISSING_COMMAND: "install the command on the host, or live without this value",
    ProblemKind.UNSUPPORTED: "this kind of host does not have it",
    ProblemKind.DENIED: "needs root, or a group that this user is not in",
    ProblemKind.TRUNCATED: "the host sent more than the limit; the part was not used",
    ProblemKind.BAD_OUTPUT: "the host answered in an unknown form: please report it",
    ProblemKind.CONFIG: "correct hosts.yaml and start again",
    ProblemKind.BUG: "a fault of opsdash itself: please report it; ctrl+r tries again",
}

WILL_NOT_MEND_ITSELF = frozenset(
    {
        ProblemKind.HOST_KEY_UNKNOWN,
        ProblemKind.HOST_KEY_CHANGED,
        ProblemKind.HOST_KEY_REVOKED,
        ProblemKind.AUTH,
        ProblemKind.KEY_FILE,
        ProblemKind.CONFIG,
        ProblemKind.BUG,
    }
)
"""Never retried by themselves: trying again locks accounts out, or trusts the wrong host."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that failed: its kind, a sentence with the particulars, and the next step."""

    kind: ProblemKind
    text: str
    hint: str = ""

    def __post_init__(self) -> None:
        """Clean what may be remote text; fall back on the kind's own hint."""
        object.__setattr__(self, "text", clean_line(self.text, 300))
        object.__setattr__(self, "hint", clean_line(self.hint or HINTS[self.kind], 300))

    @property
    def mends_itself(self) -> bool:
        """Whether trying again later can help."""
        return self.kind not in WILL_NOT_MEND_ITSELF
