"""``v_safety_check_failures`` of each workspace by the indexes that hold them, the newest first.

A view cannot hand the limit of a page down to both its parts, so each part has one of its own.
"""

from importlib import import_module

from django.db import migrations

# Names of migrations begin with a figure.
_BEFORE = import_module("campaigns.migrations.0002_change_views").SAFETY_FAILURES
FAILURES = """
CREATE OR REPLACE VIEW v_safety_check_failures AS
SELECT f.row_key, w.slug AS tenant_id, f.proposal_id, f.entity_external_id, f.change_type,
       f.failure, f.reason, f.at
  FROM workspaces_workspace w
 CROSS JOIN LATERAL (
(SELECT 'history-' || h.id AS row_key,
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
  WHERE h.workspace_id = w.id AND h.status <> 'applied'
  ORDER BY h.completed_at DESC, h.id DESC
  LIMIT 10000)
UNION ALL
(SELECT 'plan-' || l.id || '-' || checks.position,
        p.id,
        d.entity_external_id,
        d.change_type,
        CASE WHEN checks.item ->> 'name' IN ('rate', 'platform_rate') THEN 'RATE_LIMIT'
             WHEN checks.item ->> 'name' = 'velocity' THEN 'VELOCITY_LIMIT'
             ELSE 'BLOCKED' END,
        checks.item ->> 'why',
        l.created_at
   FROM workspaces_plan l
   JOIN workspaces_proposal p ON p.id = l.proposal_id AND p.current_plan_id = l.id
   JOIN pending_ad_changes d ON d.proposal_id = p.id
  CROSS JOIN LATERAL jsonb_array_elements(l.verdict) WITH ORDINALITY AS checks(item, position)
  WHERE p.workspace_id = w.id
    AND p.status IN ('pending', 'approved', 'executing')
    AND (l.verdict @> '[{"verdict": "deferred"}]' OR l.verdict @> '[{"verdict": "blocked"}]')
    AND checks.item ->> 'verdict' IN ('deferred', 'blocked')
  ORDER BY l.created_at DESC, l.id DESC
  LIMIT 10000)
) f
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0005_stopped_changes"),
        ("workspaces", "0008_held_plans"),
    ]

    operations = [migrations.RunSQL(FAILURES, reverse_sql=_BEFORE)]
