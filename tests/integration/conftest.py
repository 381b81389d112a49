"""What tests of whole programs have in common."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that nobody needs."""
    child = subprocess.Popen(["sleep", "100"])
    yield child
    child.kill()
    child.wait()
