"""The two views over stage values and deals. ``tenant_id`` is the workspace's slug."""

from django.db import migrations

STAGE_VALUES = """
CREATE OR REPLACE VIEW v_stage_values AS
SELECT w.slug || '/' || s.key AS row_key,
       w.slug AS tenant_id,
       s.key AS stage_name,
       s.value AS stage_value,
       s.confidence AS stage_confidence,
       s.description AS stage_description
  FROM (SELECT DISTINCT ON (workspace_id) id, workspace_id
          FROM synthetic_revenue_config
         WHERE effective_at <= now()
         ORDER BY workspace_id, version DESC) c
  JOIN workspaces_workspace w ON w.id = c.workspace_id
  JOIN attribution_pipelinestage s ON s.config_id = c.id
"""

SUMMARY = """
CREATE OR REPLACE VIEW v_synthetic_revenue_summary AS
SELECT w.slug || '/' || d.stage AS row_key,
       w.slug AS tenant_id,
       d.stage AS stage_name,
       bool_or(s.id IS NOT NULL) AS is_known,
       count(*)::int AS deals,
       count(d.ad_id)::int AS credited_deals,
       -- A won deal of known amount is worth that amount for sure.
       sum(CASE WHEN s.outcome = 'won' AND d.amount IS NOT NULL THEN d.amount
                ELSE coalesce(s.value, 0) END)::numeric(30, 6) AS pipeline_value,
       sum(CASE WHEN s.outcome = 'won' AND d.amount IS NOT NULL THEN d.amount
                ELSE coalesce(s.value * s.confidence, 0) END)::numeric(30, 6) AS confident_value,
       max(d.moved_at) AS last_moved_at
  FROM attribution_deal d
  JOIN workspaces_workspace w ON w.id = d.workspace_id
  LEFT JOIN (SELECT DISTINCT ON (workspace_id) id, workspace_id
               FROM synthetic_revenue_config
              WHERE effective_at <= now()
              ORDER BY workspace_id, version DESC) c ON c.workspace_id = d.workspace_id
  LEFT JOIN attribution_pipelinestage s ON s.config_id = c.id AND s.key = d.stage
 WHERE d.merged_into_id IS NULL AND d.deleted_at IS NULL
 GROUP BY w.slug, d.stage
"""


def view(name: str, sql: str) -> migrations.RunSQL:
    """The view, and how to take it away again."""
    return migrations.RunSQL(sql, reverse_sql=f"DROP VIEW IF EXISTS {name}")


class Migration(migrations.Migration):
    # The last of those replaced: a database that stands amid them is refused.
    dependencies = [("attribution", "0011_appday_numbers")]

    operations = [
        view("v_stage_values", STAGE_VALUES),
        view("v_synthetic_revenue_summary", SUMMARY),
    ]
