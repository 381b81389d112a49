"""Who is in the made-up fleet: roles with their sizes, loads and habits."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[float, float]

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Role:
    """What hosts of one kind have in common.

    `share` is how many of a thousand hosts have it. `tapes` are the recorded hosts that they speak
    like; `cores` and `memory_gib` are sizes to choose from; `busy` and `memory` spans of ratios,
    `traffic` of bytes per second, `disk_ops` of operations per second. `mount` is where their data
    lives (empty: on the root file system), `data_gib` how large that is, `unit` the service that
    they are there for.
    """

    name: str
    share: int
    unit: str
    tapes: tuple[str, ...]
    cores: tuple[int, ...] = (2, 4)
    memory_gib: tuple[int, ...] = (4, 8)
    busy: Span = (0.05, 0.3)
    memory: Span = (0.25, 0.6)
    traffic: Span = (2e4, 2e6)
    disk_ops: Span = (1.0, 20.0)
    mount: str = ""
    data_gib: tuple[int, ...] = (100,)
    unit_title: str = ""


ROLES = (
    Role(
        "web", 210, "nginx", ("web1", "web1", "vault1"), (4, 8), (8, 16), (0.08, 0.45), (0.2, 0.55),
        (5e5, 9e6), unit_title="A high performance web server and a reverse proxy server",
    ),
    Role(
        "app", 220, "shop-app", ("web1", "rpm1", "vault1"), (4, 8, 16), (16, 32), (0.1, 0.55),
        (0.35, 0.75), (2e5, 4e6), unit_title="Shop application server",
    ),
    Role(
        "db", 90, "postgresql", ("db1", "db1", "rpm1"), (8, 16), (32, 64), (0.06, 0.4), (0.5, 0.8),
        (4e5, 6e6), (40.0, 400.0), "/var/lib/postgresql", (250, 500, 1000),
        unit_title="PostgreSQL database server",
    ),
    Role(
        "cache", 70, "redis-server", ("web1", "suse1"), (2, 4), (16, 32), (0.04, 0.2), (0.55, 0.82),
        (1e6, 2e7), unit_title="Advanced key-value store",
    ),
    Role(
        "queue", 50, "rabbitmq-server", ("rpm1", "vault1"), (4,), (8, 16), (0.05, 0.3), (0.3, 0.6),
        (3e5, 5e6), (5.0, 60.0), "/var/lib/rabbitmq", (50, 100),
        unit_title="RabbitMQ broker",
    ),
    Role(
        "edge", 90, "haproxy", ("rc1", "box1", "web1"), (2, 4), (2, 4), (0.04, 0.3), (0.15, 0.5),
        (2e6, 4e7), unit_title="HAProxy Load Balancer",
    ),
    Role(
        "build", 60, "actions-runner", ("arch1", "arch1", "vault1"), (8, 16), (32, 64), (0.2, 0.7),
        (0.2, 0.6), (1e5, 8e6), (20.0, 300.0), "/srv/build", (200, 400),
        unit_title="Build runner",
    ),
    Role(
        "mail", 30, "postfix", ("suse1", "web1"), (2, 4), (4, 8), (0.03, 0.2), (0.25, 0.6),
        (5e4, 8e5), (5.0, 80.0), "/var/spool", (100, 200),
        unit_title="Postfix Mail Transport Agent",
    ),
    Role(
        "nas", 30, "nfs-server", ("suse1", "rpm1"), (4, 8), (16, 32), (0.03, 0.25), (0.3, 0.5),
        (1e6, 6e7), (30.0, 300.0), "/srv/share", (4000, 8000), unit_title="NFS server and services",
    ),
    Role(
        "mon", 30, "prometheus", ("vault1", "db1"), (4, 8), (16, 32), (0.1, 0.4), (0.4, 0.7),
        (4e5, 3e6), (20.0, 150.0), "/var/lib/prometheus", (200, 400),
        unit_title="Monitoring system and time series database",
    ),
    Role(
        "vault", 50, "vault", ("vault1", "db1"), (2, 4), (4, 8), (0.02, 0.1), (0.2, 0.45),
        (1e4, 2e5), unit_title="Secret store",
    ),
    Role(
        "iot", 60, "collector", ("box1", "rc1"), (1, 2), (1, 2), (0.02, 0.25), (0.2, 0.5),
        (1e3, 1e5), (0.1, 2.0), unit_title="Sensor collector",
    ),
    Role(
        "bastion", 10, "ssh", ("bastion",), (2,), (2, 4), (0.01, 0.06), (0.15, 0.3), (1e4, 3e5),
        unit_title="OpenBSD Secure Shell server",
    ),
)  # fmt: skip

BEHIND_A_BASTION = ("vault",)
"""Roles whose hosts are reached through the bastion of their data centre, if there is one."""
