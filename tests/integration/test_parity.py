"""psutil and the collectors' own parsers agree about this machine."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest

from opsdash.core.discover import collectors
from opsdash.core.plugin import understand
from opsdash.core.reading import Output
from opsdash.transport.local import READERS

LIVE = {"cpu.total_s", "cpu.idle_s", "cpu.user_s", "cpu.system_s", "cpu.iowait_s"}


@pytest.mark.parametrize("name", sorted(READERS))
def test_psutil_says_what_proc_says(name: str) -> None:
    collector = collectors()[name]
    files = {wanted.path: Path(wanted.path).read_bytes() for wanted in collector.reads}
    parsed = understand(collector, Output(files=files), "here", time())
    assert parsed.problem is None
    local = READERS[name]()
    shared = set(local) & set(parsed.samples)
    assert {key for key in local if key not in parsed.samples} == set()
    assert shared
    for key in shared:
        assert local[key] == pytest.approx(parsed.samples[key], rel=0.02, abs=2.0), key


def test_both_measure_the_same_kinds_of_things() -> None:
    names = {metric for reader in READERS.values() for metric, _ in reader()}
    declared = {m.name for c in collectors().values() for m in c.metrics}
    assert names <= declared
    assert names >= LIVE
