"""Whatever is typed as a SELECT is understood or is a SelectionError, and excludes always win."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from opsdash.core.errors import SelectionError
from opsdash.core.host import Host
from opsdash.core.selection import parse_selection, select_hosts
from opsdash.core.snapshot import HostState

PIECES = (
    *("web1", "db*", "all", "!", "tag:", "os:", "state:", "group:", "cpu", ">", "<", "=", "80"),
    *("%", "h", "[", "]", "[!", "-", "--", "?", ":", "@", " ", "\n", "٣", "é", "$(id)", ";"),
)
word = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
HOSTS = {name: Host(name) for name in ("web1", "web2", "db1", "all")}


@given(words=st.lists(word, max_size=4))
@example(words=["[[a]"])
@example(words=["cpu>" + "9" * 400])
def test_only_a_selection_error_is_raised(words: list[str]) -> None:
    try:
        selection = parse_selection(words)
        chosen = select_hosts(selection, HOSTS)
    except SelectionError:
        return
    assert chosen
    for host in chosen.values():
        selection.matches(HostState(host), 1.0)


@given(
    wanted=st.lists(st.sampled_from(["web1", "web*", "db1", "all"]), min_size=1),
    spared=st.sampled_from(["web1", "web*", "db?", "*"]),
    place=st.integers(0, 5),
)
def test_an_excluded_host_is_never_chosen(wanted: list[str], spared: str, place: int) -> None:
    words = [*wanted[:place], f"!{spared}", *wanted[place:]]
    excluded = select_hosts(parse_selection([spared]), HOSTS)
    try:
        chosen = select_hosts(parse_selection(words), HOSTS)
    except SelectionError:
        return
    assert not set(chosen) & set(excluded)
