"""What kind of host each one is, in one word: what rows fold into and the map is grouped by.

A host has several tags, and some of them (``prod``, a site) say nothing of its kind. Its kind is
its group of the hosts file; else the tag that names its kind best; else the letters that its name
begins with, where others share them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from opsdash.core.host import Host

REST = "others"
_STEM = re.compile(r"[^\W\d_]+")


def families(hosts: Iterable[Host]) -> dict[str, str]:
    """The kind of each host by its name."""
    hosts = tuple(hosts)
    tags = Counter(tag for host in hosts for tag in host.tags)
    stems = Counter(_stem(host.name) for host in hosts)
    return {host.name: _family(host, tags, stems) for host in hosts}


def _family(host: Host, tags: Counter[str], stems: Counter[str]) -> str:
    if host.groups:
        return host.groups[0]
    stem = _stem(host.name)
    if stem in host.tags:
        return stem
    shared = [tag for tag in host.tags if tags[tag] > 1]
    if shared:
        # the rarest of the tags that others have too says most of what this host is for
        return min(shared, key=lambda tag: (tags[tag], tag))
    return stem if stems[stem] > 1 else REST


def _stem(name: str) -> str:
    found = _STEM.match(name)
    return found.group().lower() if found else REST
