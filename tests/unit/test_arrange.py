"""Rows of a list: filtered, sorted, grouped, folded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.activities.monitor.fleet_filter import understand_filter
from opsdash.core.arrange import FOLD, HEADING, SORTS, Arrangement, Wish, arrange
from opsdash.core.families import families
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.snapshot import HostState
from opsdash.core.view import Grouping, View
from tests.fleet_states import ACK, NOW, Figures, disk_full, down, up, wrong

FLEET = [
    up("web1", figures=Figures(cpu=0.2)),
    up("web2", figures=Figures(cpu=0.9)),
    up("web3", wrong("web3", Health.WARN, "load 9 on 2 cores", 60)),
    up("db1", disk_full("db1")),
    up("db2", figures=Figures(cpu=0.5)),
    up("db3"),
    down("nas1"),
]


PLAIN = View()


def rows(
    view: View = PLAIN, room: int = 0, states: list[HostState] = FLEET, *opened: str
) -> Arrangement:
    """The rows of a fleet under a view."""
    kinds = families(state.host for state in states)
    wish = Wish(view, understand_filter(view.filter), room, kinds, frozenset(opened))
    return arrange(states, wish, NOW)


def test_the_worst_come_first() -> None:
    assert rows().keys == ("nas1", "db1", "web3", "db2", "db3", "web1", "web2")


def test_inverted_the_best_come_first() -> None:
    assert rows(View(inverted=True)).keys[-3:] == ("web3", "db1", "nas1")


def test_problems_only() -> None:
    assert rows(View(problems=True)).keys == ("nas1", "db1", "web3")


def test_filtered() -> None:
    assert rows(View(filter="web")).keys == ("web3", "web1", "web2")


def test_figures_begin_with_the_largest_and_the_unknown_comes_last_either_way() -> None:
    assert rows(View(sort="cpu")).keys[:2] == ("web2", "db2")
    assert rows(View(sort="cpu")).keys[-1] == "nas1"
    assert rows(View(sort="cpu", inverted=True)).keys[-1] == "nas1"


def test_names_begin_with_a() -> None:
    assert rows(View(sort="host")).keys == tuple(sorted(state.name for state in FLEET))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("group", list(Grouping))
def test_every_order_and_group_shows_every_host_once(sort: str, group: Grouping) -> None:
    found = rows(View(sort=sort, group=group))
    hosts = [key for key in found.keys if key not in found.bundles]
    assert sorted(hosts) == sorted(state.name for state in FLEET)


def test_groups_have_a_heading_and_the_worst_group_is_first() -> None:
    found = rows(View(group=Grouping.KIND))
    headings = [key for key in found.keys if key.startswith(HEADING)]
    assert headings == [HEADING + kind for kind in ("others", "db", "web")]
    assert [state.name for state in found.bundles[HEADING + "db"].hosts] == ["db1", "db2", "db3"]


def test_hosts_that_are_well_fold_by_kind_when_rows_run_out() -> None:
    found = rows(room=5)
    assert found.keys == ("nas1", "db1", "web3", FOLD + "db", FOLD + "web")
    assert found.bundles[FOLD + "web"].folded
    assert found.folded == 4


def test_what_is_acknowledged_stands_below_what_is_open_and_never_folds() -> None:
    held = replace(wrong("web1", Health.CRIT, "/var 97% full"), silence=ACK)
    fleet = [replace(FLEET[0], findings=(held,)), *FLEET[1:]]
    found = rows(room=5, states=fleet)
    assert found.keys[:4] == ("nas1", "db1", "web3", "web1")
    assert "web1" not in {state.name for one in found.bundles.values() for state in one.hosts}


def test_with_room_for_all_nothing_folds() -> None:
    assert rows(room=7).folded == 0


def test_an_opened_fold_shows_its_hosts_below_it() -> None:
    found = rows(View(), 5, FLEET, "db")
    assert found.keys[3:] == (FOLD + "db", "db2", "db3", FOLD + "web")
    assert not found.bundles[FOLD + "db"].folded


def test_a_kind_of_which_one_host_is_well_does_not_fold() -> None:
    assert "db2" in rows(room=3, states=FLEET[:5]).keys


@pytest.mark.parametrize("view", [View(filter="w|d"), View(sort="cpu")])
def test_what_was_asked_for_is_not_folded(view: View) -> None:
    assert rows(view, room=3).folded == 0


def test_groups_fold_within_themselves() -> None:
    found = rows(View(group=Grouping.KIND), room=6)
    assert found.keys == (
        HEADING + "others", "nas1", HEADING + "db", "db1", FOLD + "db",
        HEADING + "web", "web3", FOLD + "web",
    )  # fmt: skip


def test_the_kind_of_a_host_is_its_group_then_its_telling_tag_then_its_stem() -> None:
    hosts = [
        Host("a1", groups=("edge",)),
        Host("web1", tags=frozenset({"prod", "web"})),
        Host("x1", tags=frozenset({"prod", "eu"})),
        Host("y1", tags=frozenset({"prod", "eu"})),
        Host("mail1"),
        Host("mail2"),
        Host("lonely"),
    ]
    assert families(hosts) == {
        "a1": "edge", "web1": "web", "x1": "eu", "y1": "eu",
        "mail1": "mail", "mail2": "mail", "lonely": "others",
    }  # fmt: skip


def test_a_view_from_a_file_keeps_only_what_makes_sense() -> None:
    view = View("cpu>80", problems=True, group=Grouping.OS, sort="cpu", inverted=True)
    assert View.from_data(view.as_data()) == view
    nonsense = {"filter": 7, "problems": "yes", "group": "moon", "sort": None, "evil": 1}
    assert View.from_data(nonsense) == View()
    assert View.from_data([1]) == View()
    assert View.from_data({**view.as_data(), "group": ["os"]}) == replace(view, group=Grouping.NONE)


def test_an_order_that_this_version_does_not_know_is_severity() -> None:
    assert rows(View(sort="moon")).keys == rows().keys


@pytest.mark.parametrize("inverted", [False, True])
def test_a_host_without_the_words_comes_last_either_way(inverted: bool) -> None:
    found = rows(View(sort="os", inverted=inverted), states=[down("x"), up("a"), up("b")])
    assert found.keys[-1] == "x"
