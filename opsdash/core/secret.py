"""A secret in memory: it shows in no text, no pickle and no comparison, and can be wiped."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A password, passphrase or one-time code. Only `reveal()` gives it out, as bytes.

    It is kept in a buffer of its own, so that `wipe()` leaves no copy here; what was revealed is
    the receiver's to drop. An empty secret is false.
    """

    __slots__ = ("_kept",)

    def __init__(self, text: str | bytes) -> None:
        self._kept = bytearray(text.encode() if isinstance(text, str) else text)

    def reveal(self) -> bytes:
        """The secret itself: for the one who passes it on, at the last moment."""
        return bytes(self._kept)

    def wipe(self) -> None:
        """Overwrite it; it is empty from now on."""
        for index in range(len(self._kept)):
            self._kept[index] = 0
        self._kept.clear()

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self._kept)

    def __repr__(self) -> str:
        """Never the secret: tracebacks and logs print this."""
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Never the secret."""
        return "***"

    def __reduce__(self) -> NoReturn:
        """A secret is not written anywhere."""
        raise TypeError("a secret can't be pickled or copied")
