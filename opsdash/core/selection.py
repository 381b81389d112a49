"""SELECT: which hosts a command means.

``web* db1 tag:prod !db3``: names and globs are OR-ed, predicates AND-ed, ``!`` excludes. A bare
word is a glob over host names, never free text. ``all`` says all; nothing says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from opsdash.core.errors import SelectionError
from opsdash.core.host import Host
from opsdash.core.predicates import HostTest, StateTest, host_test, state_test
from opsdash.core.snapshot import HostState

_NAME = re.compile(r"(?!!)[\w.*?\[\]!:@-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Selection:
    """A SELECT, understood. `needs_state` says whether names and tags alone can't decide it."""

    text: str
    globs: tuple[str, ...]
    excluded: tuple[str, ...]
    host_tests: tuple[HostTest, ...]
    state_tests: tuple[StateTest, ...]

    @property
    def needs_state(self) -> bool:
        """Whether hosts must be asked before the selection is known."""
        return bool(self.state_tests)

    def names(self, host: Host) -> bool:
        """Whether name, tags and groups of this host fit."""
        if any(fnmatchcase(host.name, glob) for glob in self.excluded):
            return False
        if self.globs and not any(fnmatchcase(host.name, glob) for glob in self.globs):
            return False
        return all(test(host) for test in self.host_tests)

    def matches(self, state: HostState, now: float) -> bool:
        """Whether the host fits in full, its state included."""
        return self.names(state.host) and all(test(state, now) for test in self.state_tests)


def select_hosts(selection: Selection, hosts: Mapping[str, Host]) -> dict[str, Host]:
    """The hosts that a selection names, before any is asked; an empty answer is an error.

    So is a name that no host has, an excluded one too: it may be the misspelt one to be spared.
    """
    for glob in (*selection.globs, *selection.excluded):
        if not any(fnmatchcase(name, glob) for name in hosts):
            near = get_close_matches(glob, list(hosts), n=1)
            also = f": did you mean {near[0]}?" if near else ""
            raise SelectionError(f"no host is called {glob!r}{also}")
    chosen = {name: host for name, host in hosts.items() if selection.names(host)}
    if not chosen:
        raise SelectionError(f"no host fits {selection.text!r}")
    return chosen


def parse_selection(words: Iterable[str]) -> Selection:
    """Understand a SELECT; SelectionError says which word is wrong and what it could have been."""
    words = [part for word in words for part in word.split()]
    if not words:
        raise SelectionError("nothing is selected: name hosts, or say all")
    globs: list[str] = []
    excluded: list[str] = []
    host_tests: list[HostTest] = []
    state_tests: list[StateTest] = []
    everything = False
    for word in words:
        if word == "all":
            everything = True
        elif word.startswith("!"):
            _exclude(word[1:], excluded, host_tests, state_tests)
        elif (of_host := host_test(word)) is not None:
            host_tests.append(of_host)
        elif (of_state := state_test(word)) is not None:
            state_tests.append(of_state)
        else:
            globs.append(_glob(word))
    return Selection(
        " ".join(words),
        () if everything else tuple(globs),
        tuple(excluded),
        tuple(host_tests),
        tuple(state_tests),
    )


def _exclude(
    word: str,
    excluded: list[str],
    host_tests: list[HostTest],
    state_tests: list[StateTest],
) -> None:
    if (of_host := host_test(word)) is not None:
        host_tests.append(lambda host, test=of_host: not test(host))  # type: ignore[misc]
    elif (of_state := state_test(word)) is not None:
        state_tests.append(lambda state, now, test=of_state: not test(state, now))  # type: ignore[misc]
    elif word == "all":
        raise SelectionError("'!all' leaves no host")
    else:
        excluded.append(_glob(word))


def _glob(word: str) -> str:
    if not word or not _NAME.fullmatch(word):
        raise SelectionError(f"{word!r} is neither a host name, a glob nor a predicate")
    return word
