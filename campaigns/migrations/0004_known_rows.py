"""The channels and the rules of alerts known from the start, for the workspaces that are there."""

from django.db import migrations

CHANNELS = """
INSERT INTO campaigns_marketingchannel
       (workspace_id, slug, label, kind, platform, weekend_multiplier, ltv_multiplier, properties,
        created_at, updated_at)
SELECT w.id, c.slug, c.label, c.kind, c.platform, 1, 1, '{}', now(), now()
  FROM workspaces_workspace w
 CROSS JOIN (VALUES
       ('meta', 'Meta', 'paid', 'meta'),
       ('facebook', 'Facebook', 'paid', 'meta'),
       ('instagram', 'Instagram', 'paid', 'meta'),
       ('google_ads', 'Google Ads', 'paid', 'google'),
       ('youtube', 'YouTube', 'paid', 'google'),
       ('tiktok', 'TikTok', 'paid', 'tiktok'),
       ('linkedin', 'LinkedIn', 'paid', 'linkedin'),
       ('microsoft_ads', 'Microsoft Ads', 'paid', 'microsoft'),
       ('twitter', 'X (Twitter)', 'paid', 'other'),
       ('pinterest', 'Pinterest', 'paid', 'other'),
       ('programmatic', 'Programmatic', 'paid', 'other'),
       ('email', 'E-mail', 'owned', ''),
       ('whatsapp', 'WhatsApp', 'owned', ''),
       ('sms', 'SMS', 'owned', ''),
       ('chat', 'Chat', 'owned', ''),
       ('referral', 'Referral', 'organic', ''),
       ('direct', 'Direct', 'organic', ''),
       ('organic', 'Organic', 'organic', '')) c (slug, label, kind, platform)
    ON CONFLICT DO NOTHING;
UPDATE campaigns_marketingchannel part SET rolls_up_to_id = whole.id
  FROM campaigns_marketingchannel whole
 WHERE part.slug IN ('facebook', 'instagram') AND whole.slug = 'meta'
   AND whole.workspace_id = part.workspace_id;
"""
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
    replaces = [("campaigns", "0004_known_channels"), ("campaigns", "0010_known_alert_rules")]

    dependencies = [("campaigns", "0003_same_workspace")]

    operations = [
        migrations.RunSQL(CHANNELS, migrations.RunSQL.noop),
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
    ]
