"""What an examination of the way to a host finds, stage by stage, in the order of travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean_line

LONGEST = 400
"""Characters of one finding; a note may be longer, for a server's lists of algorithms."""

LONGEST_NOTE = 1500


class Verdict(StrEnum):
    """How a stage ended. SKIPPED: there is no such thing on this way; NOT_REACHED: an earlier stage
    failed, so that nothing is known of this one.
    """

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"
    NOT_REACHED = "not-reached"

    @property
    def word(self) -> str:
        """The verdict as it is shown."""
        return self.name if self in (Verdict.OK, Verdict.WARN, Verdict.FAIL) else _WORDS[self]


_WORDS = {Verdict.SKIPPED: "skipped", Verdict.NOT_REACHED: "not reached"}


class Stage(StrEnum):
    """The stages of reaching a host, in their order."""

    RESOLVE = "resolve"
    TCP = "tcp"
    BANNER = "banner"
    KEY_EXCHANGE = "key-exchange"
    HOST_KEY = "host-key"
    LOGIN = "login"
    SHELL = "shell"
    TOOLS = "tools"
    ROOT = "root"
    CLOCK = "clock"
    END = "clean-end"

    @property
    def words(self) -> str:
        """The stage as it is shown."""
        return self.value.replace("-", " ")


ON_THE_WAY = (
    Stage.RESOLVE,
    Stage.TCP,
    Stage.BANNER,
    Stage.KEY_EXCHANGE,
    Stage.HOST_KEY,
    Stage.LOGIN,
)
"""The stages that a jump host has as well."""


ABOUT = {
    Stage.RESOLVE: (
        "which file said what of the host (hosts.yaml by its line, ssh config by its block), the "
        "way through jump hosts, the addresses of the name"
    ),
    Stage.TCP: "each address that was tried, and how long it took",
    Stage.BANNER: "what the server says first",
    Stage.KEY_EXCHANGE: "the algorithms that were agreed on; where none fits, both sides' offers",
    Stage.HOST_KEY: (
        "its kind and fingerprint: known (file and line), unknown, changed, revoked or weak"
    ),
    Stage.LOGIN: (
        "each key, password and question in the order in which it was tried, why a key was not "
        "offered, and what the server takes"
    ),
    Stage.SHELL: "which login shell, how long it takes, and what it prints before our command",
    Stage.TOOLS: "which awk, coreutils or busybox, and what is missing",
    Stage.ROOT: "sudo or doas: without a password, with one, or not at all",
    Stage.CLOCK: "how far the host's clock is off this machine's",
    Stage.END: "whether an exit status comes back, and a command that is cut off ends over there",
}
"""What each stage tells, for docs/troubleshooting-connections.md."""

STAGE_OF = {
    ProblemKind.NAME: Stage.RESOLVE,
    ProblemKind.CONFIG: Stage.RESOLVE,
    ProblemKind.REFUSED: Stage.TCP,
    ProblemKind.NO_ROUTE: Stage.TCP,
    ProblemKind.TIMEOUT: Stage.TCP,
    ProblemKind.NO_BANNER: Stage.BANNER,
    ProblemKind.KEX: Stage.KEY_EXCHANGE,
    ProblemKind.HOST_KEY_UNKNOWN: Stage.HOST_KEY,
    ProblemKind.HOST_KEY_CHANGED: Stage.HOST_KEY,
    ProblemKind.HOST_KEY_REVOKED: Stage.HOST_KEY,
    ProblemKind.AUTH: Stage.LOGIN,
    ProblemKind.UNANSWERED: Stage.LOGIN,
    ProblemKind.KEY_FILE: Stage.LOGIN,
    ProblemKind.ACCOUNT: Stage.LOGIN,
    ProblemKind.SESSION: Stage.SHELL,
}
"""Where a problem belongs when nothing else tells."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line below a stage: an address that was tried, a key that was offered."""

    verdict: Verdict
    text: str

    def __post_init__(self) -> None:
        """Clean what may be remote text."""
        object.__setattr__(self, "text", clean_line(self.text, LONGEST_NOTE))


@dataclass(frozen=True, slots=True)
class Examined:
    """One stage of one host: what was found, the next step in words, the commands that mend it.

    `took_s` is the time that the stage took, 0 where it is not known or means nothing.
    """

    host: str
    stage: Stage
    verdict: Verdict
    text: str
    notes: tuple[Note, ...] = ()
    problem: Problem | None = None
    hint: str = ""
    mends: tuple[str, ...] = ()
    took_s: float = 0.0

    def __post_init__(self) -> None:
        """Clean what may be remote text; a problem brings its own next step."""
        hint = self.hint or (self.problem.hint_once if self.problem else "")
        object.__setattr__(self, "text", clean_line(self.text, LONGEST))
        object.__setattr__(self, "hint", clean_line(hint, LONGEST))
        object.__setattr__(self, "mends", tuple(clean_line(one, LONGEST) for one in self.mends))


Say = Callable[[Examined], None]


@dataclass
class Examination:
    """One examination: everything found so far; `say` hears of each stage as it ends.

    `place` says in words where the host was declared, `places` where each field of a host was, by
    the host's name. `program` is how this program is called, for commands that are to be pasted.
    """

    host: str
    say: Say
    place: str = ""
    program: str = "opsdash"
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    found: list[Examined] = field(default_factory=list)

    def report(self, one: Examined) -> None:
        """A stage has ended. Only its first end counts: a second try goes the same way again."""
        if not self.knows(one.host, one.stage):
            self.found.append(one)
            self.say(one)

    def report_failure(self, host: str, stage: Stage, problem: Problem) -> None:
        """A stage has failed, and nothing is known but the problem."""
        self.report(Examined(host, stage, Verdict.FAIL, problem.text, problem=problem))

    @property
    def has_failed(self) -> bool:
        """Whether any stage has failed."""
        return any(one.verdict is Verdict.FAIL for one in self.found)

    def knows(self, host: str, stage: Stage) -> bool:
        """Whether a stage of a host has ended."""
        return any((one.host, one.stage) == (host, stage) for one in self.found)

    def under_way(self, host: str) -> Stage | None:
        """The first stage on the way to a host that has not ended; None when all have."""
        return next((stage for stage in ON_THE_WAY if not self.knows(host, stage)), None)

    def finish(self) -> None:
        """Say of each stage that has not ended that it was not reached."""
        for stage in Stage:
            if not self.knows(self.host, stage):
                self.report(Examined(self.host, stage, Verdict.NOT_REACHED, ""))

    @property
    def cause(self) -> Examined | None:
        """The stage to mend first: the first that failed, else the first that is a WARN."""
        for verdict in (Verdict.FAIL, Verdict.WARN):
            found = next((one for one in self.found if one.verdict is verdict), None)
            if found is not None:
                return found
        return None

    @property
    def says_nothing(self) -> bool:
        """Whether every stage was skipped: a made-up host."""
        return all(one.verdict is Verdict.SKIPPED for one in self.found)

    @property
    def verdict(self) -> Verdict:
        """FAIL, WARN or OK of it all."""
        return self.cause.verdict if self.cause else Verdict.OK


EXIT_CODES = {Verdict.OK: 0, Verdict.WARN: 1, Verdict.FAIL: 2}
