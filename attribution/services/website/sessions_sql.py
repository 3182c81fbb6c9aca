"""Sessions as SQL: the visitors of a chunk, their events walked in order, what that makes.

A session is decided by what lies next to it only, so a walk that begins where the chain of
sessions around the earliest new event begins makes the same rows as a walk over everything.
"""

from __future__ import annotations

from typing import Final

from attribution.engine.lifecycle import (
    INTERACTION_POINTS,
    INTERACTION_TOP,
    MINUTE_POINTS,
    MINUTE_TOP,
    PAGE_POINTS,
    PAGE_TOP,
    SCROLL_TOP,
    STAGE_POINTS,
)
from attribution.models import FunnelStage

BOUNCE_SECONDS: Final = 10
TABLES: Final = (
    "web_todo", "web_rule", "web_walk", "web_stage", "web_step", "web_new", "web_page", "web_gone",
    "web_visit",
)  # fmt: skip
DROP: Final = f"DROP TABLE IF EXISTS {', '.join(TABLES)}"
_RANKS: Final = ", ".join(f"('{stage}', {rank})" for rank, stage in enumerate(FunnelStage.values))
_ORDER: Final = "PARTITION BY site_id, visitor_key ORDER BY at, event_id"
_IN_PART: Final = "PARTITION BY site_id, visitor_key, part ORDER BY at, event_id"

