"""What is learnt from answers: which channels people answer on, and who chooses by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from attribution.models import CustomerType
from outreach.engine.choice import By
from outreach.models import ChannelChooser, ChannelWorth, OutreachPolicy
from outreach.selectors.worth import Answers
from workspaces.gate import Proposer, StateError
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

TOPIC: Final = "outreach"
#: How far back answers count: people and channels change.
WINDOW: Final = timedelta(days=180)
#: After which a message counts as one that was not answered.
PATIENCE: Final = timedelta(days=3)
# A person's own wish says nothing about others; what a fallback got, little about its channel.
_COUNT: Final = """
INSERT INTO outreach_channelworth
       (workspace_id, customer_type, channel, chosen_by, messages, answered, counted_at)
SELECT %(workspace)s, c.customer_type, m.channel, b.chosen_by, count(*),
       count(*) FILTER (WHERE least(m.clicked_at, m.replied_at) <= m.sent_at + %(patience)s),
       %(now)s
  FROM outreach_outreachmessage m
  JOIN outreach_contact c ON c.id = m.contact_id
  JOIN outreach_plannedsend r
    ON r.contact_id = m.contact_id AND r.plan_id = m.plan_id AND r.step_id = m.step_id
  JOIN unnest(%(codes)s::int[], %(choosers)s::text[]) AS b(code, chosen_by)
    ON b.code = (r.why >> 4) & 15
 WHERE m.workspace_id = %(workspace)s AND m.attempt = 1 AND m.purpose = 'marketing'
   AND m.sent_at >= %(since)s AND m.sent_at <= %(until)s AND c.customer_type = ANY(%(types)s)
 GROUP BY c.customer_type, m.channel, b.chosen_by"""
_CHOOSERS: Final = {
    By.SCORE: ChannelChooser.TABLE,
    By.LEARNED: ChannelChooser.LEARNED,
    By.LIST: ChannelChooser.OTHER,
}


@transaction.atomic
def count_worth(*, workspace: Workspace, now: datetime) -> int:
    """Count anew what was answered on each channel; how many messages that was learnt from."""
    ChannelWorth.objects.filter(workspace=workspace).delete()
    given: dict[str, Any] = {
        "workspace": workspace.pk, "now": now, "since": now - WINDOW, "until": now - PATIENCE,
        "patience": PATIENCE, "types": list(CustomerType.values),
        "codes": [int(one) for one in _CHOOSERS],
        "choosers": [str(one) for one in _CHOOSERS.values()],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, given)
    return sum(ChannelWorth.objects.filter(workspace=workspace).values_list("messages", flat=True))


@transaction.atomic
def choose_by(*, workspace: Workspace, learned: bool, by: Proposer, now: datetime) -> None:
    """Let what was learnt choose channels for most people, or the table again.

    Plans that were made stay as they are.

    Raises
    ------
    StateError : what was learnt is not the better one, or it is so already
    NotAllowedError : the person is no admin
    """
    require(Role.ADMIN, by=by, workspace=workspace, now=now, what="Changing who chooses channels")
    policy, _ = OutreachPolicy.objects.select_for_update().get_or_create(workspace=workspace)
    if policy.learned_chooses == learned:
        raise StateError("It chooses already.")
    if learned and not Answers.of(workspace).comparison().is_better(learned=True):
        raise StateError("What was learnt has not done better than the table yet.")
    policy.learned_chooses = learned
    policy.save(update_fields=["learned_chooses", "updated_at"])
    bump(workspace.pk, TOPIC)
