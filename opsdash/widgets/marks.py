"""Rows that are marked: one by one, a range, all."""

from __future__ import annotations

from collections.abc import Sequence


class Marks:
    """A set of keys, and a range that is being drawn from an anchor to the cursor."""

    def __init__(self) -> None:
        self._kept: dict[str, None] = {}
        self._range: tuple[str, ...] = ()
        self.anchor: str | None = None

    def __contains__(self, key: str) -> bool:
        return key in self._kept or key in self._range

    def __len__(self) -> int:
        return len({**self._kept, **dict.fromkeys(self._range)})

    @property
    def keys(self) -> tuple[str, ...]:
        """The marked keys, in the order in which they were marked."""
        return tuple(dict.fromkeys((*self._kept, *self._range)))

    def toggle(self, keys: Sequence[str]) -> None:
        """Mark these, or unmark them if all of them are marked."""
        if all(key in self for key in keys):
            for key in keys:
                self._kept.pop(key, None)
        else:
            self.add(keys)

    def add(self, keys: Sequence[str]) -> None:
        """Mark these too."""
        self._kept |= dict.fromkeys(keys)

    def clear(self) -> None:
        """Nothing is marked any more."""
        self._kept.clear()
        self.drop_range()

    def begin_range(self, key: str) -> None:
        """From this row on whatever the cursor passes is marked."""
        self.anchor = key
        self._range = ()

    def stretch(self, keys: Sequence[str]) -> None:
        """The range covers these now."""
        self._range = tuple(keys)

    def keep_range(self) -> None:
        """The range is done: what it covers stays marked."""
        self.add(self._range)
        self.drop_range()

    def drop_range(self) -> None:
        """The range was not meant."""
        self.anchor = None
        self._range = ()

    def forget_all_but(self, keys: Sequence[str]) -> None:
        """What is gone from the fleet is not marked either."""
        there = set(keys)
        self._kept = {key: None for key in self._kept if key in there}
        self._range = tuple(key for key in self._range if key in there)