CHOSEN: Final = """
CREATE TEMP TABLE web_todo (
    site_id bigint, visitor_key uuid, since timestamptz, timeout interval, at_midnight bool,
    on_campaign bool
) ON COMMIT DROP
"""
# Chosen by itself: inside IN the planner may ask anew for each row, and each time take others.
TAKE: Final = """
WITH due AS MATERIALIZED (
    SELECT id FROM attribution_sessionwork WHERE workspace_id = %(workspace)s
     ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM attribution_sessionwork w USING due WHERE w.id = due.id
    RETURNING w.site_id, w.visitor_key, w.since
)
INSERT INTO web_todo
SELECT t.site_id, t.visitor_key, min(t.since),
       s.session_timeout_minutes * interval '1 minute', s.splits_at_midnight, s.splits_on_campaign
  FROM taken t JOIN attribution_site s ON s.id = t.site_id
 GROUP BY t.site_id, t.visitor_key, s.id
"""
# Made once, here and below: of a table that it takes for empty the planner would make it anew for
# each row.
# Back to where the chain of sessions begins that the earliest new event may belong to.
WIDEN: Final = """
WITH o AS MATERIALIZED (
    SELECT w.site_id, w.visitor_key, min(s.chain_started_at) AS start
      FROM web_todo w
      JOIN attribution_websession s ON s.site_id = w.site_id
       AND s.visitor_key = w.visitor_key AND s.ended_at >= w.since - w.timeout
     GROUP BY 1, 2
)
UPDATE web_todo t SET since = least(t.since, o.start)
  FROM o
 WHERE o.site_id = t.site_id AND o.visitor_key = t.visitor_key
"""
# The day of an event's id is at most a day beside that of its time.
WALK: Final = """
CREATE TEMP TABLE web_walk ON COMMIT DROP AS
SELECT e.*, t.timeout, t.at_midnight, t.on_campaign,
       (e.at AT TIME ZONE %(zone)s)::date AS local_day,
       CASE WHEN e.is_tagged THEN
            concat_ws(E'\\x1f', e.source, e.medium, e.campaign, e.click_id) END AS tag
  FROM web_todo t
  JOIN attribution_webevent e ON e.site_id = t.site_id AND e.visitor_key = t.visitor_key
   AND e.at >= t.since AND e.day >= (t.since AT TIME ZONE 'UTC')::date - 1
"""
# A glob as LIKE: only * is more than itself.
RULES: Final = r"""
CREATE TEMP TABLE web_rule ON COMMIT DROP AS
SELECT site_id, position, id, stage,
       replace(replace(replace(replace(pattern, '\', '\\'), '%%', '\%%'), '_', '\_'), '*', '%%')
           AS "like"
  FROM attribution_stagerule WHERE workspace_id = %(workspace)s
"""
STAGES: Final = f"""
CREATE TEMP TABLE web_stage ON COMMIT DROP AS
SELECT p.site_id, p.path, k.stage, k.rank
  FROM (SELECT DISTINCT site_id, path FROM web_walk WHERE type = 'page_view') p
  LEFT JOIN LATERAL (
      SELECT r.stage FROM web_rule r WHERE r.site_id = p.site_id AND p.path LIKE r."like"
       ORDER BY r.position, r.id LIMIT 1) r ON true
  JOIN (VALUES {_RANKS}) AS k(stage, rank) ON k.stage = coalesce(r.stage, 'browsing')
"""  # noqa: S608  # constants of ours
# At the rate of the event's day; none while that is missing.
_AMOUNT: Final = """
      LEFT JOIN LATERAL (
          SELECT CASE WHEN x.base = w.currency THEN x.rate ELSE 1 / x.rate END AS factor
            FROM workspaces_exchangerate x
           WHERE w.category = 'conversion' AND w.value IS NOT NULL AND w.currency <> %(currency)s
             AND x.workspace_id = %(workspace)s AND x.day <= w.local_day
             AND ((x.base = w.currency AND x.quote = %(currency)s)
                  OR (x.quote = w.currency AND x.base = %(currency)s))
           ORDER BY x.day DESC, (x.base = w.currency) DESC LIMIT 1
      ) r ON true
"""
STEPS: Final = f"""
CREATE TEMP TABLE web_step ON COMMIT DROP AS
WITH read AS (
    SELECT w.*, s.stage, s.rank, r.factor
      FROM web_walk w
      LEFT JOIN web_stage s ON w.type = 'page_view' AND s.site_id = w.site_id AND s.path = w.path
      {_AMOUNT}
), lagged AS (
    SELECT r.*, lag(at) OVER o AS before, lag(local_day) OVER o AS before_day
      FROM read r WINDOW o AS ({_ORDER})
), chained AS (
    SELECT l.*, count(*) FILTER (
               WHERE before IS NULL OR at - before > timeout
                  OR (at_midnight AND local_day <> before_day)) OVER o AS chain
      FROM lagged l WINDOW o AS ({_ORDER})
), tagged AS (
    SELECT c.*, row_number() OVER o AS chain_row, first_value(at) OVER o AS chain_started_at,
           count(tag) OVER o AS tag_number
      FROM chained c WINDOW o AS (PARTITION BY site_id, visitor_key, chain ORDER BY at, event_id)
), told AS (
    SELECT t.*, first_value(tag) OVER (
               PARTITION BY site_id, visitor_key, chain, tag_number ORDER BY at, event_id) AS latest
      FROM tagged t
), compared AS (
    SELECT t.*, lag(latest) OVER (
               PARTITION BY site_id, visitor_key, chain ORDER BY at, event_id) AS before_tag
      FROM told t
), parted AS (
    SELECT c.*, count(*) FILTER (
               WHERE chain_row = 1
                  OR (on_campaign AND tag IS NOT NULL AND tag <> coalesce(before_tag, ''))
           ) OVER ({_ORDER}) AS part
      FROM compared c
)
SELECT p.*, row_number() OVER o AS step,
       count(*) FILTER (WHERE type = 'page_view') OVER o AS page_number,
       count(*) FILTER (WHERE type = 'page_view') OVER w AS pages,
       count(*) FILTER (WHERE source <> '') OVER o AS source_number
  FROM parted p
WINDOW o AS ({_IN_PART}), w AS (PARTITION BY site_id, visitor_key, part)
"""  # noqa: S608  # constants of ours
_FIRST: Final = ("device", "os", "browser", "country", "region", "city", "screen", "time_zone",
                 "language")  # fmt: skip
