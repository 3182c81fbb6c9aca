"""Performance scores of creatives: where each stands among its like, in one statement."""

from __future__ import annotations

from typing import Final

from django.db import connection

from campaigns.selectors.derived import (
    SCORE_DAYS,
    SCORE_LEAST_CREATIVES,
    SCORE_LEAST_IMPRESSIONS,
    Newest,
)

# CTR × CVR is conversions / impressions: the clicks cancel. Of equals each counts as half beaten.
_SCORES: Final = """
    WITH ending AS (
      SELECT * FROM unnest(%(accounts)s::bigint[], %(newest)s::date[]) AS e (account_id, newest)
    ), shown AS (
      SELECT c.id, c.account_id, c.format, sum(p.conversions) / sum(p.impressions) AS rate
      FROM ending e
      JOIN campaigns_adaccount a ON a.id = e.account_id AND a.has_usable_conversions
      JOIN campaigns_dailyperformance p ON p.account_id = a.id AND p.level = 'ad'
       AND p.day > e.newest - %(days)s AND p.day <= e.newest
      JOIN campaigns_ad d ON d.id = p.ad_id
      JOIN campaigns_creative c ON c.id = d.creative_id
      GROUP BY c.id
      HAVING sum(p.impressions) >= %(least_impressions)s
    ), ranked AS (
      SELECT id, count(*) OVER like_it AS creatives, max(rate) OVER like_it AS best,
             rank() OVER (like_it ORDER BY rate) - 1
               + (count(*) OVER (PARTITION BY account_id, format, rate) - 1) / 2.0 AS beaten
      FROM shown WINDOW like_it AS (PARTITION BY account_id, format)
    ), scored AS (
      SELECT c.id, CASE WHEN r.creatives >= %(least_creatives)s AND r.best > 0
                        THEN round(100 * r.beaten / (r.creatives - 1)) END AS score
      FROM campaigns_creative c LEFT JOIN ranked r ON r.id = c.id
      WHERE c.account_id = ANY(%(all)s))
    UPDATE campaigns_creative c SET performance_score = s.score
    FROM scored s WHERE s.id = c.id AND c.performance_score IS DISTINCT FROM s.score"""


def refresh_scores(*, account_ids: list[int], newest: Newest) -> int:
    """Score the creatives of some accounts, 0 (worst of its format) to 100 (best).

    Returns
    -------
    how many scores have changed; those with too little to go by lose theirs
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SCORES,
            {
                "accounts": list(newest),
                "newest": list(newest.values()),
                "all": account_ids,
                "days": SCORE_DAYS,
                "least_impressions": SCORE_LEAST_IMPRESSIONS,
                "least_creatives": SCORE_LEAST_CREATIVES,
            },
        )
        return int(cursor.rowcount)
