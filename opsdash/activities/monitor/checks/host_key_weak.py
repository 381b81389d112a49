"""The SSH server proves who it is by a key that can be forged."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import fallen
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.host_keys import BROKEN_KINDS, SHORTEST_RSA_BITS
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """DSA always; RSA by its bits. Of a key that is not known nothing is said.

    RSA with 2048 bits is what ssh-keygen made until 2019, and nobody has broken one: WARN below
    3072 would cry on many ordinary hosts, and can be set in hosts.yaml where it is the rule.
    """
    kind, _, bits = inquiry.state.host_key.partition(" ")
    if kind in BROKEN_KINDS:
        text = "host key is DSA, which is broken"
        yield Finding("host-key-weak", inquiry.state.name, Health.CRIT, text)
    elif kind == "ssh-rsa" and bits.isdigit():
        verdict = fallen(inquiry, float(bits), margin=0.0, word=lambda limit: f"{limit:.0f} bits")
        if verdict is not None:
            text = f"host key is RSA with {bits} bits ({verdict[1]})"
            yield Finding("host-key-weak", inquiry.state.name, verdict[0], text)


HOST_KEY_WEAK = Check(
    id="host-key-weak",
    title="Host key weak",
    judge=judge,
    limits=Limits(None, float(SHORTEST_RSA_BITS)),
    unit="bits",
    lower_is_worse=True,
    advice="make an ed25519 host key there: ssh-keygen -A; list it in known_hosts, without the old",
)