_SOURCE: Final = ("source", "medium", "campaign", "content", "term", "click_id_kind", "click_id")
_COUNTED: Final = f"""
SELECT workspace_id, site_id, visitor_key, part,
       md5('session:' || site_id || ':' || (min(event_id::text) FILTER (WHERE step = 1)))::uuid
           AS public_id,
       bool_or(has_consent) AS has_consent,
       min(chain_started_at) AS chain_started_at, min(at) AS started_at, max(at) AS ended_at,
       min(local_day) FILTER (WHERE step = 1) AS local_day,
       {", ".join(f"max({name}) FILTER (WHERE step = 1) AS {name}" for name in _FIRST)},
       {
    ", ".join(
        f"coalesce(max({name}) FILTER (WHERE source_number = 1 AND source <> ''), '') AS {name}"
        for name in _SOURCE
    )
},
       coalesce(bool_or(is_tagged) FILTER (WHERE source_number = 1 AND source <> ''), false)
           AS is_tagged,
       coalesce(max(url) FILTER (WHERE step = 1), '') AS first_url,
       coalesce(max(referrer) FILTER (WHERE page_number = 1 AND type = 'page_view'), '')
           AS referrer,
       coalesce(max(path) FILTER (WHERE page_number = 1 AND type = 'page_view'), '')
           AS landing_page,
       coalesce(max(path) FILTER (WHERE page_number = pages AND type = 'page_view'), '')
           AS exit_page,
       count(*) FILTER (WHERE type = 'page_view') AS page_views,
       count(*) FILTER (WHERE type NOT IN ('page_view', 'engagement')) AS events,
       count(*) FILTER (WHERE type IN ('click', 'form_submit', 'custom')) AS interactions,
       coalesce(sum(seconds), 0) AS engaged,
       greatest(coalesce(sum(seconds), 0), extract(epoch FROM max(at) - min(at))::float8)
           AS seconds,
       coalesce(max(scroll), 0) AS scroll, coalesce(max(rank), 0) AS rank,
       count(*) FILTER (WHERE category = 'conversion') AS told_conversions,
       min(at) FILTER (WHERE category = 'conversion' OR stage = 'conversion') AS converted_at,
       coalesce(sum(CASE WHEN category <> 'conversion' THEN 0
                         WHEN currency = %(currency)s THEN value ELSE value * factor END), 0)
           AS value,
       bool_or(category = 'conversion' AND value IS NOT NULL AND currency <> %(currency)s
               AND factor IS NULL) AS lacks_rate,
       (array_agg(user_id ORDER BY at DESC, event_id DESC) FILTER (WHERE user_id <> ''))[1]
           AS user_id,
       (array_agg(variants ORDER BY at DESC, event_id DESC) FILTER (WHERE variants <> '{{}}'))[1]
           AS variants
  FROM web_step GROUP BY workspace_id, site_id, visitor_key, part
"""  # noqa: S608  # constants of ours
_STAGE_POINTS: Final = " ".join(f"WHEN '{k}' THEN {v}" for k, v in STAGE_POINTS.items())
NEW: Final = f"""
CREATE TEMP TABLE web_new ON COMMIT DROP AS
SELECT c.*, k.stage AS furthest_stage,
       greatest(told_conversions, (c.rank = {len(FunnelStage) - 1})::int) AS conversions,
       page_views <= 1 AND interactions = 0 AND told_conversions = 0 AND engaged < {BOUNCE_SECONDS}
           AS is_bounce,
       floor(least({PAGE_TOP}, {PAGE_POINTS} * greatest(0, page_views - 1))
             + least({MINUTE_TOP}, {MINUTE_POINTS} * seconds / 60)
             + {SCROLL_TOP} * scroll / 100.0::float8
             + least({INTERACTION_TOP}, {INTERACTION_POINTS} * interactions)
             + CASE k.stage {_STAGE_POINTS} ELSE 0 END + 0.5)::int AS engagement_score
  FROM ({_COUNTED}) c JOIN (VALUES {_RANKS}) AS k(stage, rank) ON k.rank = c.rank
"""  # noqa: S608  # constants of ours
SOURCES: Final = "SELECT DISTINCT source, medium FROM web_new"
VISITORS: Final = """
INSERT INTO attribution_visitor
       (public_id, workspace_id, site_id, key, has_consent, user_id, first_source, first_medium,
        first_campaign, first_url, first_referrer, utm_source, utm_medium, utm_campaign,
        utm_content, utm_term, device, os, browser, screen, country, region, city, time_zone,
        language, visits, page_views, seconds, conversions, value, first_seen_at, last_seen_at,
        customer_type, lifecycle_stage, lifecycle_reason)
SELECT md5('visitor:' || site_id || ':' || visitor_key)::uuid, workspace_id, site_id, visitor_key,
       bool_or(has_consent), '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '',
       '', '', '', 0, 0, 0, 0, 0, min(started_at), max(ended_at), '', '', ''
  FROM web_new GROUP BY workspace_id, site_id, visitor_key
    ON CONFLICT (site_id, key) DO NOTHING
"""
# Days of sessions as they were, and as they are: both are counted anew.
_DAYS: Final = """
INSERT INTO attribution_rollupwork (workspace_id, site_id, day)
SELECT DISTINCT %(workspace)s, {site}, {day} FROM {rows}
    ON CONFLICT (site_id, day) DO NOTHING
"""
_OLD: Final = (
    "web_todo t JOIN attribution_websession s ON s.site_id = t.site_id"
    " AND s.visitor_key = t.visitor_key AND s.started_at >= t.since"
)
OLD_DAYS: Final = _DAYS.format(site="s.site_id", day="s.local_day", rows=_OLD)
NEW_DAYS: Final = _DAYS.format(site="site_id", day="local_day", rows="web_walk")
# Held first: of sessions that nobody has counted yet the planner expects all but none to be left
# without the new ones, and goes through all visitors for each.
GONE: Final = f"""
CREATE TEMP TABLE web_gone ON COMMIT DROP AS
WITH held AS MATERIALIZED (SELECT s.id, s.public_id FROM {_OLD})
SELECT h.id, h.public_id FROM held h
 WHERE NOT EXISTS (SELECT 1 FROM web_new n WHERE n.public_id = h.public_id)
"""  # noqa: S608  # constants of ours
FORGET: Final = "DELETE FROM attribution_websession WHERE id IN (SELECT id FROM web_gone)"
_SESSION: Final = (
    "chain_started_at", "started_at", "ended_at", "local_day", "medium", "campaign", "content",
    "term", "click_id_kind", "click_id", "referrer", "landing_page", "exit_page", "page_views",
    "events", "seconds", "is_bounce", "furthest_stage", "conversions", "engagement_score",
    "device", "os", "browser", "country", "region", "city",
)  # fmt: skip
_STORED: Final = (*_SESSION, "source", "channel", "value", "variants")
SESSIONS: Final = f"""
INSERT INTO attribution_websession AS s
       (public_id, workspace_id, site_id, visitor_id, visitor_key, number, customer_type,
        {", ".join(_STORED)})
SELECT n.public_id, n.workspace_id, n.site_id, v.id, n.visitor_key, 1, '',
       {", ".join(f"n.{name}" for name in _SESSION)},
       coalesce(nullif(n.source, ''), 'direct'), c.channel,
       CASE WHEN n.lacks_rate THEN NULL ELSE round(n.value, 6) END, coalesce(n.variants, '{{}}')
  FROM web_new n
  JOIN attribution_visitor v ON v.site_id = n.site_id AND v.key = n.visitor_key
  JOIN unnest(%(sources)s::text[], %(mediums)s::text[], %(channels)s::text[])
       AS c(source, medium, channel) ON c.source = n.source AND c.medium = n.medium
    ON CONFLICT (public_id) DO UPDATE
   SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _STORED)}
 WHERE ({", ".join(f"s.{name}" for name in _STORED)}) IS DISTINCT FROM
       ({", ".join(f"EXCLUDED.{name}" for name in _STORED)})
"""  # noqa: S608  # constants of ours
# What is done on a page counts for the page that it names, in the session that it happened in.
PAGES: Final = f"""
CREATE TEMP TABLE web_page ON COMMIT DROP AS
WITH attached AS (
    SELECT t.*, coalesce(page_id, first_value(event_id) OVER (
               PARTITION BY site_id, visitor_key, part, page_number ORDER BY at, event_id)) AS page
      FROM web_step t WHERE page_number > 0
), done AS (
    SELECT site_id, visitor_key, part, page, coalesce(sum(seconds), 0) AS seconds,
           coalesce(max(scroll), 0) AS scroll,
           count(*) FILTER (WHERE type IN ('click', 'form_submit', 'custom')) AS interactions
      FROM attached WHERE type <> 'page_view' GROUP BY 1, 2, 3, 4
), seen AS (
    SELECT t.*, lead(at) OVER ({_IN_PART}) AS next_at FROM web_step t WHERE type = 'page_view'
)
SELECT p.event_id, p.workspace_id, p.site_id, p.day, p.local_day, p.visitor_key, n.public_id
           AS session_id, p.page_number AS position, p.at, p.url, p.path, p.title, p.referrer,
       p.stage, p.stage = 'conversion' AS is_conversion_page, p.page_number = p.pages AS is_exit,
       CASE WHEN d.seconds > 0 THEN d.seconds
            ELSE coalesce(extract(epoch FROM p.next_at - p.at)::float8, 0) END AS seconds,
       coalesce(d.scroll, 0) AS scroll, coalesce(d.interactions, 0) AS interactions, p.variants
  FROM seen p
  JOIN web_new n USING (site_id, visitor_key, part)
  LEFT JOIN done d ON d.site_id = p.site_id AND d.visitor_key = p.visitor_key
       AND d.part = p.part AND d.page = p.event_id
"""  # noqa: S608  # constants of ours
_PAGE: Final = (
    "event_id", "workspace_id", "site_id", "day", "local_day", "visitor_key", "session_id",
    "position", "at", "url", "path", "title", "referrer", "stage", "is_conversion_page", "is_exit",
    "seconds", "scroll", "interactions", "variants",
)  # fmt: skip
_MADE: Final = ("local_day", "session_id", "position", "stage", "is_conversion_page", "is_exit",
                "seconds", "scroll", "interactions")  # fmt: skip
