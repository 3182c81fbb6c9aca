"""The three views over ad changes. ``tenant_id`` is the workspace's slug."""

from django.db import migrations

RECENT_BUDGET_CHANGES = """
CREATE OR REPLACE VIEW v_recent_budget_changes AS
SELECT h.id AS history_id,
       w.slug AS tenant_id,
       a.name AS account_name,
       h.entity_type,
       h.entity_external_id,
       -- Values are JSON: an amount is a text or a number in it.
       (h.old_value #>> '{}')::numeric(20, 6) AS old_value,
       (h.new_value #>> '{}')::numeric(20, 6) AS new_value,
       h.currency,
       h.change_pct,
       h.triggered_by,
       h.status,
       h.completed_at
  FROM ad_change_history h
  JOIN workspaces_workspace w ON w.id = h.workspace_id
  JOIN campaigns_adaccount a ON a.id = h.account_id
 WHERE h.change_type = 'budget' AND h.completed_at >= now() - interval '24 hours'
"""

ACTIVITY = """
CREATE OR REPLACE VIEW v_campaign_activity_summary AS
SELECT c.id AS campaign_id,
       w.slug AS tenant_id,
       c.name AS campaign_name,
       h.total_changes,
       h.changes_last_hour,
       h.budget_changes_6h,
       h.last_change_at,
       h.mean_duration_ms
  FROM campaigns_campaign c
  JOIN workspaces_workspace w ON w.id = c.workspace_id
 -- A change is what took effect. What was stopped is in v_safety_check_failures.
 CROSS JOIN LATERAL (
     SELECT count(*)::int AS total_changes,
            (count(*) FILTER (WHERE completed_at >= now() - interval '1 hour'))::int
                AS changes_last_hour,
            (count(*) FILTER (WHERE change_type = 'budget'
                                AND completed_at >= now() - interval '6 hours'))::int
                AS budget_changes_6h,
            max(completed_at) AS last_change_at,
            avg(duration_ms)::float8 AS mean_duration_ms
       FROM ad_change_history
      WHERE campaign_id = c.id AND status = 'applied'
 ) h
"""

SAFETY_FAILURES = """
CREATE OR REPLACE VIEW v_safety_check_failures AS
SELECT 'history-' || h.id AS row_key,
       w.slug AS tenant_id,
       h.proposal_id,
       h.entity_external_id,
       h.change_type,
       CASE WHEN h.status = 'throttled'
              OR h.platform_response -> 'held_by' ?| ARRAY['rate', 'platform_rate']
            THEN 'RATE_LIMIT'
            WHEN h.platform_response -> 'held_by' ? 'velocity' THEN 'VELOCITY_LIMIT'
            WHEN h.status IN ('deferred', 'drift') THEN 'BLOCKED'
            ELSE 'FAILED' END AS failure,
       h.error AS reason,
       h.completed_at AS at
  FROM ad_change_history h
  JOIN workspaces_workspace w ON w.id = h.workspace_id
 WHERE h.status <> 'applied'
UNION ALL
SELECT 'plan-' || p.current_plan_id || '-' || checks.position,
       w.slug,
       p.id,
       d.entity_external_id,
       d.change_type,
       CASE WHEN checks.item ->> 'name' IN ('rate', 'platform_rate') THEN 'RATE_LIMIT'
            WHEN checks.item ->> 'name' = 'velocity' THEN 'VELOCITY_LIMIT'
            ELSE 'BLOCKED' END,
       checks.item ->> 'why',
       l.created_at
  FROM workspaces_proposal p
  JOIN workspaces_workspace w ON w.id = p.workspace_id
  JOIN workspaces_plan l ON l.id = p.current_plan_id
  JOIN pending_ad_changes d ON d.proposal_id = p.id
 CROSS JOIN LATERAL jsonb_array_elements(l.verdict) WITH ORDINALITY AS checks(item, position)
 WHERE p.status IN ('pending', 'approved', 'executing')
   AND checks.item ->> 'verdict' IN ('deferred', 'blocked')
"""


def view(name: str, sql: str) -> migrations.RunSQL:
    """The view, and how to take it away again."""
    return migrations.RunSQL(sql, reverse_sql=f"DROP VIEW IF EXISTS {name}")


class Migration(migrations.Migration):
    # The last of those replaced: a database that stands amid them is refused.
    dependencies = [("campaigns", "0012_campaign_own")]

    operations = [
        view("v_recent_budget_changes", RECENT_BUDGET_CHANGES),
        view("v_campaign_activity_summary", ACTIVITY),
        view("v_safety_check_failures", SAFETY_FAILURES),
    ]
