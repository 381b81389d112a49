"""What a made-up host writes to its journal: for the same host and moment always the same lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

from opsdash.transport.demo.chance import between, chance, pick

SLOT_S = 4.0
"""In each of these a host writes a line, or does not."""

PAST_S = 900.0
"""So far back the journal of a made-up host goes."""

_SOME = 0.35
_WORDS: tuple[tuple[int, str, str, str], ...] = (
    (6, "sshd", "ssh.service", "Accepted publickey for ops from 10.0.{a}.{b} port {port} ssh2"),
    (6, "CRON", "cron.service", "(root) CMD (/usr/local/bin/report --quick)"),
    (6, "systemd", "init.scope", "Started logrotate.service - Rotate log files."),
    (6, "systemd", "init.scope", "apt-daily.service: Deactivated successfully."),
    (5, "sudo", "", "ops : PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/systemctl status nginx"),
    (6, "dhclient", "networking.service", "DHCPACK of 10.0.{a}.{b} from 10.0.{a}.1"),
    (6, "nginx", "nginx.service", "10.0.{a}.{b} GET /shop/{port} 200 {b}ms"),
    (6, "nginx", "nginx.service", "10.0.{b}.{a} GET /cart 200 {a}ms"),
    (
        4,
        "sshd",
        "ssh.service",
        "error: maximum authentication attempts exceeded for root [preauth]",
    ),
    (4, "kernel", "", "TCP: request_sock_TCP: Possible SYN flooding on port 443."),
    (3, "nginx", "nginx.service", "upstream timed out (110) while connecting to 10.0.{a}.{b}:8080"),
    (3, "postfix", "postfix.service", "fatal: no SASL authentication mechanisms"),
)
_SEVERE = tuple(one for one in _WORDS if one[0] < 5)
_USUAL = tuple(one for one in _WORDS if one[0] >= 5)


def journal_lines(
    words: tuple[object, ...], epoch: float, since_s: float, until_s: float
) -> Iterator[bytes]:
    """The lines between two moments in the form of ``journalctl -o json``; moments are seconds
    after `epoch`, which is one in seconds since 1970.
    """
    for slot in range(int(since_s // SLOT_S), int(until_s // SLOT_S) + 1):
        if chance(*words, "log", slot) >= _SOME:
            continue
        at_s = (slot + between(0.0, 1.0, *words, "log at", slot)) * SLOT_S
        if since_s <= at_s < until_s:
            yield _line(words, slot, epoch + at_s)


def _line(words: tuple[object, ...], slot: int, at: float) -> bytes:
    forms = _SEVERE if chance(*words, "severe", slot) < 0.08 else _USUAL
    priority, program, unit, form = pick(forms, *words, "line", slot)
    text = form.format(
        a=int(between(1, 9, *words, "a", slot)),
        b=int(between(2, 250, *words, "b", slot)),
        port=int(between(32_768, 60_999, *words, "port", slot)),
    )
    fields = {
        "__CURSOR": f"s=de30;i={slot & 0xFFFFFFFF:x}",
        "__REALTIME_TIMESTAMP": str(int(at * 1e6)),
        "PRIORITY": str(priority),
        "SYSLOG_IDENTIFIER": program,
        "_SYSTEMD_UNIT": unit,
        "_PID": str(int(between(300, 32_000, *words, program))),
        "MESSAGE": text,
    }
    return json.dumps(fields).encode() + b"\n"
