"""Record a runbook's looks on a real host, as a case. Run by hand, read what it wrote.

    OPSDASH_FLEET=INVENTORY python -m tests.record_runbook BOOK HOST CASE
        [NAME=VALUE...] [--subject TEXT] [--answer NAME=VALUE...] [--note TEXT]

INVENTORY has a JSON line for each host, with its address, user, key and known_hosts. The looks run
as the login, or as root where sudo asks for nothing. Nothing is changed there: an action is taken
as one that failed. What is said and proposed is written as it came, so a person has to judge
whether it is true.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from opsdash.config.runbook_files import shipped_runbooks
from opsdash.core.runbook_condition import Output
from opsdash.core.runbook_course import Course
from opsdash.core.runbook_turn import AskNow, DoNow, LookNow, Went
from tests.case_files import CASES
from tests.fleet.testbed import open_testbed
from tests.record_cases import PATHS, Block, ssh

SPARE_S = 10
"""For the way there and back, beside the time that a look may take."""


def looked(entry: dict[str, Any], turn: LookNow) -> Output:
    """What a look prints there. One that is over its time has no exit status."""
    shell = f"exec env LC_ALL=C {PATHS} sh -s"
    as_root = f"sudo -n true 2>/dev/null && exec sudo -n env LC_ALL=C {PATHS} sh -s; "
    command = (as_root if turn.root else "") + shell
    argv = [*ssh(entry), f"sh -c '{command}'"]
    try:
        done = subprocess.run(
            argv,
            input=turn.script.encode(),
            capture_output=True,
            check=False,
            timeout=turn.timeout_s + SPARE_S,
        )
    except subprocess.TimeoutExpired as error:
        return Output(None, (error.stdout or b"").decode(errors="replace"))
    out, err = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    return Output(done.returncode, out, err)


def written(output: Output) -> dict[str, Any]:
    """An output as a case has it."""
    found: dict[str, Any] = {"exit": output.status, "stdout": Block(output.stdout)}
    return found | ({"stderr": Block(output.stderr)} if output.stderr else {})


def record(course: Course, entry: dict[str, Any], answers: dict[str, str]) -> dict[str, Any]:
    """Walk a runbook to its end: outputs, actions and what was said. SystemExit: an answer that
    was not given, with those that there are.
    """
    outputs: dict[str, Any] = {}
    does: list[str] = []
    while not course.ended:
        turn = course.turn
        if isinstance(turn, LookNow):
            output = looked(entry, turn)
            outputs[turn.key] = written(output)
            if not course.told(output) and turn.within_s:
                course.gave_up()
        elif isinstance(turn, AskNow):
            if turn.key not in answers:
                choices = ", ".join(value for value, _ in turn.choices) or "any text"
                sys.exit(f"{turn.words}: --answer {turn.key}=… ({choices})")
            course.answered(answers[turn.key])
        elif isinstance(turn, DoNow):
            does.append(turn.line())
            course.done(ok=False, words="this only records")
    case: dict[str, Any] = {"outputs": outputs}
    if does:
        case |= {"does": does, "fails": list(range(1, len(does) + 1))}
    passed = [one for one in course.trail if one.went is not Went.SKIPPED]
    said = [one.said for one in passed if one.went is Went.DECIDED and one.said]
    return {**case, "path": [one.step for one in passed], "says": said}


def pairs(words: list[str]) -> dict[str, str]:
    """NAME=VALUE words by name."""
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser()
    for name in ("book", "host", "case"):
        parser.add_argument(name)
    parser.add_argument("given", nargs="*")
    parser.add_argument("--subject", default="")
    parser.add_argument("--answer", action="append", default=[])
    parser.add_argument("--note", default="as it is")
    return parser.parse_args()


def main() -> None:
    """Write ``cases/runbooks/BOOK/CASE.yaml``."""
    asked = options()
    hosts = open_testbed().hosts
    entry: dict[str, Any] = dict(hosts[asked.host])
    if "jump" in entry:
        entry["through"] = hosts[entry["jump"]]
    given, answers = pairs(asked.given), pairs(asked.answer)
    course = Course(shipped_runbooks().books[asked.book], asked.host, given, asked.subject)
    today = datetime.now(UTC).date()
    case: dict[str, Any] = {"source": f"testbed {asked.host} ({asked.note}), {today}"}
    told = {"arguments": given, "subject": asked.subject, "answers": answers}
    case |= {name: value for name, value in told.items() if value}
    case |= record(course, entry, answers)
    path: Path = CASES / "runbooks" / asked.book / f"{asked.case}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(case, sort_keys=False, allow_unicode=True, width=100))
    print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
