"""The list of faults says of each either what is seen or why nothing is."""

from __future__ import annotations

import re

import pytest

from opsdash.core.health import Health
from tests.fleet.fault_list import Fault, load_faults, waves


@pytest.mark.parametrize("fault", load_faults(), ids=lambda fault: fault.name)
def test_a_fault_is_seen_in_words_or_the_reason_is_given(fault: Fault) -> None:
    assert bool(fault.unseen) != bool(fault.why)
    assert bool(fault.why) == bool(fault.healths)
    assert Health.OK not in fault.healths
    assert fault.host
    re.compile(fault.why)


def test_no_host_has_two_faults_at_a_time_and_none_is_left_out() -> None:
    groups = waves(load_faults())
    for group in groups:
        assert len({fault.host for fault in group}) == len(group)
    assert sorted(fault.name for group in groups for fault in group) == sorted(
        fault.name for fault in load_faults()
    )
