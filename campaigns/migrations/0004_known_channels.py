"""The channels known from the start, for the workspaces that are there."""

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


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_channels'),
    ]

    operations = [
        migrations.RunSQL(CHANNELS, migrations.RunSQL.noop),
    ]
