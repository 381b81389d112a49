"""One login: what is offered to the server, and what a person is asked on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from enum import IntEnum
from time import monotonic
from typing import NoReturn

import asyncssh

from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker, Question, QuestionKind
from opsdash.core.secret import Secret
from opsdash.transport.ssh.hostkeys import KeyJudge, Match
from opsdash.transport.ssh.keys import KeyRing
from opsdash.transport.ssh.trace import QUIET, Trace

TRIES = 3
"""Passwords and codes that are taken from a person in one login, as ssh does it."""

MOST_PROMPTS = 8
"""A server may not keep a person busy: longer challenges are refused."""


class May(IntEnum):
    """What a login may ask a person: nothing, the passphrase of a key, or whatever it takes."""

    NOTHING = 0
    PASSPHRASE = 1
    ANYTHING = 2


class Turn:
    """A login's place among the handshakes in flight, and its time.

    Neither is used up while a person thinks: the place is given to the next host, the time starts
    anew with the answer. `took_s` is the time from the place to the end of the login.
    """

    def __init__(self, slot: asyncio.Semaphore, timeout_s: float) -> None:
        self._slot = slot
        self._timeout_s = timeout_s
        self._holds = False
        self._deadline: asyncio.Timeout | None = None
        self.took_s = 0.0

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[None, None]:
        """Wait for a place, then allow so much time; TimeoutError when it is used up."""
        await self._slot.acquire()
        self._holds = True
        began = monotonic()
        try:
            async with asyncio.timeout(self._timeout_s) as self._deadline:
                yield
        finally:
            self.took_s = monotonic() - began
            self._give_up_place()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While a person is asked."""
        self._give_up_place()
        self._set_deadline(None)
        try:
            yield
        finally:
            self._set_deadline(asyncio.get_running_loop().time() + self._timeout_s)

    def _give_up_place(self) -> None:
        if self._holds:
            self._holds = False
            self._slot.release()

    def _set_deadline(self, at: float | None) -> None:
        if self._deadline is not None:
            with suppress(RuntimeError):  # the login has ended meanwhile
                self._deadline.reschedule(at)


