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
    LOGIN_STUCK = "login-stuck"
    DROPPED = "dropped"
    KEX = "kex"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_REVOKED = "host-key-revoked"
    AUTH = "auth"
    UNANSWERED = "unanswered"
    ACCOUNT = "account"
    KEY_FILE = "key-file"
    SESSION = "session"
    JUMP = "jump"
    PROXY = "proxy"
    OFFLINE = "offline"
    FILES = "files"
    LOST = "lost"
    SILENT = "silent"
    MISSING_COMMAND = "missing-command"
    UNSUPPORTED = "unsupported"
    DENIED = "denied"
    TRUNCATED = "truncated"
    BAD_OUTPUT = "bad-output"
    CONFIG = "config"
    FORGOTTEN = "forgotten"
    BUG = "bug"


HINTS: dict[ProblemKind, str] = {
    ProblemKind.NAME: "check the spelling of the address, and the resolver of this machine",
    ProblemKind.REFUSED: "is sshd running there, and on this port?",
    ProblemKind.NO_ROUTE: "check the network, VPN and firewall between here and the host",
    ProblemKind.TIMEOUT: "check that the host is up, and the network and firewall on the way",
    ProblemKind.NO_BANNER: "the port is open but sshd says nothing: hung, frozen or overloaded",
    ProblemKind.LOGIN_STUCK: "sshd hangs in the login: its PAM, DNS or home directory; see its log",
    ProblemKind.DROPPED: "sshd closed the connection: MaxStartups, fail2ban, or not an SSH server",
    ProblemKind.KEX: "no common algorithm: a very old server, or one hardened past this client",
    ProblemKind.HOST_KEY_UNKNOWN: "ctrl+r asks whether to trust it, or set host_key: accept-new",
    ProblemKind.HOST_KEY_CHANGED: "reinstalled, or someone in between? verify, then ssh-keygen -R",
    ProblemKind.HOST_KEY_REVOKED: "the key is marked as revoked: find out why before you connect",
    ProblemKind.AUTH: "is your key in the agent (ssh-add -l) and in authorized_keys over there?",
    ProblemKind.UNANSWERED: "ctrl+r asks again; an agent or a key without questions needs none",
    ProblemKind.ACCOUNT: "expired, locked or nologin: see chage -l, passwd -S and the shell there",
    ProblemKind.KEY_FILE: "check the path and the permissions, or ssh-add the key to your agent",
    ProblemKind.SESSION: "login worked, but no session: MaxSessions, a full host, a broken shell?",
    ProblemKind.JUMP: "mend the jump host first: this host is reached through it",
    ProblemKind.PROXY: "run the ProxyCommand by hand: it must speak SSH on its standard output",
    ProblemKind.OFFLINE: "check the network, VPN and resolver of this machine",
    ProblemKind.FILES: "raise the limit of open files here (ulimit -n) and start again",
    ProblemKind.LOST: "the connection broke; it is being tried again",
    ProblemKind.SILENT: "connected, but no answer: the host hangs or the link is cut",
    ProblemKind.MISSING_COMMAND: "install the command on the host, or live without this value",
    ProblemKind.UNSUPPORTED: "this kind of host does not have it",
    ProblemKind.DENIED: "needs root, or a group that this user is not in",
    ProblemKind.TRUNCATED: "the host sent more than the limit; the part was not used",
    ProblemKind.BAD_OUTPUT: "the host answered in an unknown form: please report it",
    ProblemKind.CONFIG: "correct hosts.yaml: it is read again when it is saved",
    ProblemKind.FORGOTTEN: "step to a moment at which it was watched, or live again: see help",
    ProblemKind.BUG: "a fault of opsdash itself: please report it; ctrl+r tries again",
}

HINTS_ONCE: dict[ProblemKind, str] = {
    ProblemKind.LOST: "the connection broke: the server's log may say why (journalctl -u ssh)",
    ProblemKind.HOST_KEY_UNKNOWN: "compare the fingerprint with the host's own, then accept it",
    ProblemKind.UNANSWERED: "an agent or a key without questions needs no answer",
    ProblemKind.BUG: "a fault of opsdash itself: please report it",
}
"""The next step where nothing is tried again by itself, and no screen has keys."""

