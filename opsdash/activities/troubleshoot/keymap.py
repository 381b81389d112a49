"""The keys of the pages of this activity."""

from __future__ import annotations

from opsdash.core.keymap import Key, KeySet, Place

PAGES = KeySet(
    "pages.troubleshoot",
    "Pages",
    (Place.PAGE,),
    (Key("view.forwards", "F", "view('forwards')", "Forwards", "ports that lead to hosts"),),
)

FORWARDS = KeySet(
    "forwards",
    "The forwarded ports",
    (Place.PAGE,),
    (
        Key("forward.close", "K del", "close_forward", "close", "end the forward of the row",
            hint=True),
        Key("forward.copy", "c", "copy_forward", "copy", "copy where it is to be found here",
            hint=True),
    ),
    ("forwards",),
)  # fmt: skip

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
