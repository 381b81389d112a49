"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# a machine that is busy with other things is slow, and no test fails by the clock
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
