"""People of a workspace who can be written to: addresses, consent, and a few who left."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from workspaces.models import Workspace

CHANNELS: Final = ("email", "sms", "whatsapp")
_ZONES: Final = "ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', '']"
# People with three addresses each; nine of ten agreed on each channel, one of a hundred left.
_PEOPLE: Final = (
    """
INSERT INTO attribution_person (public_id, created_at, workspace_id)
SELECT gen_random_uuid(), %(now)s, %(workspace)s FROM generate_series(1, %(people)s)
""",
    f"""
INSERT INTO outreach_contact (public_id, external_id, first_name, last_name, locale, time_zone,
       country, region, customer_type, lifecycle_stage, preferred_channel, attributes, source,
       created_at, updated_at, person_id, workspace_id)
SELECT gen_random_uuid(), '', 'Ann', 'No ' || p.id, 'de-DE', ({_ZONES})[p.id %% 4 + 1],
       (ARRAY['DE', 'US', 'JP', 'BR'])[p.id %% 4 + 1], '',
       (ARRAY['new', 'returning', 'existing'])[p.id %% 3 + 1], '', '', '{{}}', '', %(now)s, %(now)s,
       p.id, %(workspace)s
  FROM attribution_person p WHERE p.workspace_id = %(workspace)s
""",
    """
INSERT INTO outreach_contactpoint (channel, address, position, is_reachable, unreachable_reason,
       sent, opened, clicked, replied, created_at, contact_id, workspace_id)
SELECT n.channel, CASE n.channel WHEN 'email' THEN 'p' || c.id || '@example.com'
       ELSE '+49' || c.id END, 0, c.id %% 50 <> 0, '', c.id %% 7, c.id %% 3, c.id %% 2, 0, %(now)s,
       c.id, %(workspace)s
  FROM outreach_contact c, unnest(%(channels)s) AS n(channel)
 WHERE c.workspace_id = %(workspace)s
""",
    """
INSERT INTO outreach_consent (channel, purpose, is_given, source, evidence, at, by_label,
       recorded_at, workspace_id, contact_id)
SELECT n.channel, 'marketing', (c.id + length(n.channel)) %% 10 <> 0, 'form', '{}', %(now)s, '',
       %(now)s, %(workspace)s, c.id
  FROM outreach_contact c, unnest(%(channels)s) AS n(channel)
 WHERE c.workspace_id = %(workspace)s
""",
    """
INSERT INTO outreach_suppression (public_id, channel, is_domain, value, reason, purpose, note, at,
       by_label, lifted_by_label, workspace_id)
SELECT gen_random_uuid(), '', false, p.address, 'unsubscribe', '', '', %(now)s, '', '',
       %(workspace)s
  FROM outreach_contactpoint p
 WHERE p.workspace_id = %(workspace)s AND p.channel = 'email' AND p.contact_id %% 100 = 0
""",
)
_TABLES: Final = ("attribution_person", "outreach_contact", "outreach_contactpoint",
                  "outreach_consent", "outreach_suppression")  # fmt: skip


def people_of(slug: str, people: int) -> Workspace:
    """Make a workspace with so many people."""
    workspace = Workspace.objects.create(slug=slug, name="Bench")
    given = {
        "workspace": workspace.pk, "now": timezone.now(), "people": people,
        "channels": list(CHANNELS),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        # Its triggers and keys are not what is measured.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in _PEOPLE:
            cursor.execute(statement, given)
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    return workspace
