"""Which hosts somebody looks at closely now, or has to: of them is asked what is on demand."""

from __future__ import annotations

from collections.abc import Callable


class Wanted:
    """Wishes that end by themselves: whoever still wants a host says so again in time.

    `clock` gives seconds, `wake` is called with the name of a host that was not wanted before.
    """

    def __init__(self, clock: Callable[[], float], wake: Callable[[str], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._until: dict[str, float] = {}

    def want(self, name: str, for_s: float) -> None:
        """Want a host for so many seconds from now on, or for longer if it was."""
        fresh = not self.is_wanted(name)
        self._until[name] = max(self._until.get(name, 0.0), self._clock() + for_s)
        if fresh:
            self._wake(name)

    def is_wanted(self, name: str) -> bool:
        """Whether anybody wants it still."""
        return self._until.get(name, 0.0) > self._clock()

    def forget(self, name: str) -> None:
        """A host that is not polled any more is not wanted."""
        self._until.pop(name, None)
