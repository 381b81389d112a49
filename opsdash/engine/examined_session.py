"""What follows a login: the shell, its tools, root, the clock, and whether anything stays behind.

Every script only looks. Each stage stands alone: one that fails leaves the others their chance.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from secrets import token_hex
from time import monotonic

from opsdash.core.clock import now
from opsdash.core.errors import HostError
from opsdash.core.examination import Examination, Examined, Note, Stage, Verdict
from opsdash.core.host import Host, Sudo, Way
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean_line, count, duration
from opsdash.engine.root_script import root_rule
from opsdash.transport.accounts import account_refused
from opsdash.transport.base import Completed, Connection
from opsdash.transport.elevate import Root, find_root

STEP_S = 15.0
"""How long one stage may take; a shell that needs longer is no use to anybody."""

SLOW_SHELL_S = 2.0
CUT_OFF_S = 0.5
"""After so long a command is told to end, to see whether it does; later where the shell is slow."""

CLOCK_OFF_S = 5.0
"""The limit of the check clock-off: below it the time on the way could be the reason."""

CAP_BYTES = 262_144
NEEDED = ("awk", "cat", "head")
"""Without these there is no pulse, and no facts."""

WANTED = ("cut", "date", "df", "grep", "id", "sed", "sleep", "sort", "tail", "timeout", "tr", "wc")
"""What some collectors use: without one of these some values stay empty."""

QUIET_SHELL = "case $- in *i*) ;; *) return ;; esac    # first line of ~/.bashrc there"

_ROOT_WORDS = {
    Root.IS: "the login is root itself",
    Root.SUDO: "sudo, without a password",
    Root.RULE: "sudo, for what opsdash asks as root and nothing else",
    Root.DOAS: "doas, without a password",
    Root.PASSWORD: "sudo asks for a password: # on the screen takes it, once for all hosts",
    Root.TTY: "doas asks for a password: # on the screen takes it, once for all hosts",
}


@dataclass
class Session:
    """A host that let us in, and where to report what is found there."""

    host: Host
    connection: Connection
    exam: Examination
    shell_s: float = 0.0

    async def examine(self) -> None:
        """Go through all stages; HostError when there is no session at all."""
        await self._shell()
        for stage, look in (
            (Stage.TOOLS, self._tools),
            (Stage.ROOT, self._root),
            (Stage.CLOCK, self._clock),
            (Stage.END, self._end),
        ):
            await self._stage(stage, look)

    async def _stage(self, stage: Stage, look: Callable[[], Awaitable[Examined]]) -> None:
        began = monotonic()
        try:
            found = await look()
        except HostError as error:
            text = error.problem.text
            found = self._is(stage, Verdict.FAIL, text, problem=error.problem)
        self.exam.report(replace(found, took_s=monotonic() - began))

    def _is(
        self,
        stage: Stage,
        verdict: Verdict,
        text: str,
        *notes: Note,
        problem: Problem | None = None,
    ) -> Examined:
        return Examined(self.host.name, stage, verdict, text, notes, problem)

    async def _run(self, script: str, timeout_s: float = 0.0) -> Completed:
        return await self.connection.execute(
            script.encode(), timeout_s=timeout_s or STEP_S, max_bytes=CAP_BYTES
        )

    async def _shell(self) -> None:
        """The login shell starts ours; what it prints by itself comes first."""
        mark = token_hex(8)
        began = monotonic()
        done = await self._run(f"printf '\\036%s %s\\n' {mark} \"$SHELL\"\n")
        before, found, after = done.stdout.partition(f"\x1e{mark} ".encode())
        if not found:
            raise HostError(no_session(done))
        self.shell_s = monotonic() - began
        shell = clean_line(after.decode("utf-8", "replace"), 80) or "its login shell"
        self.exam.report(self._shell_found(shell, before, done.stderr))

    def _shell_found(self, shell: str, noise: bytes, complaints: bytes) -> Examined:
        slow = self.shell_s >= SLOW_SHELL_S
        said = f"{shell} is ready after {self.shell_s:.1f} s"
        said += " (slow)" if slow else ""
        notes = [_sample("it begins", noise)] if noise else []
        notes += [_sample("on its error output", complaints)] if complaints.strip() else []
        if noise:
            said += f", and prints {count(len(noise), 'byte')} before our command"
        hint = ""
        mends: tuple[str, ...] = ()
        if noise:
            hint = "harmless here, but it breaks scp, sftp and rsync: print in interactive shells"
            mends = (QUIET_SHELL,)
        elif slow:
            hint = "look at PAM's session modules, its start files, and a hung home directory there"
        verdict = Verdict.WARN if slow or noise else Verdict.OK
        return Examined(
            self.host.name,
            Stage.SHELL,
            verdict,
            said,
            tuple(notes),
            hint=hint,
            mends=mends,
            took_s=self.shell_s,
        )

    async def _tools(self) -> Examined:
        names = " ".join((*NEEDED, *WANTED))
        done = await self._run(
            "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\n"
            f'for t in {names}; do command -v "$t" >/dev/null 2>&1 || echo "lacks $t"; done\n'
            'a=$(command -v awk) && echo "awk $(readlink -f "$a" 2>/dev/null || echo "$a")"\n'
            'l=$(command -v ls) && echo "ls $(readlink -f "$l" 2>/dev/null || echo "$l")"\n'
        )
        said = done.stdout.decode("utf-8", "replace").splitlines()
        lacking = [line.removeprefix("lacks ") for line in said if line.startswith("lacks ")]
        paths = dict(line.split(" ", 1) for line in said if line.startswith(("awk ", "ls ")))
        needed = [name for name in lacking if name in NEEDED]
        if needed:
            text = f"there is no {', '.join(lacking)}"
            problem = Problem(ProblemKind.MISSING_COMMAND, text, _install(needed))
            return self._is(Stage.TOOLS, Verdict.FAIL, text, problem=problem)
        busy = "busybox" in paths.get("ls", "")
        text = f"{clean_line(paths.get('awk', 'awk'), 80)}, {'busybox' if busy else 'coreutils'}"
        if lacking:
            found = self._is(Stage.TOOLS, Verdict.WARN, f"{text}; missing: {', '.join(lacking)}")
            return _with_hint(found, "values that are read by these stay empty")
        return self._is(Stage.TOOLS, Verdict.OK, text)

    async def _root(self) -> Examined:
        if self.host.sudo is Sudo.NONE:
            return self._is(Stage.ROOT, Verdict.SKIPPED, "hosts.yaml says sudo: none")
        root = await find_root(self.connection.execute, root_rule())
        if root is Root.NEVER:
            return await self._no_root()
        if root.takes_password and self.host.sudo is Sudo.NOPASSWD:
            text = f"hosts.yaml says sudo: nopasswd, but {_ROOT_WORDS[root]}"
            return _with_hint(self._is(Stage.ROOT, Verdict.WARN, text), "correct one of the two")
        return self._is(Stage.ROOT, Verdict.OK, _ROOT_WORDS[root])

    async def _no_root(self) -> Examined:
        """Whether it is sudo that refuses, or that there is none."""
        done = await self._run("command -v sudo || command -v doas || echo none\n")
        if done.stdout.strip().endswith(b"none"):
            text = "there is neither sudo nor doas: what needs root stays empty"
            hint = "install sudo there, or say sudo: none for this host in hosts.yaml"
            return _with_hint(self._is(Stage.ROOT, Verdict.WARN, text), hint)
        text = "neither sudo nor doas lets this user: what needs root stays empty"
        return _with_hint(
            self._is(Stage.ROOT, Verdict.WARN, text),
            "allow the fixed script by a sudoers drop-in, or say sudo: none for this host",
            "opsdash sudoers    # prints the drop-in",
        )

    async def _clock(self) -> Examined:
        began, sent = monotonic(), now()
        done = await self._run("printf clock=; date +%s.%N\n")
        took_s = monotonic() - began
        found = re.search(rb"clock=(\d{9,12})(?:\.(\d{9}))?", done.stdout)  # busybox has no %N
        if found is None:
            problem = Problem(ProblemKind.BAD_OUTPUT, "date says nothing that is a time")
            return self._is(Stage.CLOCK, Verdict.FAIL, problem.text, problem=problem)
        there = int(found[1]) + (int(found[2]) / 1e9 if found[2] else 0.5)
        ahead_s = there - (sent + took_s / 2)
        unsure_s = took_s / 2 + (0.0 if found[2] else 0.5)
        way = "ahead of" if ahead_s > 0 else "behind"
        if abs(ahead_s) <= unsure_s:
            return self._is(Stage.CLOCK, Verdict.OK, f"as here, give or take {unsure_s:.2g} s")
        text = f"{_seconds(abs(ahead_s))} {way} this machine, give or take {unsure_s:.1f} s"
        if abs(ahead_s) - unsure_s < CLOCK_OFF_S:
            return self._is(Stage.CLOCK, Verdict.OK, text)
        hint = "one-time codes and Kerberos fail: does a time service run there, or is it this one?"
        return _with_hint(
            self._is(Stage.CLOCK, Verdict.WARN, text), hint, "timedatectl; chronyc tracking"
        )

    async def _end(self) -> Examined:
        """A status comes back as it was, and a command that is cut off ends over there as well."""
        done = await self._run("exit 7\n")
        if done.status != 7:
            text = f"a command that exits with 7 is reported with {done.status}"
            return _with_hint(
                self._is(Stage.END, Verdict.WARN, text),
                "a wrapper or a logout file of the login shell changes the exit status",
            )
        pid = await self._cut_off()
        if not pid:
            return self._is(Stage.END, Verdict.OK, "exit status 7 came back as 7")
        left = await self._run(
            f"for i in 1 2 3 4 5 6; do [ -d /proc/{pid} ] || break; sleep 0.3; done\n"
            f"if [ -d /proc/{pid} ]; then kill -9 {pid}; echo left; fi\n"
        )
        if b"left" in left.stdout:
            text = "a command that was cut off went on running there (it was ended now)"
            if self.host.way is Way.OPENSSH:
                said = "the system's ssh ends none: each has its own time limit there"
                return self._is(Stage.END, Verdict.OK, f"exit status comes back; {said}")
            return _with_hint(
                self._is(Stage.END, Verdict.WARN, text),
                "this SSH server does not pass on signals: OpenSSH does from 7.9 on",
            )
        return self._is(Stage.END, Verdict.OK, "exit status comes back, nothing is left running")

    async def _cut_off(self) -> str:
        """The id of a process that was told to end from here, empty where it is not known."""
        try:
            await self._run("echo $$; exec sleep 60\n", timeout_s=max(CUT_OFF_S, 2 * self.shell_s))
        except HostError as error:
            if error.problem.kind is not ProblemKind.TIMEOUT:
                raise
            found = re.search(rb"(\d+)\s*$", error.partial)
            return found[1].decode() if found else ""
        return ""


def no_session(done: Completed) -> Problem:
    """Why a login gave no shell of ours: what the account or the login shell said."""
    said = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    refused = account_refused(said)
    if refused is not None:
        return refused
    lines = [line for line in said.splitlines() if line.strip()]
    if done.truncated:
        text = f"the login shell prints without end: {clean_line(lines[0], 80) if lines else '-'}"
        hint = "look at its start-up files (.bashrc, .profile), and at: ssh HOST true | head"
        return Problem(ProblemKind.SESSION, text, hint)
    words = clean_line(lines[-1], 120) if lines else "without a word"
    return Problem(ProblemKind.SESSION, f"the session ended with status {done.status}: {words}")


def _sample(where: str, data: bytes) -> Note:
    shown = clean_line(data[:400].decode("utf-8", "replace"), 60)
    return Note(Verdict.WARN, f"{where}: {shown or 'nothing that can be shown'}")


def _install(names: list[str]) -> str:
    packages = {"awk": "gawk or mawk", "cat": "coreutils", "head": "coreutils"}
    return f"install {', '.join(dict.fromkeys(packages[name] for name in names))} there"


def _with_hint(found: Examined, hint: str, *mends: str) -> Examined:
    return replace(found, hint=hint, mends=mends)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)
