"""What happened since a moment, by the palette."""

from __future__ import annotations

from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from tests.fleet_states import NOW, up
from tests.pilot.test_acting import typed
from tests.screens import assert_snapshot, on_stage

FULL = Finding("disk-full", "db3", Health.CRIT, "/var 97% full", subject="/var", since=NOW - 600)


async def test_all_that_happened_since_a_moment_is_one_page() -> None:
    async with on_stage([up("web1"), up("db3", FULL)]) as stage:
        stage.source.happened = [
            Event(NOW - 7200, EventKind.ACTED, "db3", "tom: journal.vacuum, ok", number=1),
            Event(NOW - 3600, EventKind.OVER, "web1", "nginx.service failed", number=2),
        ]
        await typed(stage, "since -3h")
        assert_snapshot("since-80x24", stage.text)
        await stage.press("q")
        await typed(stage, "since tomorrow")
        assert "tomorrow is no moment" in stage.text
