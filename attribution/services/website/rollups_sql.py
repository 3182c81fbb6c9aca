"""Figures of days as SQL: those of a few days, from sessions, page views and events."""

from __future__ import annotations

from typing import Final

# Chosen by itself: inside IN the planner may ask anew for each row, and each time take others.
TAKE: Final = """
WITH due AS MATERIALIZED (
    SELECT id FROM attribution_rollupwork WHERE workspace_id = %(workspace)s
     ORDER BY day DESC, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM attribution_rollupwork w USING due WHERE w.id = due.id
    RETURNING w.site_id, w.day
)
INSERT INTO web_day SELECT site_id, day FROM taken
"""
CHOSEN: Final = "CREATE TEMP TABLE web_day (site_id bigint, day date) ON COMMIT DROP"
DROP: Final = "DROP TABLE IF EXISTS web_day, web_seen"
FORGET: Final = """
DELETE FROM attribution_webday d USING web_day w WHERE d.site_id = w.site_id AND d.day = w.day
"""
_COLUMNS: Final = (
    "workspace_id, site_id, day, dimension, key, visitors, sessions, page_views, events, entries,"
    " exits, bounces, seconds, scroll_sum, conversions, value"
)
SEEN: Final = """
CREATE TEMP TABLE web_seen ON COMMIT DROP AS
SELECT s.site_id, s.local_day, s.visitor_key, s.page_views, s.events, s.is_bounce, s.seconds,
       s.conversions, s.value, s.channel, s.source, s.campaign, s.landing_page, s.device,
       s.browser, s.os, s.country, s.customer_type, s.started_at
  FROM web_day w JOIN attribution_websession s ON s.site_id = w.site_id AND s.local_day = w.day
"""
# Each session once per dimension; a day's total is the dimension without keys.
SESSIONS: Final = f"""
INSERT INTO attribution_webday ({_COLUMNS})
SELECT %(workspace)s, s.site_id, s.local_day, d.dimension, d.key, count(DISTINCT s.visitor_key),
       count(*), sum(s.page_views), sum(s.events), 0, 0, count(*) FILTER (WHERE s.is_bounce),
       sum(s.seconds), 0, sum(s.conversions), coalesce(sum(s.value), 0)
  FROM web_seen s
 CROSS JOIN LATERAL (VALUES
       ('total', ''), ('channel', s.channel), ('source', s.source), ('campaign', s.campaign),
       ('landing', s.landing_page), ('device', s.device), ('browser', s.browser), ('os', s.os),
       ('country', s.country), ('customer', s.customer_type),
       ('hour', to_char(s.started_at AT TIME ZONE %(zone)s, 'HH24'))) AS d(dimension, key)
 GROUP BY s.site_id, s.local_day, d.dimension, d.key
"""  # noqa: S608  # constants of ours
PAGES: Final = f"""
INSERT INTO attribution_webday ({_COLUMNS})
SELECT %(workspace)s, p.site_id, p.local_day, 'page', p.path, count(DISTINCT p.visitor_key),
       count(DISTINCT p.session_id), count(*), sum(p.interactions),
       count(*) FILTER (WHERE p.position = 1), count(*) FILTER (WHERE p.is_exit), 0,
       sum(p.seconds), sum(p.scroll), 0, 0
  FROM web_day w JOIN attribution_pageview p ON p.site_id = w.site_id AND p.local_day = w.day
   AND p.day BETWEEN w.day - 2 AND w.day + 2
 GROUP BY p.site_id, p.local_day, p.path
"""  # noqa: S608  # constants of ours
EVENTS: Final = f"""
INSERT INTO attribution_webday ({_COLUMNS})
SELECT %(workspace)s, e.site_id, w.day, 'event', e.name, count(DISTINCT e.visitor_key), 0, 0,
       count(*), 0, 0, 0, 0, 0, count(*) FILTER (WHERE e.category = 'conversion'), 0
  FROM web_day w JOIN attribution_webevent e ON e.site_id = w.site_id
   AND e.day BETWEEN w.day - 2 AND w.day + 2 AND e.type IN ('custom', 'form_submit', 'click')
   AND (e.at AT TIME ZONE %(zone)s)::date = w.day
 GROUP BY e.site_id, w.day, e.name
"""  # noqa: S608  # constants of ours
