"""What may stand in a field of a probe: each function returns it or says what is wrong."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from opsdash.config.field_values import span_s, whole_seconds
from opsdash.core.masking import mask
from opsdash.core.target import checked_address, parse_target

LONGEST_TEXT = 1_000
NO_PASSWORD = "seems to hold a password or token: hosts.yaml is no place for secrets"  # noqa: S105
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([KMGT])")
_POWERS = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SHORT = re.compile(r"(https?|tcp|tls|dns)://(.*)", re.DOTALL)


def entry(value: Any) -> Any:
    """A URL, a mapping, or ``none``, which undoes a probe of a group: as a mapping."""
    if value == "none":
        return {}
    if isinstance(value, str) and (found := _SHORT.fullmatch(value)):
        kind, rest = found.groups()
        return {"http": value} if kind.startswith("http") else {kind: rest}
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - pydantic tells a ValueError with its place
            "should be a URL (http://..., https://..., tcp://address:port, tls://address:port, "
            "dns://name), a mapping, or none"
        )
    return value


def _filled(text: str) -> str:
    """The text as it is on some host: ``{name}`` and ``{address}`` stand for the host's own."""
    return text.replace("{name}", "name").replace("{address}", "name")


def address(text: str) -> str:
    """A DNS name or an IP address; ``{name}`` in it and ``{address}`` stand for the host's own."""
    if "{address}" in text and text != "{address}":
        raise ValueError("{address} stands alone: it may be an IP address")
    checked_address(_filled(text))
    return text


def endpoint(value: Any) -> str:
    """``address:port``, or a port alone, as ``:port``."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return f":{value}"
    if not isinstance(value, str):
        raise ValueError("should be address:port, or a port alone")  # noqa: TRY004
    target = parse_target(_filled(value))
    if target.user is not None or target.port is None:
        raise ValueError("should be address:port, or a port alone")
    address(split_endpoint(value)[0])
    return value


def split_endpoint(text: str) -> tuple[str, int]:
    """The address (empty: none was given) and port of an endpoint."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def url(text: str) -> str:
    """A URL of HTTP or HTTPS, without any secret."""
    filled = _filled(text)
    if not filled.isascii() or not filled.isprintable() or set(filled) & set(' "<>\\^`{|}'):
        raise ValueError("should be a URL: what is not ASCII, and blanks, are written %20")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"should have at most {LONGEST_TEXT} characters")
    try:
        parts, host = urlsplit(filled), urlsplit(text).netloc
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # its words repeat the value
        parts, host, known = urlsplit(""), "", None
    if not known:
        raise ValueError("should be a URL: http://address:port/path or https://...")
    if "@" in parts.netloc:
        raise ValueError("names a user: hosts.yaml is no place for secrets")
    if mask(filled) != filled:
        raise ValueError(NO_PASSWORD)
    if "{address}" in text.replace(host, "", 1):
        raise ValueError("{address} stands for the address in front of the path, nowhere else")
    address(re.sub(r":[0-9]*$", "", host).strip("[]"))
    return text


def statuses(value: Any) -> tuple[int, ...]:
    """An HTTP status, or a list of those that are fine."""
    given = value if isinstance(value, list) else [value]
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in given)
    if not given or not whole or not all(100 <= one <= 599 for one in given):
        raise ValueError("should be an HTTP status (200), or a list of them ([200, 401])")
    return tuple(given)


def addresses(value: Any) -> tuple[str, ...]:
    """An IP address, or a list of them."""
    given = value if isinstance(value, list) else [value]
    try:  # a number would be read as an address, too
        found = tuple(str(ip_address(one)) for one in given if isinstance(one, str))
    except ValueError:
        found = ()
    if not found or len(found) < len(given):
        raise ValueError("should be an IP address, or a list of them")
    return found


def pattern(text: str) -> str:
    """A regular expression as RE2 knows it; it takes no longer than the text is long."""
    import re2  # not before a probe has one

    if not text or len(text) > LONGEST_TEXT:
        raise ValueError(f"should be a pattern of 1 to {LONGEST_TEXT} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except (re2.error, UnicodeError):
        raise ValueError("is no regular expression (RE2): . [ ( * + ? need a \\ before") from None
    return text


def words(text: str) -> str:
    """Text of one line."""
    if not text or not text.isprintable() or len(text) > LONGEST_TEXT:
        raise ValueError(f"should be text of 1 to {LONGEST_TEXT} characters in one line")
    return text


def file_path(text: str) -> str:
    """The path of a file on a host; ``*`` and ``?`` may stand in its last part."""
    words(text)
    folder, slash, name = text.rpartition("/")
    if not text.startswith("/") or not name:
        raise ValueError("should be the whole path of a file: /var/backups/db.dump")
    if set(folder + slash) & set("*?"):
        raise ValueError("* and ? may stand behind the last / only")
    return text


def arguments(value: list[str]) -> list[str]:
    """A program and its arguments, without any secret."""
    if not all(value[:1]) or value[0].startswith("-"):
        raise ValueError("should begin with a program: [/usr/lib/nagios/plugins/check_x, -w, '5']")
    text = " ".join(value)
    if mask(text) != text:
        raise ValueError(f"{NO_PASSWORD}; let the program read it from a file there")
    return value


def size_bytes(value: Any) -> int:
    """Bytes: a whole number, or ``500K``, ``1M``, ``2.5G`` in powers of 1024."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and (found := _SIZE.fullmatch(value)):
        return round(float(found[1]) * _POWERS[found[2]])
    raise ValueError("should be a size: 500K, 1M, 2G, or bytes")


def age_s(value: Any) -> float:
    """A time span."""
    if isinstance(value, str):
        return span_s(value)
    raise ValueError("should be a time span: 90m, 26h, 7d")


def number(value: Any) -> int:
    """So many processes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000:
        return value
    raise ValueError("should be a number of processes")


def every_s(value: Any) -> int:
    """``30s``, ``5m``, ``1d`` or whole seconds, from 10 s to 1 d."""
    return whole_seconds(value, 10, 86_400)


def timeout_s(value: Any) -> int:
    """``5s`` or whole seconds, from 1 s to 1 min."""
    return whole_seconds(value, 1, 60)
