"""Tests of ads: their sums come from the daily performance of the ads that are the variants."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection, transaction

from experiments.models import ABTest
from experiments.services.counting import sums_sql
from experiments.services.counting.counting import TOPIC, begin, lock_counting, run
from experiments.sources import AD_EVENTS, AD_UNITS
from workspaces.services.live import bump

_COLUMNS: Final = {
    "impression": "p.impressions",
    "click": "p.clicks",
    "conversion": "p.conversions",
    "spend": "round(p.spend * f.factor, 6)",
    "revenue": "round(p.revenue * f.factor, 6)",
}
_UNITS: Final = " ".join(f"WHEN '{did}' THEN {_COLUMNS[of]}" for did, of in AD_UNITS.items())


def _amount(event: str) -> str:
    rows = " ".join(f"WHEN '{name}' THEN {_COLUMNS[name]}" for name in AD_EVENTS)
    return f"coalesce(CASE {event} {rows} END, 0)"


# A share is of impressions or clicks, and no more of them can have done it than there were. All
# else is of days: each day of an ad is a unit.
_DAYS: Final = f"""
CREATE TEMP TABLE count_sum ON COMMIT DROP AS
SELECT test_id, variant_id, metric_id, 'total' AS dimension, '' AS key, day, units, y AS sum,
       CASE WHEN kind = 'binomial' THEN y ELSE y * y END AS sum_squares,
       z AS denominator_sum, z * z AS denominator_sum_squares, y * z AS sum_product,
       0::numeric AS covariate_sum, 0::numeric AS covariate_sum_squares,
       0::numeric AS sum_covariate_product
  FROM (SELECT o.*, CASE WHEN kind = 'binomial' THEN least(amount, units) ELSE amount END AS y
          FROM (SELECT v.test_id, v.id AS variant_id, m.id AS metric_id, m.kind, p.day,
                       CASE WHEN m.kind = 'binomial' THEN coalesce(CASE m.event {_UNITS} END, 0)
                            ELSE 1 END AS units,
                       {_amount("m.event")}::numeric AS amount,
                       CASE WHEN m.kind = 'ratio' THEN {_amount("m.per_event")}::numeric
                            ELSE 0 END AS z
                  FROM experiments_abtest b
                  JOIN experiments_abtestvariant v ON v.test_id = b.id
                  JOIN experiments_abtestmetric u ON u.test_id = b.id
                  JOIN experiments_metric m ON m.id = u.metric_id AND m.source = 'ad_performance'
                  JOIN campaigns_dailyperformance p ON p.ad_id = v.ad_id AND p.level = 'ad'
                   AND p.workspace_id = b.workspace_id
                   AND p.day >= (b.started_at AT TIME ZONE %(zone)s)::date
                   AND (b.ended_at IS NULL
                        OR p.day <= (b.ended_at AT TIME ZONE %(zone)s)::date)
                  JOIN campaigns_adaccount e ON e.id = p.account_id
                  LEFT JOIN LATERAL (
                      SELECT 1::numeric AS factor WHERE e.currency = %(currency)s
                      UNION ALL
                      (SELECT CASE WHEN r.base = e.currency THEN r.rate ELSE 1 / r.rate END
                         FROM workspaces_exchangerate r
                        WHERE e.currency <> %(currency)s AND r.workspace_id = p.workspace_id
                          AND r.day <= p.day
                          AND ((r.base = e.currency AND r.quote = %(currency)s)
                               OR (r.quote = e.currency AND r.base = %(currency)s))
                        ORDER BY r.day DESC, (r.base = e.currency) DESC LIMIT 1)) f ON true
                 WHERE b.id = %(test)s) o) a
"""
_EXPOSED: Final = """
MERGE INTO experiments_exposureday d
USING (SELECT v.id AS variant_id, p.day, p.impressions AS units
         FROM experiments_abtest b
         JOIN experiments_abtestvariant v ON v.test_id = b.id
         JOIN campaigns_dailyperformance p ON p.ad_id = v.ad_id AND p.level = 'ad'
          AND p.workspace_id = b.workspace_id
          AND p.day >= (b.started_at AT TIME ZONE %(zone)s)::date
          AND (b.ended_at IS NULL OR p.day <= (b.ended_at AT TIME ZONE %(zone)s)::date)
        WHERE b.id = %(test)s) g
   ON d.test_id = %(test)s AND d.dimension = 'total' AND d.variant_id = g.variant_id
  AND d.key = '' AND d.day = g.day
 WHEN MATCHED AND d.units <> g.units THEN UPDATE SET units = g.units
 WHEN NOT MATCHED THEN
      INSERT (workspace_id, test_id, variant_id, dimension, key, day, units, in_several)
      VALUES (%(workspace)s, %(test)s, g.variant_id, 'total', '', g.day, g.units, 0)
"""


def count_ads(*, test: ABTest, repairs: bool = True) -> int:
    """Read a test of ads from their performance; how many days were not as it says.

    Ads are measured by whole days, the first and the last included.
    """
    workspace = test.workspace
    given: dict[str, Any] = {
        "workspace": workspace.pk,
        "test": test.pk,
        "zone": workspace.zone.key,
        "currency": workspace.currency,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        lock_counting(workspace.pk)
        begin(cursor)
        run(cursor, (_DAYS, sums_sql.DIFFERENT), given)
        different = int(cursor.fetchone()[0])
        if different and repairs:
            run(cursor, (sums_sql.CLEAR, sums_sql.FILL, _EXPOSED), given)
            bump(workspace.pk, TOPIC)
    return different
