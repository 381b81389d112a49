"""What is taken out before text leaves the house: each thing once, the same everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.redaction import Redaction


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("login from 10.0.0.7 port 22", "login from address-1 port 22"),
        ("10.0.0.7 and 10.0.0.8, 10.0.0.7:443", "address-1 and address-2, address-1:443"),
        ("fe80::1 -> 2001:db8::7.", "address-1 -> address-2."),
        (
            "at 08:14:23 version 1.2.3.4.5 of 127.0.0.1",
            "at 08:14:23 version 1.2.3.4.5 of 127.0.0.1",
        ),
        ("std::bad_alloc ::", "std::bad_alloc ::"),
        ("via 00:16:3e:5e:6c:00", "via address-1"),
        ("web1 says WEB1.example.org to web10", "host-1 says host-1.example.org to web10"),
        ("password=hunter2 --token abc", "password=*** --token ***"),
    ],
)
def test_secrets_addresses_and_names_become_words(text: str, expected: str) -> None:
    assert Redaction(["web1"], addresses=True).text(text) == expected


def test_only_secrets_go_where_nothing_else_is_wanted() -> None:
    assert Redaction().text("web1 10.0.0.7 secret=x") == "web1 10.0.0.7 secret=***"


def test_what_was_taken_out_is_told() -> None:
    redaction = Redaction(["db1"], addresses=True)
    found = redaction.value({"a": ["10.0.0.7", {"b": "db1 10.0.0.7 pwd=1"}], "n": 3, "none": None})
    assert found == {"a": ["address-1", {"b": "host-1 address-1 pwd=***"}], "n": 3, "none": None}
    assert redaction.told() == [
        "1 secret: passwords, tokens, keys became ***",
        "10.0.0.7 became address-1, 2 times",
        "db1 became host-1, 1 time",
    ]


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    redaction = Redaction(["a", "web1"], addresses=True)
    once = redaction.text(text)
    assert "10.1.2.3" not in redaction.text(f"{once} 10.1.2.3 ")
