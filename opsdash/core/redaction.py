"""What must not leave the house, taken out of text: secrets, and if wanted addresses and names.

The same address, or name, becomes the same word everywhere, so that the text can still be followed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address

from opsdash.core.masking import HIDDEN, mask
from opsdash.core.text import count

_ADDRESS = re.compile(
    r"(?<![\w.:-])(?:"
    r"\d{1,3}(?:\.\d{1,3}){3}(?!\w)(?!\.\d)"
    r"|(?:[0-9a-fA-F]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4})(?![\w:])"
    r")"
)
_MAC = re.compile(r"(?<![\w:-])[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}(?![\w:-])")
_WORD = re.compile(r"(?<![\w-])[A-Za-z0-9](?:[\w.-]*\w)?(?![\w-])")
_TOLD = 12


class Redaction:
    """Takes out secrets always, addresses if wanted, and these names (of hosts: short ones, and
    with their domain). told() says what became of what.
    """

    def __init__(self, names: Iterable[str] = (), *, addresses: bool = False) -> None:
        self._addresses = addresses
        self._names = {name.lower() for name in names if len(name) > 1}
        self._tokens: dict[tuple[str, str], str] = {}
        self._times: Counter[str] = Counter()
        self._shown: dict[str, str] = {}
        self._secrets = 0

    def text(self, text: str) -> str:
        """The text without them."""
        masked = mask(text)
        self._secrets += max(0, masked.count(HIDDEN) - text.count(HIDDEN))
        if self._addresses:
            masked = _MAC.sub(lambda found: self._token("address", found.group()), masked)
            masked = _ADDRESS.sub(self._address, masked)
        if self._names:
            masked = _WORD.sub(self._named, masked)
        return masked

    def value(self, value: object) -> object:
        """The same of all texts in lists and mappings, of which the keys are ours."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.value(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def told(self) -> list[str]:
        """What was taken out, a line each, the most frequent first."""
        lines = []
        if self._secrets:
            secrets = count(self._secrets, "secret")
            lines.append(f"{secrets}: passwords, tokens, keys became {HIDDEN}")
        most = self._times.most_common()
        lines += [
            f"{self._shown[token]} became {token}, {count(times, 'time')}"
            for token, times in most[:_TOLD]
        ]
        if len(most) > _TOLD:
            lines.append(f"and {len(most) - _TOLD} more addresses and names")
        return lines

    def _address(self, found: re.Match[str]) -> str:
        try:
            address = ip_address(found.group())
        except ValueError:
            return found.group()  # a time of day, a version
        if address.is_loopback or address.is_unspecified:
            return found.group()
        return self._token("address", found.group())

    def _named(self, found: re.Match[str]) -> str:
        word = found.group()
        if word.lower() in self._names:
            return self._token("host", word)
        short, dot, domain = word.partition(".")
        if dot and short.lower() in self._names:
            return f"{self._token('host', short)}.{domain}"
        return word

    def _token(self, kind: str, text: str) -> str:
        key = (kind, text.lower())
        token = self._tokens.get(key)
        if token is None:
            number = sum(one == kind for one, _ in self._tokens) + 1
            token = self._tokens[key] = f"{kind}-{number}"
            self._shown[token] = text
        self._times[token] += 1
        return token
