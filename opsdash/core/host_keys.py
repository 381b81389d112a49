"""Which host keys are too weak to prove anything: what checks and examinations go by."""

from __future__ import annotations

BROKEN_KINDS = frozenset({"ssh-dss"})
"""Kinds that no size makes good."""

SHORTEST_RSA_BITS = 2048


def weakness(host_key: str) -> str:
    """Why a key is weak, told as ``ssh-rsa 1024``; empty where it is not."""
    kind, _, bits = host_key.partition(" ")
    if kind in BROKEN_KINDS:
        return "host key is DSA, which is broken"
    if kind == "ssh-rsa" and bits.isdigit() and int(bits) < SHORTEST_RSA_BITS:
        return f"host key is RSA with {bits} bits (limit {SHORTEST_RSA_BITS} bits)"
    return ""
