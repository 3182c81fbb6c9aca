"""Counting of tests: events to sums, a whole test counted anew, and results read from sums."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from attribution.models import Site
from attribution.services.website.partitions import ensure_days
from attribution.services.website.sites import create_site
from benchmarks.figures import Figure
from experiments.models import (
    ABTest,
    ABTestMetric,
    ABTestStatus,
    ABTestVariant,
    ExposureDay,
    Metric,
    WebsiteABTest,
)
from experiments.selectors.results import results_of
from experiments.services.counting.counting import count_all
from experiments.services.counting.recounting import recount_test
from workspaces.models import Workspace

EVENTS_PER_UNIT = 5
DAYS = 14
_START = datetime(2026, 10, 1, tzinfo=UTC)
_NOW = _START + timedelta(days=40)
# Long ago: events of such units are gone, so a recount reads what is stored of them.
_OLD = _START - timedelta(days=380)
_COUNTED = 50_000  # units at most whose events are counted

# A page that shows the variant, pages after it, and in one of ten cases a purchase.
_EVENTS = """
INSERT INTO attribution_webevent
       (event_id, workspace_id, site_id, day, visitor_key, has_consent, at, received_at, type,
        category, name, is_tagged, device, country, currency, value, variants, properties,
        label, url, path, title, referrer, source, medium, campaign, content, term, click_id_kind,
        click_id, element_id, element_class, element_text, element_type, href, user_id, os,
        browser, region, city, screen, time_zone, language)
SELECT gen_random_uuid(), %(workspace)s, %(site)s, (e.at AT TIME ZONE 'UTC')::date, e.visitor,
       true, e.at, e.at, CASE WHEN buys THEN 'custom' ELSE 'page_view' END, 'navigation',
       CASE WHEN buys THEN 'purchase' ELSE 'page_view' END, false,
       (ARRAY['desktop', 'mobile', 'tablet'])[1 + unit %% 3], 'DE', 'USD',
       CASE WHEN buys THEN 5 + unit %% 90 END,
       jsonb_build_object('bench', CASE WHEN unit %% 2 = 0 THEN 'control' ELSE 'blue' END), '{}',
       '', '', '/', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '',
       '', '', ''
  FROM (SELECT unit, md5(unit::text)::uuid AS visitor, n = %(each)s AND unit %% 10 = 0 AS buys,
               %(start)s::timestamptz + unit %% %(days)s * interval '1 day' + n * interval '7 hours'
                   AS at
          FROM generate_series(1, %(units)s) AS unit, generate_series(1, %(each)s) AS n) e
"""
_QUEUE = """
INSERT INTO experiments_countingwork (workspace_id, site_id, unit, since)
SELECT %(workspace)s, %(site)s, md5(unit::text)::uuid::text,
       %(start)s::timestamptz + unit %% %(days)s * interval '1 day'
  FROM generate_series(1, %(units)s) AS unit
"""
# What no way to count can go without: every event held against its unit's first.
_JOIN = """
SELECT count(*), sum(worth) FROM (
    SELECT f.visitor_key, f.variant, sum(e.value) AS worth
      FROM (SELECT DISTINCT ON (visitor_key) visitor_key, at, variants ->> 'bench' AS variant
              FROM attribution_webevent WHERE site_id = %(site)s ORDER BY visitor_key, at) f
      JOIN attribution_webevent e ON e.site_id = %(site)s AND e.visitor_key = f.visitor_key
       AND e.at >= f.at AND e.at < f.at + interval '7 days'
     GROUP BY 1, 2) u
"""
EXPOSURES = """
INSERT INTO experiments_exposure
       (workspace_id, test_id, variant_id, unit, at, day, device, source, country, customer_type,
        counted)
SELECT %(workspace)s, %(test)s, CASE WHEN unit %% 2 = 0 THEN %(control)s ELSE %(blue)s END,
       'u' || unit, %(start)s::timestamptz + unit %% %(days)s * interval '1 day',
       (%(start)s::timestamptz + unit %% %(days)s * interval '1 day')::date,
       (ARRAY['desktop', 'mobile', 'tablet'])[1 + unit %% 3],
       (ARRAY['google', 'direct', 'facebook', 'newsletter', 'bing'])[1 + unit %% 5],
       (ARRAY['DE', 'FR', 'US', 'GB'])[1 + unit %% 4],
       (ARRAY['new', 'returning', 'existing'])[1 + unit %% 3], 1
  FROM generate_series(1, %(units)s) AS unit
"""
OUTCOMES = """
INSERT INTO experiments_unitoutcome
       (workspace_id, exposure_id, metric_id, day, value, denominator, covariate)
