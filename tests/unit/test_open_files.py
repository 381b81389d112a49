"""The limit of open files is raised as far as it may, and checked against the fleet's size."""

from __future__ import annotations

import resource

import pytest

from opsdash.transport import open_files


class Limits:
    """The limits of a process that is not this one."""

    def __init__(self, soft: int, hard: int) -> None:
        self.now = (soft, hard)

    def get(self, which: int) -> tuple[int, int]:
        assert which == resource.RLIMIT_NOFILE
        return self.now

    def set(self, which: int, wanted: tuple[int, int]) -> None:
        assert which == resource.RLIMIT_NOFILE
        if self.now[1] != resource.RLIM_INFINITY and wanted[0] > self.now[1]:
            raise ValueError("not allowed to raise maximum limit")
        self.now = wanted


@pytest.mark.parametrize(
    ("soft", "hard", "hosts", "soft_after", "lacking"),
    [
        (1024, 4096, 200, 1024, False),
        (1024, 4096, 1000, 2256, False),
        (1024, 1_048_576, 2000, 4256, False),
        (1024, 1500, 1000, 1500, False),
        (256, 1024, 1000, 1024, True),
        (1024, resource.RLIM_INFINITY, 3000, 6256, False),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 9000, resource.RLIM_INFINITY, False),
    ],
)
def test_the_limit_is_raised_and_what_is_lacking_is_said(
    monkeypatch: pytest.MonkeyPatch,
    soft: int,
    hard: int,
    hosts: int,
    soft_after: int,
    lacking: bool,
) -> None:
    limits = Limits(soft, hard)
    monkeypatch.setattr(resource, "getrlimit", limits.get)
    monkeypatch.setattr(resource, "setrlimit", limits.set)
    said = open_files.make_room_for(hosts)
    assert limits.now == (soft_after, hard)
    assert bool(said) is lacking
    if lacking:
        assert said.startswith("this process may open 1024 files, 1000 hosts need about 1256")
