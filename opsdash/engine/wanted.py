"""What somebody looks at closely now, or has to: of which hosts what is on demand is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Wanted:
    """Wishes that end by themselves: whoever still wants something says so again in time.

    `clock` gives seconds, `wake` is called with the name of a host of which something is wanted
    that was not before.
    """

    def __init__(self, clock: Callable[[], float], wake: Callable[[str], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._until: dict[str, dict[str, float]] = {}

    def want(self, host: str, collectors: Iterable[str], for_s: float) -> None:
        """Want what these collectors know of a host for so many seconds from now on, or for longer
        if it was.
        """
        until, now, fresh = self._until.setdefault(host, {}), self._clock(), False
        for name in collectors:
            known = until.get(name, 0.0)
            fresh = fresh or known <= now
            until[name] = max(known, now + for_s)
        if fresh:
            self._wake(host)

    def is_wanted(self, host: str, collector: str) -> bool:
        """Whether anybody wants it still."""
        return self._until.get(host, {}).get(collector, 0.0) > self._clock()

    def forget(self, host: str) -> None:
        """Of a host that is not polled any more nothing is wanted."""
        self._until.pop(host, None)
