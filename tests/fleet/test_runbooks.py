"""Built-in runbooks against the faults that they are for: the branch names the culprit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.fleet.test_runbook import worked
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

DEADLINE_S = 240.0
LEAVE = ("--answer", "choice=leave")
"""Look, and leave all as it is: the fault's own end is the test fleet's."""


@dataclass(frozen=True)
class Trouble:
    """A fault of a host, the runbook for it with what is answered, and what it has to say."""

    host: str
    fault: str
    book: str
    words: tuple[str, ...]
    says: tuple[str, ...]


TROUBLES = (
    Trouble("db1", "cpu", "high-load", LEAVE, (" uses ", "% of a core")),
    Trouble("suse1", "disk-full", "disk-full", ("mount=/",), ("/ is ", " % full", "folder is /")),
    Trouble("rpm1", "small-mount", "disk-full", ("mount=/mnt/small",), ("/mnt/small is ",)),
    Trouble("arch1", "inodes", "inodes-full", ("mount=/mnt/spool",), ("files in /mnt/spool",)),
    Trouble("web1", "io", "iowait", LEAVE, (" moves ", " kB/s")),
    Trouble("db1", "logins-failed", "login-flood", (), (" failed ", "in the last hour")),
    Trouble("suse1", "log-storm", "log-storm", LEAVE, (" wrote ", " lines in ten minutes")),
    Trouble("arch1", "memory", "memory-low", LEAVE, (" is shared memory",)),
    Trouble("web1", "oom", "oom", LEAVE, (" was killed: ",)),
    Trouble("rc1", "zombies", "zombies", LEAVE, ("are children of ",)),
    Trouble("web1", "dpkg-lock", "package-database", (), (" holds it: ",)),
)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: f"{one.book}-{one.fault}")
async def test_the_branch_that_is_taken_names_the_culprit(
    trouble: Trouble, testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    until = monotonic() + DEADLINE_S
    with testbed.with_fault(trouble.host, trouble.fault):
        while True:
            _, found, err = await worked(
                hosts_yaml, tmp_path, *trouble.words, "--batch", on=(trouble.book, trouble.host)
            )
            said = " · ".join(one["said"] for one in found["steps"] if one["said"])
            if all(words in said for words in trouble.says):
                return
            assert monotonic() < until, f"{said or found} {err}"