class Login(KeyJudge):
    """Answers a server's questions: from what is remembered, or by asking, if that is allowed.

    `wanted` says in words what a person would have had to give, `declined` that one was asked and
    did not, `expired` that the server wants another password.
    """

    def __init__(self, host: Host, user: str, match: Match, asker: Asker, may: May) -> None:
        super().__init__(host.host_key, match)
        self._host = host
        self._user = user
        self._asker = asker
        self._may = may if asker.present else May.NOTHING
        self._tries: dict[str, int] = {}
        self.turn: Turn | None = None
        self.trace: Trace = QUIET
        self.connection: asyncssh.SSHClientConnection | None = None
        self.wanted = ""
        self.declined = False
        self.expired = False

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """The handshake begins."""
        self.connection = conn
        self.trace.connected(conn)

    @property
    def speaks_ssh(self) -> bool:
        """Whether the server has said which version of SSH it speaks."""
        connection = self.connection
        return connection is not None and bool(connection.get_extra_info("server_version"))

    def auth_completed(self) -> None:
        """The server has let us in."""
        self.trace.logged_in()

    async def unlock(self, ring: KeyRing, path: str) -> asyncssh.SSHKey:
        """The private key of an encrypted file; ValueError when nobody tells its passphrase.

        Called when the server has accepted the key's public half. One of all logins asks; the key
        is kept decrypted, the passphrase is not kept.
        """
        async with ring.unlocking(path):
            said = f"{self._host.name} takes this key"
            while (key := ring.unlocked(path)) is None:
                question = Question(
                    f"passphrase/{path}", self._host.name, f"passphrase of {path}", said
                )
                phrase = await self._ask(question, May.PASSPHRASE)
                if phrase is None:
                    raise ValueError("no passphrase")
                if not await asyncio.to_thread(ring.unlock, path, phrase):
                    said = "That was not the passphrase: try again."
                self._asker.forget(question.key.__eq__)
        return key

    async def password_auth_requested(self) -> str | None:
        """The password, remembered or asked for; asyncssh asks again when it was wrong."""
        key = f"password/{self._user}@{self._host.name}"
        if not self._next_try(key, "password"):
            return None
        title = f"password of {self._user}@{self._host.name}"
        secret = await self._remembered_or_asked(Question(key, self._host.name, title, self._said))
        return None if secret is None else secret.reveal().decode()

    def password_change_requested(self, prompt: str, lang: str) -> NoReturn:
        """The password is right, or was: it is not for us to think of a new one."""
        self.expired = True
        raise asyncssh.PermissionDenied("the password has expired")

    def kbdint_auth_requested(self) -> str | None:
        """Whether to let the server ask its questions; asked again when the answers were wrong."""
        key = self._challenge_key
        return "" if self._next_try(key, "answers to its questions") else None

    async def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        """One round of questions; a round without any only shows text."""
        if len(prompts) > MOST_PROMPTS:
            return None
        answers = []
        text = "\n".join(part for part in (self._said, name, instructions) if part)
        for words, shown in prompts:
            kind = QuestionKind.LINE if shown else QuestionKind.SECRET
            title = f"{self._host.name} asks {self._user}"
            question = Question(
                self._challenge_key, self._host.name, title, text, field=words, kind=kind
            )
            # a password is the same the next time, a code is not
            same = len(prompts) == 1 and not shown and "password" in words.lower()
            secret = await (self._remembered_or_asked if same else self._ask_once)(question)
            if secret is None:
                return None
            answers.append(secret.reveal().decode())
        return answers

    @property
    def _challenge_key(self) -> str:
        return f"challenge/{self._user}@{self._host.name}"

    @property
    def _said(self) -> str:
        """What to tell whoever is asked: that the last answer was wrong, and the banner."""
        wrong = "Permission denied: try again." if max(self._tries.values(), default=0) > 1 else ""
        return "\n".join(part for part in (wrong, self.banner.strip()) if part)

    def _next_try(self, key: str, what: str) -> bool:
        """Whether there is anything to answer with; a second call says the first was wrong."""
        self._tries[key] = self._tries.get(key, 0) + 1
        if self._tries[key] > 1:
            self._asker.forget(key.__eq__)
        if self._asker.remembered(key):
            return True
        self.wanted = self.wanted or what
        return self._may is May.ANYTHING and self._tries[key] <= TRIES and not self.declined

    async def _remembered_or_asked(self, question: Question) -> Secret | None:
        return self._asker.remembered(question.key) or await self._ask(question, May.ANYTHING)

    async def _ask(self, question: Question, at_least: May) -> Secret | None:
        self.wanted = question.title
        if self._may < at_least or self.turn is None:
            return None
        with self.turn.paused():
            answer = await self._asker.ask(question)
        self.declined = answer is None
        return answer

    async def _ask_once(self, question: Question) -> Secret | None:
        self.wanted = "a one-time answer"
        if self._may is not May.ANYTHING or self.turn is None:
            return None
        with self.turn.paused():
            answer = await self._asker.ask_once(question)
        self.declined = answer is None
        return answer

    def refusal(self, problem: Problem) -> Problem:
        """Why the login was refused, with what a person could have given."""
        if self.expired:
            hint = "log in once with ssh and set a new password, then try again"
            return Problem(ProblemKind.ACCOUNT, "login refused: the password has expired", hint)
        if problem.kind is not ProblemKind.AUTH or not self.wanted:
            return problem
        if self.declined:
            return Problem(ProblemKind.UNANSWERED, f"login refused: {self.wanted} not given")
        if self.wanted.startswith("passphrase"):
            text = f"login refused: {self.wanted} is needed, and nobody was asked"
            return Problem(ProblemKind.UNANSWERED, text)
        if self._asker.present:
            hint = f"the keys are not taken; ctrl+r asks you for the {self.wanted}"
            return Problem(problem.kind, problem.text, hint)
        return problem


async def trusts(asker: Asker, host: Host, shown: str) -> bool:
    """Whether the person trusts a host key that no file lists, having seen its fingerprint."""
    question = Question(
        f"host-key/{host.name}",
        host.name,
        f"is this the host key of {host.name}?",
        f"{shown}\n\nNo known_hosts file lists this host. Compare the fingerprint with what\n"
        "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub says on its console.",
        field="trust it and remember it",
        kind=QuestionKind.CONFIRM,
    )
    return await asker.ask_once(question) is not None
