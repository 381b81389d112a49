"""What changed before a finding is ranked: near in time and of the same name first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.activities.monitor.suspects import began, names_of, suspects
from opsdash.core.finding import Finding
from opsdash.core.happening import Happening, Kind
from opsdash.core.health import Health
from tests.fleet_states import NOW

FAILED = Finding(
    "unit-failed",
    "web1",
    Health.CRIT,
    "nginx.service failed (exit-code)",
    subject="nginx.service",
    evidence="nginx: [emerg] unknown directive in /etc/nginx/sites-enabled/shop",
    since=NOW,
)


def at(before_s: float, kind: Kind, words: str, subject: str = "") -> Happening:
    return Happening(NOW - before_s, "web1", kind, words, subject)


CONF = at(300, Kind.FILE, "written: /etc/nginx/nginx.conf", "/etc/nginx/nginx.conf")
HOSTS = at(60, Kind.FILE, "written: /etc/hosts", "/etc/hosts")
LOGIN = at(20, Kind.LOGIN, "login of deploy from 10.0.9.4", "deploy")
PACKAGE = at(1500, Kind.PACKAGE, "upgraded nginx 1.22 → 1.24", "nginx")
LONG_AGO = at(5 * 3600, Kind.PACKAGE, "upgraded tzdata", "tzdata")
ITSELF = at(10, Kind.UNIT, "failed nginx.service (exit-code)", "nginx.service")


def ranked(*told: Happening) -> list[Happening]:
    return [one.happening for one in suspects(FAILED, NOW, told)]


def test_what_has_the_name_of_what_broke_comes_before_what_is_only_nearer() -> None:
    assert ranked(LOGIN, HOSTS, CONF, PACKAGE, LONG_AGO) == [CONF, HOSTS, PACKAGE, LOGIN]


def test_of_two_of_a_kind_the_nearer_comes_first() -> None:
    near, far = (
        replace(HOSTS, at=NOW - 30),
        replace(HOSTS, at=NOW - 2000, words="written: /etc/b", subject="/etc/b"),
    )
    assert ranked(far, near) == [near, far]


def test_a_service_that_was_restarted_again_and_again_is_one_line() -> None:
    restarts = [
        Happening(NOW - ago, "web1", Kind.UNIT, "restarted shop.service", "shop.service")
        for ago in (40, 900, 1800)
    ]
    boot = Happening(NOW - 300, "web1", Kind.BOOT, "booted kernel 6.1")
    (first, second) = suspects(FAILED, NOW, [*restarts, boot])
    assert {first.happening, second.happening} == {restarts[0], boot}
    assert {first.times, second.times} == {1, 3}


def test_what_broke_is_not_its_own_cause_and_other_hosts_have_none() -> None:
    assert ranked(ITSELF, replace(CONF, host="web2")) == []


@pytest.mark.parametrize(("gap_s", "is_suspect"), [(-100, True), (-200, False), (3700, False)])
def test_looked_at_is_the_hour_before_and_a_few_minutes_after(
    gap_s: float, is_suspect: bool
) -> None:
    assert bool(ranked(replace(CONF, at=NOW - gap_s))) is is_suspect


def test_the_log_of_the_host_knows_better_when_it_began() -> None:
    earlier = replace(ITSELF, at=NOW - 7200)
    assert began(FAILED, [earlier]) == NOW - 7200
    assert began(FAILED, [earlier, ITSELF]) == NOW - 10
    assert began(FAILED, [replace(ITSELF, subject="cron.service")]) == NOW


def test_names_are_taken_out_of_paths_units_and_packages() -> None:
    assert {"nginx", "shop"} <= names_of("/etc/nginx/sites-enabled/shop")
    assert "mysql" in names_of("mysql-server 8.0.40")
    assert "failed" not in names_of("nginx.service failed")