STORE_PAGES: Final = f"""
INSERT INTO attribution_pageview AS p ({", ".join(_PAGE)})
SELECT {", ".join(_PAGE)} FROM web_page
    ON CONFLICT (site_id, day, event_id) DO UPDATE
   SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _MADE)}
 WHERE ({", ".join(f"p.{name}" for name in _MADE)}) IS DISTINCT FROM
       ({", ".join(f"EXCLUDED.{name}" for name in _MADE)})
"""  # noqa: S608  # constants of ours
# The place of each session among the visitor's, and who he was when it began.
NUMBERS: Final = """
WITH o AS MATERIALIZED (
    SELECT s.id, row_number() OVER w AS number,
         CASE WHEN NOT v.has_consent THEN ''
              WHEN coalesce(sum(s.conversions) OVER (
                       PARTITION BY s.visitor_id ORDER BY s.started_at, s.public_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) > 0
                   OR s.started_at > b.bought_at THEN 'existing'
              WHEN row_number() OVER w > 1 THEN 'returning' ELSE 'new' END AS customer_type
    FROM web_todo t
    JOIN attribution_visitor v ON v.site_id = t.site_id AND v.key = t.visitor_key
    JOIN attribution_websession s ON s.visitor_id = v.id
    LEFT JOIN LATERAL (
        SELECT min(c.converted_at) AS bought_at FROM conversion_tracking c
         WHERE c.person_id = v.person_id) b ON true
  WINDOW w AS (PARTITION BY s.visitor_id ORDER BY s.started_at, s.public_id)
)
UPDATE attribution_websession s SET number = o.number, customer_type = o.customer_type
  FROM o
 WHERE s.id = o.id AND (s.number, s.customer_type) IS DISTINCT FROM (o.number, o.customer_type)
"""
SUMS: Final = """
WITH o AS MATERIALIZED (
    SELECT s.visitor_id, count(*) AS visits, sum(s.page_views) AS page_views,
         sum(s.seconds) AS seconds, sum(s.conversions) AS conversions,
         CASE WHEN bool_or(s.value IS NULL) THEN NULL ELSE sum(s.value) END AS value,
         min(s.started_at) AS first_seen_at, max(s.ended_at) AS last_seen_at,
         (array_agg(s.customer_type ORDER BY s.number DESC))[1] AS customer_type,
         min(t.since) AS since, min(n.converted_at) AS converted_at,
         (array_agg(n.user_id ORDER BY n.started_at DESC)
          FILTER (WHERE n.user_id IS NOT NULL))[1] AS user_id
    FROM web_todo t
    JOIN attribution_websession s ON s.site_id = t.site_id
     AND s.visitor_key = t.visitor_key
    LEFT JOIN web_new n ON n.public_id = s.public_id
   GROUP BY s.visitor_id
)
UPDATE attribution_visitor v
   SET visits = o.visits, page_views = o.page_views, seconds = o.seconds,
       conversions = o.conversions, value = o.value, first_seen_at = o.first_seen_at,
       last_seen_at = o.last_seen_at, customer_type = CASE
           WHEN NOT v.has_consent THEN '' WHEN o.conversions > 0 THEN 'existing'
           ELSE o.customer_type END,
       user_id = coalesce(o.user_id, v.user_id),
       first_conversion_at = least(
           o.converted_at,
           CASE WHEN v.first_conversion_at < o.since THEN v.first_conversion_at END)
  FROM o
 WHERE v.id = o.visitor_id
"""
FIRSTS: Final = f"""
UPDATE attribution_visitor v
   SET first_source = coalesce(nullif(n.source, ''), 'direct'), first_medium = n.medium,
       first_campaign = n.campaign, first_url = n.first_url, first_referrer = n.referrer,
       {
    ", ".join(
        f"utm_{name} = CASE WHEN n.is_tagged THEN n.{name} ELSE '' END"
        for name in ("source", "medium", "campaign", "content", "term")
    )
},
       {", ".join(f"{name} = n.{name}" for name in _FIRST)}
  FROM web_new n JOIN attribution_websession s ON s.public_id = n.public_id AND s.number = 1
 WHERE v.id = s.visitor_id
"""  # noqa: S608  # constants of ours
TOUCHED: Final = """
SELECT v.id FROM web_todo t
  JOIN attribution_visitor v ON v.site_id = t.site_id AND v.key = t.visitor_key
"""
