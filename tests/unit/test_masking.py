"""What is written down holds no password, however it was said."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opsdash.core.masking import HIDDEN, mask

SECRET = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'&;,:/@-\\"),
    min_size=8,
    max_size=40,
).filter(lambda text: text.lower() not in "password secret token authorization")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("password=hunter2 next", "password=*** next"),
        ("Password: hunter2", "Password: ***"),
        ('{"password": "hun ter2", "user": "ops"}', '{"password": ***, "user": "ops"}'),
        ("curl --token hunter2 -v", "curl --token *** -v"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
        ("https://ops:hunter2@git.example.org/x", "https://ops:***@git.example.org/x"),
        ("Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer ***"),
        ("mysqldump -u root -phunter2 shop", "mysqldump -u root -p*** shop"),
        ("key AKIAABCDEFGHIJKLMNOP here", "key *** here"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----", "***"),
        ("-----BEGIN PRIVATE KEY-----\nb3Blb, cut", "***"),
        ("login refused: Permission denied (password)", None),
        ("connection refused by 10.0.0.1:22", None),
        ("/etc/passwd is world-writable", None),
        ("passphrase of /home/ops/.ssh/id_ed25519", None),
    ],
)
def test_a_password_is_hidden_and_nothing_else(said: str, written: str | None) -> None:
    assert mask(said) == (said if written is None else written)


@given(
    st.sampled_from(
        ("password={}", "--password {}", "token: {}", "https://u:{}@h/", "DB_SECRET='{}'")
    ),
    SECRET,
    st.text(),
)
def test_no_secret_gets_through_in_any_of_the_known_forms(
    form: str, secret: str, around: str
) -> None:
    assume(secret not in around)  # it would stand there as anybody's text
    assert secret not in mask(f"{around}\n{form.format(secret)}\n{around}")


@given(st.text())
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text())
def test_what_holds_no_secret_word_is_kept(text: str) -> None:
    kept = text.translate({ord(sign): None for sign in "=:@-"})
    if "akia" not in kept.lower() and "asia" not in kept.lower() and "b" not in kept.lower():
        assert HIDDEN in kept or mask(kept) == kept


@pytest.mark.parametrize("run", ["x", "-", "_", ".", "a.", "mysql ", "password", "://", "-p "])
def test_a_long_line_of_one_thing_takes_no_minutes(run: str) -> None:
    text = run * (200_000 // len(run))
    began = time.process_time()
    mask(text)
    assert time.process_time() - began < 5
