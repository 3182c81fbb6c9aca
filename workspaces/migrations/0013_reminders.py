"""When approvers are reminded next, in a column that tells it without their plans.

What waits is told in one pass; the index is built beside the traffic: no writer waits for it.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_TELL = """
UPDATE workspaces_proposal AS proposal
SET remind_at = plan.created_at + (proposal.expires_at - plan.created_at)
    * CASE proposal.reminders_sent WHEN 0 THEN 0.5 ELSE 0.9 END
FROM workspaces_plan AS plan
WHERE plan.id = proposal.current_plan_id
  AND proposal.status = 'pending' AND proposal.reminders_sent < 2
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0012_kinds"),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="remind_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(_TELL, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("remind_at__isnull", False), ("status", "pending")),
                fields=["remind_at"],
                name="workspaces_proposal_remind_ix",
            ),
        ),
    ]
