"""What an operator needs to know of an installation, each in words that say what to do."""

from __future__ import annotations

from workspaces.services import health
from workspaces.services.health import Check
from workspaces.services.installation.machine import (
    check_address,
    check_clock,
    check_disk,
    check_embedder,
    check_mail,
    check_metrics,
    check_python,
    check_settings,
    check_storage,
)
from workspaces.services.installation.secrets import check_connections, check_secrets
from workspaces.services.installation.stores import (
    check_broker,
    check_database_settings,
    check_redis_settings,
    check_ways,
)

__all__ = [
    "all_checks",
    "check_address",
    "check_mail",
    "check_metrics",
    "check_secrets",
    "check_ways",
]


def all_checks() -> list[Check]:
    """Everything that can be looked at; what needs a part that is away is left out."""
    checks = [check_python(), check_settings(), check_address(), *health.readiness()]
    well = {check.name for check in checks if check.is_ok}
    if "database" in well:
        checks.extend((check_database_settings(), check_ways(), check_clock()))
    if "redis" in well:
        checks.extend((check_redis_settings(), check_broker()))
        checks.extend(health.check_worker(queue) for queue in health.LATER_QUEUES)
    if {"database", "redis"} <= well:
        checks.append(health.check_beat())
    if "migrations" in well:
        checks.extend((check_secrets(), check_connections()))
    return [
        *checks,
        check_mail(),
        check_storage(),
        check_disk(),
        check_embedder(),
        check_metrics(),
    ]
