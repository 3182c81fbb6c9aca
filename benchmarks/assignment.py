"""Who gets which variant: in bulk, one by one, in SQL, and by the doors of pages and servers."""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.utils import timezone

from attribution.models import Site
from attribution.services.website.sites import create_site
from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.pages import Request, figures_of, hosts
from experiments.engine.assignment import Holdout, TestPlan, assign, assign_many
from experiments.models import (
    ABTest,
    ABTestMetric,
    ABTestStatus,
    ABTestVariant,
    Metric,
    MetricRole,
    WebsiteABTest,
)
from workspaces.models import ThrottleRate, Workspace

UNITS_A_SECOND = 300_000
TARGET_MS = 50
TESTS = 5
_ONE_BY_ONE = 20_000
_GROWTH = (1, 4, 16)
_PLAN = TestPlan(
    "test", "a3f09c11d2e4b765", (("control", 3_334), ("b", 3_333), ("c", 3_333)), 9_000, "layer",
    0, 9_000,
)  # fmt: skip
_HOLDOUT = Holdout("holdout", 500)
_EXPOSED = """
INSERT INTO experiments_exposure
       (workspace_id, test_id, variant_id, unit, at, day, device, source, country, customer_type)
SELECT t.workspace_id, t.id, v.id, md5(g.n::text)::uuid, now(), current_date, '', '', '', ''
  FROM experiments_abtest t
  JOIN experiments_abtestvariant v ON v.test_id = t.id AND v.is_control
 CROSS JOIN generate_series(1, %s) AS g(n) WHERE t.workspace_id = %s
"""
_UNITS = "SELECT max({}) FROM generate_series(1, %s) AS g(n)"


def run(units: int, openings: int) -> list[Figure]:
    """Units a second, then what one call costs."""
    return [*_engine(units), _sql(units // 10), *_doors(units, openings)]


def _engine(units: int) -> list[Figure]:
    peak_mb = reset_peak_mb()
    growth = []
    for factor in _GROWTH:
        some = [str(uuid.UUID(int=number * 2**64 + 7)) for number in range(factor * units // 16)]
        took_s = _best(lambda: assign_many(_PLAN, some, holdout=_HOLDOUT))  # noqa: B023  # at once
        growth.append((len(some), len(some) / took_s))
    limit_s = _best(lambda: [zlib.crc32(unit.encode()) for unit in some])
    few = some[:_ONE_BY_ONE]
    one_s = _best(lambda: [assign(_PLAN, unit, holdout=_HOLDOUT) for unit in few])
    bulk = growth[-1][1]
    return [
        Figure(
            f"{len(some):,} units assigned (holdout, layer, traffic, variant)", bulk, "units/s",
            limit_name="units/s for one call of a C hash each", limit=len(some) / limit_s,
            target=f"≥ {UNITS_A_SECOND:,}", is_met=bulk >= UNITS_A_SECOND, growth=tuple(growth),
            peak_mb=peak_mb(),
        ),
        Figure(
            "… one by one", len(few) / one_s, "units/s",
            limit_name="units/s in bulk", limit=bulk,
        ),
    ]  # fmt: skip


def _sql(units: int) -> Figure:
    found = _rows_a_second(
        "experiments_bucket('a3f09c11d2e4b765', md5(n::text)::uuid::text)", units
    )
    limit = _rows_a_second("md5('a3f09c11d2e4b765' || md5(n::text)::uuid::text)", units)
    return Figure(
        "… buckets in SQL", found, "units/s", limit_name="units/s for md5 in SQL", limit=limit
    )


def _rows_a_second(expression: str, rows: int) -> float:
    with connection.cursor() as cursor:
        return rows / _best(lambda: cursor.execute(_UNITS.format(expression), [rows]))


def _doors(units: int, openings: int) -> list[Figure]:
    site = _site()
    with connection.cursor() as cursor:
        cursor.execute(_EXPOSED, [units // TESTS, site.workspace_id])
        cursor.execute("ANALYZE experiments_exposure")
    requests = (
        Request("/ab.js", f"/ab.js?site={site.key}", "test-4"),
        Request(
            "ab-tests/assign by a site's key",
            f"/api/ab-tests/assign/?site={site.key}&unit=visitor-7&url=/product/7", "assigned",
        ),
    )  # fmt: skip
    size = f"{TESTS} tests, {units // TESTS * TESTS:,} exposures"
    with hosts():
        return figures_of(
            Client(), requests, openings, size=size, target_ms=TARGET_MS, peak=reset_peak_mb()
        )


def _site() -> Site:
    workspace = Workspace.objects.create(slug="bench-assign", name="Bench")
    for scope in ("ingest", "visitor"):
        ThrottleRate.objects.create(workspace=workspace, scope=scope, calls=10**7, seconds=60)
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    metric = Metric.objects.create(
        workspace=workspace, key="purchase", name="Purchase", event="purchase"
    )
    for number in range(TESTS):
        _running(site, metric, f"test-{number}")
    return site


def _running(site: Site, metric: Metric, key: str) -> None:
    owner = {"workspace_id": site.workspace_id}
    test = ABTest.objects.create(**owner, key=key, name=key)
    for position, variant in enumerate(("control", "b")):
        ABTestVariant.objects.create(
            **owner, test=test, key=variant, name=variant, position=position,
            is_control=not position,
            config={"changes": [{"kind": "text", "selector": "#buy", "value": "Buy now"}]},
        )  # fmt: skip
    ABTestMetric.objects.create(**owner, test=test, metric=metric, role=MetricRole.PRIMARY)
    WebsiteABTest.objects.create(**owner, test=test, site=site, page_pattern="/product/*")
    test.status, test.started_at = ABTestStatus.RUNNING, timezone.now()
    test.save(update_fields=["status", "started_at"])


def _best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of three."""
    took = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took)
