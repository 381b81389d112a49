"""Whom ssh is told to reach: ``user@address:port`` taken apart, and what may stand in it.

Names, addresses and users end up in arguments of ssh, in known_hosts files and on screens: what
could mean something there (a leading dash, white space, shell characters) is refused here.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

LONGEST = 253
"""Characters of a name or address: what the DNS allows."""

_WORD = frozenset(string.ascii_letters + string.digits)
_NAME = _WORD | frozenset("._-")
_ADDRESS = _NAME | frozenset(":%")
_USER = _NAME | frozenset("@+")
_TAG = _NAME | frozenset(":")


@dataclass(frozen=True, slots=True)
class Target:
    """An address with the user and port that go with it; None: as ssh itself would."""

    address: str
    user: str | None = None
    port: int | None = None


def parse_target(text: str) -> Target:
    """``[ssh://][user@]address[:port]``; an IPv6 address with a port stands in brackets.

    ValueError says what is wrong, without the text itself: it might hold a password.
    """
    scheme, slashes, rest = text.rpartition("://")
    if slashes and scheme.lower() != "ssh":
        raise ValueError("of the URLs, only ssh://user@address:port is known")
    user, at, rest = (rest.rstrip("/") if slashes else text).rpartition("@")
    if ":" in user:
        raise ValueError(
            "has the form user:password@: opsdash keeps no passwords; write user@address:port"
        )
    address, port = _address_and_port(rest)
    return Target(checked_address(address), checked_user(user) if at else None, port)


def _address_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("an IPv6 address with a port is written [2001:db8::1]:22")
        return address, _port(port[1:]) if port else None
    if text.count(":") == 1:
        address, _, port = text.partition(":")
        return address, _port(port)
    return text, None


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise ValueError("the port behind the colon should be a number from 1 to 65535")


def checked_name(text: str) -> str:
    """A host's name, fit to be an identity; ValueError says what is wrong with it."""
    return _checked(text, _NAME, "a name")


def checked_address(text: str) -> str:
    """A DNS name, ssh alias, IPv4 or IPv6 address (with zone); ValueError says what is wrong."""
    return _checked(text, _ADDRESS, "an address")


def checked_user(text: str) -> str:
    """A user to log in as; ValueError says what is wrong with it."""
    return _checked(text, _USER, "a user")


def checked_tag(text: str) -> str:
    """A tag; ValueError says what is wrong with it."""
    return _checked(text, _TAG, "a tag")


def _checked(text: str, allowed: frozenset[str], what: str) -> str:
    if not text:
        raise ValueError(f"{what} must not be empty")
    if len(text) > LONGEST:
        raise ValueError(f"{what} has at most {LONGEST} characters, not {len(text)}")
    if not allowed.issuperset(text):
        raise ValueError(_reason(next(char for char in text if char not in allowed), what))
    if text[0] == "-":
        raise ValueError(f"{what} must not begin with '-': it would be taken for an option")
    if text[0] in ".%+@":
        raise ValueError(f"{what} must not begin with {text[0]!r}")
    return text


def _reason(char: str, what: str) -> str:
    if not char.isascii():
        shown = repr(char) if char.isprintable() else f"U+{ord(char):04X}"
        return f"{what} is ASCII: {shown} could look like another letter (a DNS name: xn--...)"
    if char.isspace():
        return f"{what} must not hold white space"
    if not char.isprintable():
        return f"{what} must not hold control characters"
    return f"{what} must not hold {char!r}"
