"""Visits told to attribution as SQL: who came, and through which channel."""

from __future__ import annotations

from typing import Final

# Whoever is known by the browser's id already, from a click or a conversion, is that person.
KNOWN: Final = """
UPDATE attribution_visitor v SET person_id = i.person_id
  FROM web_todo t, attribution_identifier i
 WHERE v.site_id = t.site_id AND v.key = t.visitor_key AND v.has_consent AND v.person_id IS NULL
   AND i.workspace_id = v.workspace_id AND i.kind = 'visitor_id' AND i.value = v.key::text
"""
PEOPLE: Final = """
INSERT INTO attribution_person (public_id, workspace_id, created_at)
SELECT DISTINCT md5('visitor:' || %(workspace)s || ':' || v.key)::uuid, v.workspace_id, %(now)s
  FROM web_todo t JOIN attribution_visitor v ON v.site_id = t.site_id AND v.key = t.visitor_key
 WHERE v.has_consent AND v.person_id IS NULL
    ON CONFLICT DO NOTHING
"""
IDENTIFIERS: Final = """
INSERT INTO attribution_identifier (workspace_id, person_id, kind, value, first_seen_at)
SELECT v.workspace_id, p.id, 'visitor_id', v.key::text, min(v.first_seen_at)
  FROM web_todo t
  JOIN attribution_visitor v ON v.site_id = t.site_id AND v.key = t.visitor_key
  JOIN attribution_person p
    ON p.public_id = md5('visitor:' || %(workspace)s || ':' || v.key)::uuid
 WHERE v.has_consent AND v.person_id IS NULL
 GROUP BY v.workspace_id, p.id, v.key
    ON CONFLICT DO NOTHING
"""
IDENTIFIED: Final = """
SELECT v.key::text, v.user_id
  FROM web_new n
  JOIN attribution_visitor v ON v.site_id = n.site_id AND v.key = n.visitor_key
 WHERE n.user_id IS NOT NULL AND v.has_consent
 GROUP BY v.key, v.user_id
"""
# A campaign by its id or its name, an ad by its id, where exactly one is meant.
_ONE: Final = """
    LEFT JOIN LATERAL (
        SELECT min(c.id) AS id FROM campaigns_{table} c
         WHERE c.workspace_id = %(workspace)s AND n.{column} <> ''
           AND (c.external_id = n.{column}{or_name}) HAVING count(*) = 1) {name} ON true
"""
VISITS: Final = f"""
CREATE TEMP TABLE web_visit ON COMMIT DROP AS
SELECT s.public_id, v.person_id, s.channel, s.started_at, s.country, s.landing_page, n.first_url,
       coalesce(a.campaign_id, p.id) AS campaign_id, a.id AS ad_id
  FROM web_new n
  JOIN attribution_websession s ON s.public_id = n.public_id
  JOIN attribution_visitor v ON v.id = s.visitor_id AND v.person_id IS NOT NULL
  {_ONE.format(table="campaign", column="campaign", or_name=" OR c.name = n.campaign", name="p")}
  {_ONE.format(table="ad", column="content", or_name="", name="o")}
  LEFT JOIN campaigns_ad a ON a.id = o.id
 WHERE n.click_id = ''
"""  # noqa: S608  # constants of ours
CHANNELS: Final = """
INSERT INTO attribution_channel (workspace_id, name)
SELECT DISTINCT %(workspace)s, channel FROM web_visit ON CONFLICT DO NOTHING
"""
# A touch that became another one leaves its journeys, so that they are walked anew.
TOUCHES: Final = """
INSERT INTO customer_touchpoint AS t
       (workspace_id, person_id, channel_id, campaign_id, ad_id, kind, at, country, source_key,
        page_url, content_title, call_to_action, message_key, extra, created_at)
SELECT %(workspace)s, w.person_id, c.id, w.campaign_id, w.ad_id, 'visit', w.started_at, w.country,
       'visit:' || w.public_id, w.first_url, '', '', '', '{}', %(now)s
  FROM web_visit w
  JOIN attribution_channel c ON c.workspace_id = %(workspace)s AND c.name = w.channel
 ORDER BY w.started_at, w.public_id
    ON CONFLICT (workspace_id, source_key) DO UPDATE
   SET channel_id = EXCLUDED.channel_id, campaign_id = EXCLUDED.campaign_id,
       ad_id = EXCLUDED.ad_id, journey_id = NULL, position = NULL,
       minutes_since_first_touch = NULL, minutes_since_last_touch = NULL
 WHERE (t.channel_id, t.campaign_id, t.ad_id) IS DISTINCT FROM
       (EXCLUDED.channel_id, EXCLUDED.campaign_id, EXCLUDED.ad_id)
"""
GONE: Final = """
SELECT t.id FROM web_gone g
  JOIN customer_touchpoint t ON t.workspace_id = %(workspace)s
   AND t.source_key = 'visit:' || g.public_id
"""
CLICKS: Final = """
SELECT n.public_id FROM web_new n
 WHERE n.click_id <> ''
   AND NOT EXISTS (SELECT 1 FROM click_tracking c
                    WHERE c.workspace_id = %(workspace)s AND c.click_id = 'web:' || n.public_id)
"""
CONVERSIONS: Final = """
SELECT n.public_id, e.event_id, e.name, e.at, e.value, e.currency, e.properties::text
  FROM web_step e
  JOIN web_new n USING (site_id, visitor_key, part)
  JOIN attribution_site s ON s.id = e.site_id AND s.records_conversions
 WHERE e.category = 'conversion'
 ORDER BY e.at, e.event_id
"""
