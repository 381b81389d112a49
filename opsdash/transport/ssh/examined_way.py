"""The events on the way to one host, put into the stages of an examination."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import monotonic

import asyncssh

from opsdash.core.examination import Examination, Examined, Note, Stage, Verdict
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean_line, count
from opsdash.transport.ssh import examined_login, mends
from opsdash.transport.ssh.examined_keys import (
    COMPARE,
    key_exchange,
    key_exchange_failed,
    listed,
    refused,
)
from opsdash.transport.ssh.hostkeys import Entry
from opsdash.transport.ssh.keys import Identities
from opsdash.transport.ssh.login import Login
from opsdash.transport.ssh.resolve import Route
from opsdash.transport.ssh.sockets import TURNED_AWAY
from opsdash.transport.ssh.sources import SshSays, sources
from opsdash.transport.ssh.trace import Tap, Trace

SLOW_TCP_S = 1.0
"""Addresses that fail and take so long make every connection wait."""

SLOW_LOGIN_S = 5.0
"""From here on a login is told as slow: the limit of the check login-slow."""

QUOTED = 100
"""Characters that are shown of what is no banner."""

_LOCAL = frozenset({ProblemKind.CONFIG, ProblemKind.NAME})


def _received(first: bytes) -> str:
    """The first bytes of a server in words: as text where they are text."""
    try:
        return clean_line(first.decode(), QUOTED) or "an empty line"
    except UnicodeDecodeError as error:
        if error.start >= len(first) - 3 and error.start:  # cut off in mid-character
            return clean_line(first[: error.start].decode(), QUOTED)
    shown = first[:16].hex(" ") + (" ..." if len(first) > 16 else "")
    return f"bytes that are no text: {shown}"


class ExaminedWay(Trace):
    """Reports each stage of the way to a host when it has ended, by itself or by failing."""

    quiet = False

    def __init__(self, host: Host, exam: Examination) -> None:
        self.host = host
        self.ssh_says = SshSays()
        self.entries: list[Entry] = []
        self.route = Route(host.address or host.name)
        self.tap: Tap | None = None
        self._exam = exam
        self._identities: Identities | None = None
        self._login: Login | None = None
        self._tries: list[Note] = []
        self._first = b""
        self._began = monotonic()
        self._addresses = ""

    @property
    def program(self) -> str:
        """How this program is called, for commands that are to be pasted."""
        return self._exam.program

    def _report(self, stage: Stage, verdict: Verdict, text: str, *notes: Note) -> None:
        took_s, self._began = monotonic() - self._began, monotonic()
        one = Examined(self.host.name, stage, verdict, text, notes, took_s=took_s)
        self._exam.report(one)

    # -- local files, names, TCP ----------------------------------------------------------------

    def resolved(self, route: Route) -> None:
        """The jump hosts' stages come before the rest of this host's: its files are told first."""
        self.route = route
        self._began = monotonic()
        if route.hops or route.proxy_command:
            self._resolve()

    def looked_up(self, addresses: Sequence[str], took_s: float) -> None:
        """The last word on where the host is."""
        if list(addresses) != [self.route.address]:
            self._addresses = f" is {', '.join(dict.fromkeys(addresses))} ({took_s * 1000:.0f} ms)"
        self._resolve()

    def _resolve(self) -> None:
        route, exam = self.route, self._exam
        text = f"{route.user}@{route.address} port {route.port}"
        if self._addresses:
            text += f": {route.address}{self._addresses}"
        if route.hops:
            text += f" through {', '.join(route.hops)}"
        places = exam.places.get(self.host.name, {})
        told = sources(self.host, route, places, self.ssh_says)
        if exam.place and self.host.name == exam.host and not places:
            told.insert(0, exam.place)  # a host that no file declares
        said = [Note(Verdict.SKIPPED, one) for one in told]
        self._report(Stage.RESOLVE, Verdict.OK, text, *said)

    def tried(self, address: str, took_s: float, error: OSError | None) -> None:
        """One address; only the last one decides."""
        if error is None:
            slow = took_s + monotonic() - self._began > SLOW_TCP_S and bool(self._tries)
            self._began = monotonic() - took_s
            where = f"{address} port {self.route.port} answers in {took_s * 1000:.0f} ms"
            self._report(Stage.TCP, Verdict.WARN if slow else Verdict.OK, where, *self._tries)
            return
        why = "no answer" if isinstance(error, TimeoutError) else os.strerror(error.errno or 0)
        said = f"{address} port {self.route.port}: {why} ({took_s:.1f} s)"
        self._tries.append(Note(Verdict.FAIL, said))

    def heard(self, first: bytes) -> None:
        """An SSH server says its version at once; whatever else may be a greeting before that."""
        self._first = first
        if first.startswith((b"SSH-2.0-", b"SSH-1.99-")):
            self._banner(first)

    def _banner(self, line: bytes) -> None:
        version = clean_line(line.splitlines()[0].decode("utf-8", "replace"), 100)
        if not self._exam.knows(self.host.name, Stage.TCP):
            self._past_tcp()
        self._report(Stage.BANNER, Verdict.OK, version)

    def _past_tcp(self) -> None:
        if self.route.proxy_command:
            text = f"by ProxyCommand: {self.route.proxy_command}"
            self._report(Stage.TCP, Verdict.SKIPPED, text)
        elif self.route.hops:
            self._report(Stage.TCP, Verdict.OK, f"through {self.route.hops[-1]}")

    # -- the handshake --------------------------------------------------------------------------

    def prepared(self, route: Route, identities: Identities, login: asyncssh.SSHClient) -> None:
        """Remember what will be offered."""
        self._identities = identities
        self._login = login if isinstance(login, Login) else None

    def connected(self, connection: asyncssh.SSHClientConnection) -> None:
        """Stand in front of the connection."""
        if not self._exam.knows(self.host.name, Stage.TCP):
            self._past_tcp()
        self.tap = Tap(connection, self)
        self.tap.install()

    def negotiating(self, tap: Tap) -> None:
        """It is an SSH server, whatever it said first."""
        if not self._exam.knows(self.host.name, Stage.BANNER):
            version = str(tap.connection.get_extra_info("server_version", "SSH"))
            self._banner(version.encode())

    def agreed(self, tap: Tap) -> None:
        """The algorithms are chosen."""
        self._report(Stage.KEY_EXCHANGE, Verdict.OK, key_exchange(tap))

    def authenticating(self, tap: Tap) -> None:
        """The host key was taken."""
        verdict, text, notes, hint = listed(tap.connection, self._login, self.entries)
        one = Examined(self.host.name, Stage.HOST_KEY, verdict, text, notes, hint=hint)
        self._began = monotonic()
        self._exam.report(one)

    def logged_in(self) -> None:
        """The end of the way."""
        if self.tap is None:
            return
        self.tap.let_in()
        took_s = monotonic() - self._began
        slow = took_s >= SLOW_LOGIN_S
        notes = examined_login.tried(self.tap)
        text = examined_login.accepted(self.tap, self.route.user)
        hint = "look for DNS, LDAP, PAM or a hung home directory there" if slow else ""
        if slow:
            text = f"{text}, but only after {took_s:.1f} s"
        verdict = Verdict.WARN if slow else Verdict.OK
        self._exam.report(
            Examined(self.host.name, Stage.LOGIN, verdict, text, notes, hint=hint, took_s=took_s)
        )

    # -- the end --------------------------------------------------------------------------------

    def failed(self, problem: Problem) -> None:
        """The stage that was under way has failed; behind a jump host that failed, none has."""
        if problem.culprit and any(one.verdict is Verdict.FAIL for one in self._exam.found):
            return
        stage = self._exam.under_way(self.host.name)
        if stage is None:
            return
        if problem.kind in _LOCAL:
            stage = Stage.RESOLVE
        elif stage is Stage.RESOLVE and self.route.user:
            self._resolve()
            stage = Stage.TCP
        if problem.kind is ProblemKind.KEY_FILE:
            stage = Stage.LOGIN
        self._exam.report(self._failure(stage, problem))
        self._began = monotonic()

    def _no_banner(
        self, problem: Problem, commands: tuple[str, ...]
    ) -> tuple[tuple[Note, ...], tuple[str, ...]]:
        """What came in place of a banner, and what to do about it."""
        turned_away = self._first.startswith(TURNED_AWAY)
        if problem.kind is ProblemKind.DROPPED and not turned_away:
            # a server that closes at once may be an sshd that is too busy: its log tells
            commands = (*mends.for_no_ssh(self.route), *(() if self._first else commands))
        if not self._first:
            return (), commands
        return (Note(Verdict.FAIL, f"it said: {_received(self._first)}"),), commands

    def _failure(self, stage: Stage, problem: Problem) -> Examined:
        notes: tuple[Note, ...] = ()
        hint = ""
        commands = mends.for_the_way(problem.kind, self.route)
        text = problem.text
        if stage is Stage.RESOLVE and self._exam.place and not self._exam.places:
            notes = (Note(Verdict.SKIPPED, self._exam.place),)
        elif stage is Stage.TCP:
            notes = tuple(self._tries)
            if len(self._tries) > 1:
                text = f"none of {count(len(self._tries), 'address', 'addresses')} answers: {text}"
        elif stage is Stage.BANNER:
            notes, commands = self._no_banner(problem, commands)
        elif stage is Stage.KEY_EXCHANGE and self.tap is not None:
            text, notes, commands = key_exchange_failed(self, problem, commands)
        elif stage is Stage.HOST_KEY:
            text, notes, commands = refused(self, self._login, problem)
            hint = COMPARE if problem.kind is ProblemKind.HOST_KEY_UNKNOWN else ""
        elif stage is Stage.LOGIN:
            report = examined_login.Refused(self.host, self.route, self._identities, self.tap)
            notes, commands = report.told(problem, commands)
        took_s = monotonic() - self._began
        return Examined(
            self.host.name, stage, Verdict.FAIL, text, notes, problem, hint, commands, took_s
        )