SELECT x.workspace_id, x.id, m.metric_id, x.day + 1, 5 + x.id %% 90, 0, 0
  FROM experiments_exposure x
  JOIN experiments_abtestmetric m ON m.test_id = x.test_id
 WHERE x.test_id = %(test)s AND x.id %% 10 = 0
"""


def run(exposures: int, openings: int) -> list[Figure]:
    """Count events of some units; load a test of many, count it anew and read its results."""
    counting = _counting(min(_COUNTED, exposures))
    test, loaded = _loaded(exposures)
    seconds = _timed(lambda: recount_test(test=test, now=_NOW))
    if recount_test(test=test, now=_NOW).differed:
        raise RuntimeError("a test that was just counted differs: nothing was measured")
    times = sorted(_timed(lambda: results_of(test, _NOW)) for _ in range(openings))
    p95 = 1_000 * times[int(0.95 * (len(times) - 1))]
    return [
        counting,
        Figure(
            f"… a test with {exposures:,} exposures counted anew from its units",
            seconds,
            "s",
            limit_name="s to store the exposures and outcomes",
            limit=loaded,
        ),
        Figure(
            f"… its results read, p95 of {openings}",
            p95,
            "ms",
            target="< 200",
            is_met=p95 < 200,
            facts={"p50": 1_000 * times[len(times) // 2]},
        ),
    ]


def _counting(units: int) -> Figure:
    growth = []
    for size in (units // 16, units // 4, units):
        test, site = _test(f"counting-{size}", _START)
        _fill(site, size)
        events = size * EVENTS_PER_UNIT
        limit = events / _timed(lambda site=site: _asked(_JOIN, {"site": site.pk}))
        rate = events / _timed(lambda site=site: count_all(workspace=site.workspace, now=_NOW))
        counted = sum(ExposureDay.objects.filter(test=test, dimension="total")
                      .values_list("units", flat=True))  # fmt: skip
        if counted != size:
            raise RuntimeError(f"{counted} of {size} units: nothing was measured")
        growth.append((events, rate))
    return Figure(
        f"counting of tests, {growth[-1][0]:,} events of {units:,} units",
        growth[-1][1],
        "events/s",
        limit_name="events/s joined with their unit's first, nothing stored",
        limit=limit,
        growth=tuple(growth),
    )


def _test(key: str, start: datetime) -> tuple[ABTest, Site]:
    """A running test on a site of its own workspace."""
    workspace = Workspace.objects.create(slug=key, name=key)
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    return running_test(site, start), site


def running_test(site: Site, start: datetime) -> ABTest:
    """A running test of two variants and two metrics on a site."""
    workspace = site.workspace
    test = ABTest.objects.create(workspace=workspace, key="bench", name="Bench")
    for place, name in enumerate(("control", "blue")):
        ABTestVariant.objects.create(
            workspace=workspace, test=test, key=name, name=name, position=place,
            is_control=place == 0,
        )  # fmt: skip
    for role, kind, amount in (("primary", "binomial", "count"), ("secondary", "mean", "value")):
        metric = Metric.objects.create(
            workspace=workspace, key=kind, name=kind, kind=kind, event="purchase", amount=amount
        )
        ABTestMetric.objects.create(workspace=workspace, test=test, metric=metric, role=role)
    WebsiteABTest.objects.create(workspace=workspace, test=test, site=site)
    test.status, test.started_at = ABTestStatus.RUNNING, start
    test.save(update_fields=["status", "started_at"])
    return test


def _fill(site: Site, units: int) -> None:
    ensure_days((_START + timedelta(days=day)).date() for day in range(DAYS + 4))
    given = {
        "workspace": site.workspace_id,
        "site": site.pk,
        "units": units,
        "each": EVENTS_PER_UNIT,
        "days": DAYS,
        "start": _START,
    }
    _asked(_EVENTS, given)
    _asked(_QUEUE, given)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) attribution_webevent")
        cursor.execute("VACUUM (ANALYZE) experiments_countingwork")


def _loaded(exposures: int) -> tuple[ABTest, float]:
    """A test of many old units, one in ten of whom bought, and the seconds to store them."""
    test, _site = _test(f"loaded-{exposures}", _OLD)
    variants = dict(test.variants.values_list("key", "pk"))
    given = {
        "workspace": test.workspace_id,
        "test": test.pk,
        "units": exposures,
        "days": DAYS,
        "start": _OLD,
        **variants,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # The keys of millions of rows made here need no look-up each; the server is ours.
        cursor.execute("SET LOCAL session_replication_role = replica")
        seconds = sum(
            _timed(lambda text=text: cursor.execute(text, given)) for text in (EXPOSURES, OUTCOMES)
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) experiments_exposure")
        cursor.execute("VACUUM (ANALYZE) experiments_unitoutcome")
    return test, seconds


def _asked(statement: str, given: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
