"""Whatever a server sends, an examination stays readable, and no terminal obeys a word of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsdash.activities.troubleshoot.doctor_report import document, stage_lines
from opsdash.core.examination import Examination, Examined, Note, Stage, Verdict
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean
from opsdash.transport.openssh.examine import Told, spoken, tell
from opsdash.transport.ssh.resolve import Route
from opsdash.transport.ssh.trace import OFFERS, _offer

words = st.text(alphabet=st.characters(codec="utf-8"), max_size=200) | st.sampled_from(
    ["\x1b]52;c;aGk=\x07", "\x1b[2J", "a\x9b31mb", "\u202eevil", "line\r\nline"]
)


@given(words, words, words)
def test_no_word_of_a_server_is_obeyed_by_a_terminal(text: str, note: str, mend: str) -> None:
    one = Examined(
        "web1", Stage.BANNER, Verdict.FAIL, text, (Note(Verdict.FAIL, note),), None, note, (mend,)
    )
    exam = Examination("web1", lambda found: None)
    exam.report(one)
    shown = stage_lines(one, hop="", width=80, ascii_only=False)
    assert all(clean(line) == line for line in shown)
    assert "\x1b" not in str(document(exam, in_fleet=True))


@given(st.binary(max_size=300))
def test_any_key_exchange_packet_is_read_or_left(payload: bytes) -> None:
    offer = _offer(payload)
    assert offer == () or len(offer) == len(OFFERS)


lines = st.lists(
    st.sampled_from(
        [
            "debug1: Connection established.",
            "debug1: Remote protocol version 2.0, remote software version \x1b[31mX",
            "debug1: kex: algorithm: curve25519-sha256",
            "debug1: kex: server->client cipher: aes MAC: <implicit> compression: none",
            "debug1: Server host key: ssh-ed25519 SHA256:x",
            "debug1: Found key in /k:1",
            "debug1: SSH2_MSG_NEWKEYS received",
            "debug1: Authentications that can continue: publickey",
            'Authenticated to h ([h]:22) using "publickey".',
            "Offending ED25519 key in /k:3",
            "ops@h: Permission denied (publickey).",
        ]
    )
    | words,
    max_size=12,
)


@given(lines, st.sampled_from(list(ProblemKind)))
def test_whatever_ssh_says_one_stage_fails_and_all_have_an_end(
    said: list[str], kind: ProblemKind
) -> None:
    exam = Examination("web1", lambda one: None)
    text = "\n".join(said)
    spoken(text)
    tell(Told(Host("web1"), Route("h", user="ops"), text), Problem(kind, text), exam)
    exam.finish()
    failed = [one for one in exam.found if one.verdict is Verdict.FAIL]
    assert len(failed) == 1
    assert {one.stage for one in exam.found} == set(Stage)
    assert all(clean(one.text) == one.text for one in exam.found)
