"""What a host looks at over the network, as a line of a plan and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.action import Action
from opsdash.core.discover import actions
from opsdash.core.probe import Http, Tcp, Tls
from opsdash.core.visit import Visit, address_and_port, checked_url, visit_in

VISITS = [
    Visit(Tcp("db1", 5432)),
    Visit(Tcp("db1", 22), of_fleet=True),
    Visit(Tls("10.0.0.4", 443, "")),
    Visit(Tls("2001:db8::1", 443, "shop.example")),
    Visit(Http("https://shop.example/a?b=c")),
    Visit(Http("https://[2001:db8::1]:8443/", verify=False)),
]


@pytest.mark.parametrize("visit", VISITS, ids=lambda one: str(one.line))
def test_a_visit_is_read_back_as_it_was_written(visit: Visit) -> None:
    assert visit_in(visit.line) == visit


@pytest.mark.parametrize(
    "line",
    ["", "ssh://db1:22", "tcp://db1", "tcp://db1:22 root", "tcp://:22", "tcp://db1:+22",
     "tls://db1:443 name=a name=b", "tls://db1:443 name=$x", "http:///x", "tcp://2001:db8::1:22",
     "tcp://[db1]:22"],
)  # fmt: skip
def test_a_line_that_means_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        visit_in(line)


@given(st.text())
def test_whatever_is_taken_for_an_address_holds_nothing_that_could_mean_something(
    text: str,
) -> None:
    try:
        address, port = address_and_port(text)
    except ValueError:
        return
    assert not set(address) & set(" \t\n'\"\\$`;|&<>(){}*?!#~")
    assert not address.startswith("-")
    assert 1 <= port <= 65535


@pytest.mark.parametrize(
    "url",
    ["ftp://a/", "https://", "https://a b/", "https://a/\r\nX: y", "https://u:p@a/", "http://a:0/",
     "http://a:99999/", "http://a:/", "http://-a/", "http://$a/", "http://a/ü", "http://[a]/",
     "http://a/#b", "HTTP", "http://" + "a" * 3000],
)  # fmt: skip
def test_a_url_that_is_none_or_tells_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        checked_url(url)


@pytest.mark.parametrize("url", ["http://a", "https://a.example:8443/x?y=z", "http://[::1]:80/"])
def test_a_url_that_can_be_asked_for_is_taken(url: str) -> None:
    assert checked_url(url) == url


def alone(action: Action, *words: str, **given_words: str) -> str:
    return action.alone(words, given_words)


def test_what_names_no_host_may_stand_alone_and_nothing_else() -> None:
    tcp, url, ping = (actions()[name] for name in ("net.tcp", "net.http", "net.ping"))
    assert alone(tcp, "web1", "db1:5432") == "db1:5432"
    assert alone(tcp, "web1", "db*") == ""
    assert alone(tcp, "db1:5432", target="db2:22") == ""
    assert alone(url, "web1", "https://shop.example/") == "https://shop.example/"
    assert alone(ping, "web1", "db1") == ""
