"""The sources that are there from the start, as questions (`experiments.sources`)."""

from __future__ import annotations

from typing import Final

from experiments.models import MetricSource
from experiments.sources import register_source

# At the rate of the event's day; none while that is missing.
_RATE: Final = """
  LEFT JOIN LATERAL (
      SELECT CASE WHEN r.base = e.currency THEN r.rate ELSE 1 / r.rate END AS factor
        FROM workspaces_exchangerate r
       WHERE e.value IS NOT NULL AND e.currency <> %(currency)s
         AND r.workspace_id = %(workspace)s AND r.day <= (e.{at} AT TIME ZONE %(zone)s)::date
         AND ((r.base = e.currency AND r.quote = %(currency)s)
              OR (r.quote = e.currency AND r.base = %(currency)s))
       ORDER BY r.day DESC, (r.base = e.currency) DESC LIMIT 1) f ON true
"""
_WORTH: Final = """
       CASE WHEN e.currency IN ('', %(currency)s) THEN e.value
            ELSE round(e.value * f.factor, 6) END
"""
# By name, by type, or pages by their path. The day of an event's id is beside that of its time.
_WEBSITE: Final = f"""
SELECT s.exposure_id, a.metric_id, a.is_below, e.at, {_WORTH}
  FROM count_span s
  JOIN attribution_webevent e ON e.site_id = s.site_id AND e.visitor_key = s.visitor_key
   AND e.at >= s.since AND e.at < s.until
   AND e.day >= (s.since AT TIME ZONE 'UTC')::date - 1
   AND e.day <= (s.until AT TIME ZONE 'UTC')::date + 1
  JOIN count_ask a ON a.test_id = s.test_id AND a.source = s.source
   AND (a.event IN (e.name, e.type) OR (e.type = 'page_view' AND e.path LIKE a.pattern))
  {_RATE.format(at="at")}
 WHERE s.source = 'website_event'
"""
# Of everybody whom merges make one with who is known by the unit's name; each conversion once.
_CONVERSION: Final = f"""
SELECT o.exposure_id, a.metric_id, a.is_below, e.converted_at, {_WORTH}
  FROM (SELECT DISTINCT s.exposure_id, s.test_id, s.since, s.until, m.id AS person_id
          FROM count_span s
          JOIN attribution_identifier i ON i.workspace_id = %(workspace)s
           AND i.kind IN ('visitor_id', 'user_id') AND i.value = s.unit
          JOIN attribution_person p ON p.id = i.person_id
         CROSS JOIN LATERAL (
               SELECT coalesce(p.root_id, p.id) AS id
               UNION ALL
               SELECT n.id FROM attribution_person n WHERE n.root_id = coalesce(p.root_id, p.id)
               ) m
         WHERE s.source = 'conversion') o
  JOIN conversion_tracking e ON e.person_id = o.person_id AND e.workspace_id = %(workspace)s
   AND e.converted_at >= o.since AND e.converted_at < o.until
  JOIN count_ask a ON a.test_id = o.test_id AND a.source = 'conversion'
   AND a.event IN ('', e.type)
  {_RATE.format(at="converted_at")}
"""
_TRACKED: Final = """
SELECT s.exposure_id, a.metric_id, a.is_below, e.at, e.value
  FROM count_span s
  JOIN experiments_unitevent e ON e.workspace_id = %(workspace)s AND e.unit = s.unit
   AND e.at >= s.since AND e.at < s.until
  JOIN count_ask a ON a.test_id = s.test_id AND a.source = s.source AND a.event = e.name
 WHERE s.source = 'tracked'
"""


def register_sources() -> None:
    """Make them known; called in ``ready()``."""
    register_source(MetricSource.WEBSITE_EVENT, _WEBSITE)
    register_source(MetricSource.CONVERSION, _CONVERSION)
    register_source(MetricSource.TRACKED, _TRACKED)
