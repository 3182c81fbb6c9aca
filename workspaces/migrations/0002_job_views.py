"""The four views over jobs. ``tenant_id`` is the workspace's slug."""

from django.db import migrations

QUEUE_HEALTH = """
CREATE OR REPLACE VIEW v_job_queue_health AS
SELECT w.slug || '/' || r.name AS row_key,
       w.slug AS tenant_id,
       r.name AS job_name,
       -- What waits or runs counts whatever its age: a stuck run must not drop out of sight.
       (count(*) FILTER (WHERE r.state = 'queued'))::int AS queued,
       (count(*) FILTER (WHERE r.state = 'active'))::int AS running,
       (count(*) FILTER (WHERE r.state = 'completed'))::int AS done,
       (count(*) FILTER (WHERE r.state = 'failed'))::int AS failed,
       min(r.queued_at) FILTER (WHERE r.state = 'queued') AS oldest_queued_at,
       (avg(extract(epoch FROM r.finished_at - r.started_at) * 1000)
           FILTER (WHERE r.finished_at IS NOT NULL))::float8 AS mean_duration_ms,
       (count(*) FILTER (WHERE r.state = 'retry'))::int AS retry,
       (count(*) FILTER (WHERE r.state = 'expired'))::int AS expired
  FROM workspaces_jobrun r
  JOIN workspaces_workspace w ON w.id = r.workspace_id
 WHERE r.state IN ('queued', 'active', 'retry') OR r.finished_at >= now() - interval '1 hour'
 GROUP BY w.slug, r.name
"""

FAILED_JOBS = """
CREATE OR REPLACE VIEW v_failed_jobs AS
SELECT r.id::text AS row_key,
       w.slug AS tenant_id,
       r.name AS job_name,
       r.trigger,
       r.step,
       r.error,
       r.started_at,
       r.finished_at,
       r.state,
       r.attempt::int AS attempt
  FROM workspaces_jobrun r
  JOIN workspaces_workspace w ON w.id = r.workspace_id
 WHERE r.state IN ('failed', 'expired') AND r.finished_at >= now() - interval '24 hours'
"""

PERFORMANCE = """
CREATE OR REPLACE VIEW v_job_performance_by_tenant AS
SELECT w.slug || '/' || r.name AS row_key,
       w.slug AS tenant_id,
       r.name AS job_name,
       count(*)::int AS runs,
       (count(*) FILTER (WHERE r.state IN ('failed', 'expired')))::int AS failed,
       (avg(extract(epoch FROM r.finished_at - r.started_at) * 1000))::float8 AS mean_duration_ms,
       percentile_cont(0.95) WITHIN GROUP (
           ORDER BY (extract(epoch FROM r.finished_at - r.started_at) * 1000)::float8
       ) AS p95_duration_ms,
       max(r.finished_at) AS last_finished_at
  FROM workspaces_jobrun r
  JOIN workspaces_workspace w ON w.id = r.workspace_id
 WHERE r.finished_at >= now() - interval '7 days'
 GROUP BY w.slug, r.name
"""

RATE_LIMITS = """
CREATE OR REPLACE VIEW v_rate_limit_status AS
SELECT w.slug || '/' || c.name AS row_key,
       w.slug AS tenant_id,
       c.name AS job_name,
       used.runs AS runs_last_hour,
       c.max_per_hour,
       CASE WHEN c.max_per_hour IS NULL THEN 'NO_LIMIT'
            WHEN used.runs >= c.max_per_hour THEN 'LIMIT_REACHED'
            WHEN used.runs >= 0.8 * c.max_per_hour THEN 'WARNING'
            ELSE 'OK' END AS status
  FROM job_config c
  JOIN workspaces_workspace w ON w.id = c.workspace_id
 CROSS JOIN LATERAL (
     SELECT count(*)::int AS runs
       FROM workspaces_jobrun r
      WHERE r.workspace_id = c.workspace_id AND r.name = c.name
        AND r.queued_at > now() - interval '1 hour'
 ) used
"""


def view(name: str, sql: str) -> migrations.RunSQL:
    """The view, and how to take it away again."""
    return migrations.RunSQL(sql, reverse_sql=f"DROP VIEW IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0001_tables")]

    operations = [
        view("v_job_queue_health", QUEUE_HEALTH),
        view("v_failed_jobs", FAILED_JOBS),
        view("v_job_performance_by_tenant", PERFORMANCE),
        view("v_rate_limit_status", RATE_LIMITS),
    ]
