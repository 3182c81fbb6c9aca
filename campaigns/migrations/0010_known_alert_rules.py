"""The rules of alerts that are shipped, for the workspaces that are there."""

from django.db import migrations

RULES = """
INSERT INTO campaigns_alertrule
       (public_id, workspace_id, name, type, metric, operator, threshold, basis, lookback_days,
        scope, channel, also_metric, also_operator, also_threshold, severity, cooldown_hours,
        is_enabled, created_at, updated_at)
SELECT gen_random_uuid(), w.id, r.name, r.type, r.metric, r.operator, r.threshold, r.basis,
       r.lookback_days, r.scope, '', r.also_metric, r.also_operator, r.also_threshold, r.severity,
       6, r.is_enabled, now(), now()
  FROM workspaces_workspace w
 CROSS JOIN (VALUES
       ('ROI drop', 'roi_drop', 'roas', 'lt', 1.5, 'absolute', 7, 'campaign',
        '', '', NULL::numeric, 'high', true),
       ('Cost spike', 'cost_spike', 'spend', 'gt', 500, 'absolute', 1, 'campaign',
        '', '', NULL, 'medium', true),
       ('Low conversion', 'low_conversion', 'cvr', 'lt', 0.03, 'absolute', 7, 'campaign',
        '', '', NULL, 'medium', true),
       ('Clicks that do not convert', 'anomaly', 'ctr', 'gt', 0.15, 'absolute', 3, 'campaign',
        'cvr', 'lt', 0.05, 'high', true),
       ('Engagement drop', 'engagement_drop', 'engagement_rate', 'lte', 0.7, 'own_mean', 3, 'campaign',
        '', '', NULL, 'low', true),
       ('Budget overrun', 'budget_overrun', 'total_budget_used', 'gt', 0.9, 'absolute', 1, 'campaign',
        '', '', NULL, 'critical', true),
       ('Budget running out', 'budget_overrun', 'total_budget_used', 'gte', 0.8, 'absolute', 1, 'campaign',
        'total_budget_used', 'lte', 0.9, 'medium', true),
       ('Channel underperforms', 'channel_underperform', 'roas', 'lt', 0.7, 'peer_mean', 14, 'channel',
        '', '', NULL, 'medium', true),
       ('Low ROAS', 'roas_low', 'roas', 'lt', 2, 'absolute', 7, 'campaign',
        '', '', NULL, 'high', true),
       ('ROAS to watch', 'roas_watch', 'roas', 'lt', 3, 'absolute', 7, 'campaign',
        '', '', NULL, 'medium', false),
       ('Low delivery', 'low_delivery', 'impressions_per_hour', 'lt', 1000, 'absolute', 1, 'campaign',
        '', '', NULL, 'medium', false),
       ('Daily budget spent', 'budget_exhausted', 'daily_budget_used', 'gte', 1, 'absolute', 1, 'campaign',
        '', '', NULL, 'critical', true),
       ('High cost per acquisition', 'cpa_high', 'cpa', 'gt', 100, 'absolute', 7, 'campaign',
        '', '', NULL, 'high', true),
       ('Ad disapproved', 'ad_disapproved', 'disapproved_ads', 'gte', 1, 'absolute', 1, 'campaign',
        '', '', NULL, 'critical', true),
       ('CTR drop', 'ctr_drop', 'ctr', 'lte', 0.8, 'own_mean', 3, 'campaign',
        '', '', NULL, 'medium', true),
       ('Conversion surge', 'conversion_surge', 'conversions', 'gte', 1.5, 'own_mean', 1, 'campaign',
        '', '', NULL, 'low', true),
       ('Prediction error', 'prediction_error', 'prediction_error', 'gte', 0.3, 'absolute', 1, 'campaign',
        '', '', NULL, 'low', true)
       ) AS r (name, type, metric, operator, threshold, basis, lookback_days, scope, also_metric,
               also_operator, also_threshold, severity, is_enabled)
    ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0009_alerts'),
    ]

    operations = [
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
    ]
