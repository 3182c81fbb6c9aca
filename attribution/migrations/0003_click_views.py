"""The four views over clicks and conversions. ``tenant_id`` is the workspace's slug."""

from django.db import migrations

RECOVERY = """
CREATE OR REPLACE VIEW v_attribution_recovery_rate AS
WITH daily AS (
    -- Days of the workspace; a quarter of them, so that the list reads no more than it shows.
    SELECT w.slug, (c.converted_at AT TIME ZONE w.time_zone)::date AS day, c.method,
           count(*)::int AS conversions
      FROM conversion_tracking c
      JOIN workspaces_workspace w ON w.id = c.workspace_id
     WHERE c.converted_at >= now() - interval '90 days'
     GROUP BY 1, 2, 3
), totals AS (
    SELECT slug, day, sum(conversions)::int AS total FROM daily GROUP BY 1, 2
)
SELECT t.slug || '/' || t.day || '/' || layer.name AS row_key,
       t.slug AS tenant_id,
       t.day,
       layer.name AS layer,
       coalesce(d.conversions, 0) AS recovered,
       t.total AS conversions,
       coalesce(d.conversions, 0)::float8 / t.total AS recovery_rate
  FROM totals t
 CROSS JOIN (VALUES ('url_parameter'), ('identity'), ('fingerprint'), ('probabilistic'))
       AS layer(name)
  LEFT JOIN daily d ON d.slug = t.slug AND d.day = t.day AND d.method = layer.name
"""

ACTIVE = """
CREATE OR REPLACE VIEW v_active_clicks AS
SELECT c.id AS click_row,
       w.slug AS tenant_id,
       c.click_id,
       coalesce(a.external_id, c.given_ad) AS ad_id,
       coalesce(p.external_id, c.given_campaign) AS campaign_id,
       c.clicked_at,
       c.expires_at,
       extract(epoch FROM c.expires_at - now())::float8 / 3600 AS hours_left
  FROM click_tracking c
  JOIN workspaces_workspace w ON w.id = c.workspace_id
  LEFT JOIN campaigns_ad a ON a.id = c.ad_id
  LEFT JOIN campaigns_campaign p ON p.id = c.campaign_id
 WHERE c.is_valid AND c.expires_at > now()
"""

SUMMARY = """
CREATE OR REPLACE VIEW v_conversion_attribution_summary AS
SELECT w.slug || '/' || c.type || '/' || c.method || '/' || c.currency AS row_key,
       w.slug AS tenant_id,
       c.type AS conversion_type,
       c.method AS attribution_method,
       c.currency,
       count(*)::int AS conversions,
       sum(c.value)::numeric(30, 6) AS total_value,
       avg(c.confidence)::float8 AS mean_confidence,
       (avg(extract(epoch FROM c.converted_at - c.attributed_clicked_at)) / 3600)::float8
           AS mean_hours_to_convert
  FROM conversion_tracking c
  JOIN workspaces_workspace w ON w.id = c.workspace_id
 WHERE c.converted_at >= now() - interval '30 days'
 GROUP BY w.slug, c.type, c.method, c.currency
"""

UNATTRIBUTED = """
CREATE OR REPLACE VIEW v_unattributed_conversions AS
SELECT c.id AS conversion_row,
       w.slug AS tenant_id,
       c.conversion_id,
       c.type AS conversion_type,
       c.value,
       c.currency,
       c.converted_at,
       c.has_consent,
       c.click_id <> '' OR c.fbclid <> '' OR c.gclid <> '' OR c.wbraid <> '' OR c.gbraid <> ''
           OR c.ttclid <> '' OR c.li_fat_id <> '' OR c.msclkid <> '' AS has_click_id,
       c.needs_attribution AS is_waiting
  FROM conversion_tracking c
  JOIN workspaces_workspace w ON w.id = c.workspace_id
 WHERE c.method = 'unattributed'
"""


def view(name: str, sql: str) -> migrations.RunSQL:
    """The view, and how to take it away again."""
    return migrations.RunSQL(sql, reverse_sql=f"DROP VIEW IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("attribution", "0002_revenue_views")]

    operations = [
        view("v_attribution_recovery_rate", RECOVERY),
        view("v_active_clicks", ACTIVE),
        view("v_conversion_attribution_summary", SUMMARY),
        view("v_unattributed_conversions", UNATTRIBUTED),
    ]
