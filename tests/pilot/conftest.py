"""Screens are tested in one time zone and with one registry of collectors."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from opsdash.core import discover
from opsdash.widgets.key_hints import KeyHints
from tests.fleet_states import COLLECTORS


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks on screens show UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def made_collectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is machine-wide and how often things are due does not follow the real collectors."""
    discover.checks()  # a check that is loaded while this holds would keep it for good
    monkeypatch.setattr(discover, "collectors", lambda: COLLECTORS)


@pytest.fixture
def words_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said in the last line stands until another key is pressed, however slow all is."""
    say = KeyHints.say
    monkeypatch.setattr(KeyHints, "say", lambda self, text, for_s=2.0: say(self, text, 600.0))