CAUSES: dict[ProblemKind, str] = {
    ProblemKind.NAME: "the resolver of this machine knows no address for the host",
    ProblemKind.REFUSED: "the host, or a firewall, refused the TCP connection at once",
    ProblemKind.NO_ROUTE: "this machine has no way to the address, or a router said so",
    ProblemKind.TIMEOUT: "the host answered nothing at all, or a command ran past its deadline",
    ProblemKind.NO_BANNER: "the TCP connection stands, but no SSH banner came",
    ProblemKind.LOGIN_STUCK: "the banner came, but key exchange or login did not end in time",
    ProblemKind.DROPPED: "the connection was closed or reset before the login, or is not SSH",
    ProblemKind.KEX: "client and server share no key exchange, cipher, MAC or host key algorithm",
    ProblemKind.HOST_KEY_UNKNOWN: "no known_hosts file lists a key of this host",
    ProblemKind.HOST_KEY_CHANGED: "a known_hosts file lists another key of this host",
    ProblemKind.HOST_KEY_REVOKED: "the key, or the authority behind it, is listed as revoked",
    ProblemKind.AUTH: "the server took none of the keys, passwords or answers it was given",
    ProblemKind.UNANSWERED: "a passphrase, password, code or decision was wanted, and not given",
    ProblemKind.ACCOUNT: "the login was right, but the account may not be used",
    ProblemKind.KEY_FILE: "a key, certificate or known_hosts file named by hosts.yaml is no use",
    ProblemKind.SESSION: "the connection stands, but the server opened no session or ended it",
    ProblemKind.JUMP: "a jump host on the way can't be reached",
    ProblemKind.PROXY: "the ProxyCommand of the ssh config could not be run, or ended",
    ProblemKind.OFFLINE: "no host at all answers: the common cause is this machine or its network",
    ProblemKind.FILES: "this process has as many open files as it may have",
    ProblemKind.LOST: "an established connection broke",
    ProblemKind.SILENT: "an established connection delivers nothing",
    ProblemKind.MISSING_COMMAND: "a command that is needed does not exist, there or here",
    ProblemKind.UNSUPPORTED: "the host's kind has no such thing (no systemd, no package manager)",
    ProblemKind.DENIED: "the user may not read it, and root is not available",
    ProblemKind.TRUNCATED: "an answer was longer than its limit",
    ProblemKind.BAD_OUTPUT: "an answer was incomplete, or nothing that the parser knows",
    ProblemKind.CONFIG: "the hosts file or the ssh config says something that can't be",
    ProblemKind.FORGOTTEN: "of a moment in the past the store holds nothing",
    ProblemKind.BUG: "an exception that nobody expected",
}
"""What raises each kind, for docs/troubleshooting-connections.md."""

WILL_NOT_MEND_ITSELF = frozenset(
    {
        ProblemKind.HOST_KEY_UNKNOWN,
        ProblemKind.HOST_KEY_CHANGED,
        ProblemKind.HOST_KEY_REVOKED,
        ProblemKind.AUTH,
        ProblemKind.UNANSWERED,
        ProblemKind.ACCOUNT,
        ProblemKind.KEY_FILE,
        ProblemKind.FILES,
        ProblemKind.CONFIG,
        ProblemKind.BUG,
    }
)
"""Never retried by themselves: trying again locks accounts out, or trusts the wrong host."""

WILL_STAY = frozenset({ProblemKind.UNSUPPORTED, ProblemKind.MISSING_COMMAND, ProblemKind.DENIED})
"""Of what is read from a host: it is so because the host is so, and not for a moment."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that failed: its kind, a sentence with the particulars, and the next step.

    `culprit` names the host that failed where it is another one: a jump host on the way.
    """

    kind: ProblemKind
    text: str
    hint: str = ""
    culprit: str = ""

    def __post_init__(self) -> None:
        """Clean what may be remote text; fall back on the kind's own hint."""
        object.__setattr__(self, "text", clean_line(self.text, 300))
        object.__setattr__(self, "hint", clean_line(self.hint or HINTS[self.kind], 300))

    @property
    def hint_once(self) -> str:
        """The next step for whoever looks once, without a screen."""
        usual = self.hint == HINTS[self.kind]
        return HINTS_ONCE.get(self.kind, self.hint) if usual else self.hint

    @property
    def mends_itself(self) -> bool:
        """Whether trying again later can help."""
        return self.kind not in WILL_NOT_MEND_ITSELF

    @property
    def will_stay(self) -> bool:
        """Whether the next look will most likely find the same: what was known before is over."""
        return self.kind in WILL_STAY
