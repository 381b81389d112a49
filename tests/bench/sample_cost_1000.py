"""What a sample costs here with 1,000 hosts: everything but facts and login probes."""

from __future__ import annotations

from tests.bench.many_hosts import many_hosts
from tests.bench.sample_cost import cost_of

HOSTS = 1000


def run() -> dict[str, float]:
    """Milliseconds of CPU per sample, percent of a core, MB."""
    with many_hosts(HOSTS) as hosts:
        cost = cost_of(hosts, "steady", 20)
    return {
        "steady (ms/sample)": cost["ms_per_sample"],
        "steady (% of a core)": cost["core_percent"],
        "steady (MB)": cost["rss_mb"],
    }
