"""The list of processes: what a filter lets through, and the tree, whatever a host says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.activities.monitor.process_list import Process, arranged, processes
from opsdash.core.blame import Resource

ONE = Process(
    pid=1,
    start=5,
    parent=0,
    user="root",
    name="systemd",
    args="/sbin/init splash",
    state="S",
    unit="init.scope",
    cores=0.0,
    memory_bytes=1e6,
    io_bytes_s=None,
    cpu_s=1.0,
    age_s=9.0,
    threads=1,
    nice=0,
)
MANY = [
    ONE,
    replace(ONE, pid=20, parent=1, user="Ops", name="bash", args="-bash", unit="session-1.scope"),
    replace(ONE, pid=21, parent=20, user="ops", name="vim", args="vim A.txt", state="T", cores=0.5),
    replace(ONE, pid=30, parent=1, name="kworker", args="", unit="", state="D"),
]
made = st.builds(
    lambda pid, parent, cores: replace(ONE, pid=pid, parent=parent, cores=cores),
    st.integers(0, 12),
    st.integers(0, 12),
    st.floats(0, 9),
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", [21, 1, 20, 30]),
        ("user:ops", [21, 20]),
        ("user:op", []),
        ("user:", [21, 1, 20, 30]),
        ("!user:ops", [1, 30]),
        ("VIM", [21]),
        ("a.txt vim", [21]),
        ("a.txt bash", []),
        ("state:d", [30]),
        ("unit:session", [20]),
        ("[kworker]", [30]),
        ("30", [30]),
        ("! bash", [20]),
        ("!", [21, 1, 20, 30]),
        ("nginx:", []),
    ],
)
def test_every_word_of_a_filter_must_hold(typed: str, found: list[int]) -> None:
    assert [one.pid for one in arranged(MANY, Resource.CPU, filter_text=typed)] == found


def test_the_tree_keeps_those_above_whoever_fits() -> None:
    shown = arranged(MANY, Resource.CPU, tree=True, filter_text="vim")
    assert [(one.pid, one.depth) for one in shown] == [(1, 0), (20, 1), (21, 2)]


def test_a_very_deep_tree_is_still_a_list() -> None:
    deep = [replace(ONE, pid=pid, parent=pid - 1) for pid in range(1, 3001)]
    assert len(arranged(deep, Resource.MEMORY, tree=True, filter_text=str(3000))) == 3000


@given(st.lists(made, unique_by=lambda one: one.pid))
def test_whatever_parents_are_said_to_be_each_is_shown_once(found: list[Process]) -> None:
    shown = arranged(found, Resource.CPU, tree=True)
    assert sorted(one.pid for one in shown) == sorted(one.pid for one in found)


def test_what_root_saw_counts_for_the_same_process_only() -> None:
    row = {
        **{name: getattr(ONE, name) for name in ("pid", "start", "parent", "user", "name")},
        **{name: getattr(ONE, name) for name in ("args", "state", "unit", "cores", "cpu_s")},
        **{name: getattr(ONE, name) for name in ("memory_bytes", "age_s", "threads", "nice")},
        "io_bytes_s": None,
    }
    assert processes([row])[0].io_bytes_s is None
    assert processes([row], [])[0].io_bytes_s == 0.0
    assert processes([row], [{"pid": 1, "start": 5, "io_bytes_s": 7.0}])[0].io_bytes_s == 7.0
    assert processes([row], [{"pid": 1, "start": 6, "io_bytes_s": 7.0}])[0].io_bytes_s == 0.0
    others = [{"pid": pid, "start": 6, "io_bytes_s": 7.0} for pid in range(2, 62)]
    assert processes([row], others)[0].io_bytes_s is None
