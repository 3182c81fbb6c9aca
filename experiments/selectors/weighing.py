"""What the variants of a bandit bring, without the bias of shares that followed the figures."""

from __future__ import annotations

from typing import Final

from django.db import connection

from experiments.engine.bandit import Estimate, Period, weighted_means
from experiments.models import WHOLE, ABTest, ABTestAllocation, Metric, MetricKind
from experiments.selectors.results import variants_of
from experiments.selectors.rules import rule_of

# Units by variant and by the stretch of equal shares in which they came; what a unit did is capped
# as the sums cap it.
_PERIODS: Final = """
SELECT e.variant_id, width_bucket(e.at, %(moments)s::timestamptz[]) AS stretch,
       count(*), sum(y.value), sum(y.value * y.value)
  FROM experiments_exposure e
 CROSS JOIN LATERAL (
       SELECT least(coalesce(sum(o.value), 0), %(cap)s::numeric) AS value
         FROM experiments_unitoutcome o
        WHERE o.exposure_id = e.id AND o.metric_id = %(metric)s) y
 WHERE e.test_id = %(test)s
 GROUP BY 1, 2
"""


def weighted_of(test: ABTest, metric: Metric) -> list[Estimate | None]:
    """Means of the variants in order, each unit weighed by one over its propensity.

    It reads every exposure, so it is for a page that somebody opened and not for a list.
    """
    variants = variants_of(test)
    places = {variant.pk: place for place, variant in enumerate(variants)}
    rows = list(
        ABTestAllocation.objects.filter(test=test).order_by("at").values_list("at", "weights")
    )
    if not rows:
        return [None for _ in variants]
    cap = 1 if metric.kind == MetricKind.BINOMIAL else metric.cap
    with connection.cursor() as cursor:
        cursor.execute(
            _PERIODS,
            {"moments": [at for at, _ in rows], "cap": cap, "metric": metric.pk, "test": test.pk},
        )
        found = cursor.fetchall()
    periods = []
    for variant, stretch, units, total, squares in found:
        place = places[variant]
        share = rows[max(stretch, 1) - 1][1].get(variants[place].key, 0) / WHOLE
        # Somebody who came by another share than was logged, such as a forced one, weighs nothing.
        if share > 0:
            periods.append(Period(place, share, float(units), float(total), float(squares)))
    return weighted_means(periods, len(variants), alpha=rule_of(test).alpha)
