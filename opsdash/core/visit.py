"""What a host is to look at over the network, as one line of a plan.

``tcp://db1:5432``, ``tls://10.0.0.4:443 name=shop.example``, ``https://shop.example/ verify=no``;
behind ``fleet`` the host is one of the fleet, by its name there.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from opsdash.core.forward import place
from opsdash.core.probe import Http, Tcp, Tls
from opsdash.core.target import checked_address

Visited = Tcp | Tls | Http

LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class Visit:
    """What is visited; `of_fleet` says that its address is a name in the hosts file."""

    what: Visited
    of_fleet: bool = False

    @property
    def line(self) -> str:
        """As it stands in a plan; visit_in() reads it."""
        what, more = self.what, ""
        if isinstance(what, Http):
            first, more = what.url, "" if what.verify else "verify=no"
        else:
            scheme = "tls" if isinstance(what, Tls) else "tcp"
            first = f"{scheme}://{place(what.address, what.port)}"
        if isinstance(what, Tls) and what.name:
            more = f"name={what.name}"
        return " ".join(filter(None, (first, more, "fleet" if self.of_fleet else "")))


def visit_in(line: str) -> Visit:
    """The visit that a line means; ValueError says what is wrong with it."""
    first, *more = line.split(" ")
    given = dict.fromkeys(more)
    scheme, _, where = first.partition("://")
    of_fleet = given.pop("fleet", "") is None
    names = [one.removeprefix("name=") for one in given if one.startswith("name=")]
    verify = "verify=no" not in given
    if set(given) - {"verify=no", *(f"name={one}" for one in names)} or len(names) > 1:
        raise ValueError("it has words that mean nothing")
    if scheme in ("http", "https"):
        return Visit(Http(checked_url(first), verify=verify), of_fleet)
    address, port = address_and_port(where)
    if scheme == "tls":
        name = checked_address(names[0]) if names else ""
        return Visit(Tls(address, port, name), of_fleet)
    if scheme == "tcp":
        return Visit(Tcp(address, port), of_fleet)
    raise ValueError("it is none of tcp, tls, http and https")


def address_and_port(text: str) -> tuple[str, int]:
    """``db1:5432``, ``[2001:db8::1]:5432``; ValueError says what is wrong."""
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError("it should be HOST:PORT, as db1:5432 or [2001:db8::1]:5432")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ":" not in host:
            raise ValueError("only an IPv6 address stands in brackets: [2001:db8::1]:5432")
    elif ":" in host:
        raise ValueError("an IPv6 address stands in brackets: [2001:db8::1]:5432")
    return checked_address(host), checked_port(port)


def checked_port(text: str) -> int:
    """A port; ValueError."""
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise ValueError("a port is a number from 1 to 65535")


def checked_url(text: str) -> str:
    """A URL that can be asked for: http or https, with a host that can be one; ValueError."""
    if len(text) > LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a URL is ASCII without spaces, and no longer than 2000 characters")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError("it should be a URL of http or https")
    if "@" in parts.netloc:
        raise ValueError("a user or password in a URL would be written down: leave it out")
    host, port = _url_place(parts.netloc)
    checked_address(host)
    if port:
        checked_port(port)
    if parts.fragment:
        raise ValueError("what stands behind # is not sent: leave it out")
    return text


def _url_place(netloc: str) -> tuple[str, str]:
    """The host and the port of a URL, as they stand there."""
    if netloc.startswith("["):
        host, _, rest = netloc[1:].partition("]")
        if ":" not in host or (rest and not rest.startswith(":")):
            raise ValueError("an IPv6 address stands in brackets: http://[2001:db8::1]:8080/")
        return host, rest[1:]
    host, colon, port = netloc.partition(":")
    if colon and not port:
        raise ValueError("a port is a number from 1 to 65535")
    return host, port
