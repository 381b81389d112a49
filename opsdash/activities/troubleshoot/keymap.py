"""The keys of the doctor's page, besides those of every page of text."""

from __future__ import annotations

from opsdash.core.keymap import Key, KeySet, Place

DOCTOR = KeySet(
    "doctor",
    "On the doctor's page",
    (Place.TEXT,),
    (
        Key("doctor.answer", "a", "answer", "answer",
            "be asked: whether the host key is right, passphrase, password", hint=True),
        Key("doctor.again", "r", "again", "again", "examine the host again", hint=True),
    ),
)  # fmt: skip
