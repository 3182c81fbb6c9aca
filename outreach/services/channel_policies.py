"""How a workspace uses each channel, as an admin sets it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from outreach.engine.law_documents import law_from_document
from outreach.models import ChannelPolicy, MessageChannel
from outreach.selectors.laws import channel_of
from workspaces.gate import Proposer, RequestError
from workspaces.models import Connection, Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

TOPIC: Final = "outreach"
FIELDS: Final = (
    "is_on", "sender", "reply_to", "unit_cost", "rate_per_second", "daily_limit", "warms_up_since",
    "law",
)  # fmt: skip


@transaction.atomic
def save_channel(
    *, workspace: Workspace, channel: str, values: Mapping[str, Any], by: Proposer, now: datetime
) -> ChannelPolicy:
    """Set how a channel is used: `FIELDS`, and ``connection`` (a public id, or nothing).

    Raises
    ------
    RequestError : no such channel
    ValidationError : names every field that is wrong
    NotAllowedError : the person is no admin
    """
    require(Role.ADMIN, by=by, workspace=workspace, now=now, what="Setting a channel up")
    if channel not in MessageChannel.values:
        raise RequestError("channel", f"Choose one of {', '.join(MessageChannel.values)}.")
    rows = ChannelPolicy.objects.select_for_update().filter(workspace=workspace, channel=channel)
    policy = rows.first() or ChannelPolicy(workspace=workspace, channel=channel)
    for name in FIELDS:
        if name in values:
            setattr(policy, name, values[name])
    if "connection" in values:
        policy.connection = _connection(workspace, values["connection"])
    _check_law(policy)
    policy.full_clean(exclude=["workspace"])
    policy.save()
    bump(workspace.pk, TOPIC)
    return policy


def _connection(workspace: Workspace, public_id: object) -> Connection | None:
    if not public_id:
        return None
    try:
        found = Connection.objects.filter(workspace=workspace, public_id=str(public_id)).first()
    except ValidationError:
        found = None
    if found is None:
        raise ValidationError({"connection": "There is no such connection."})
    return found


def _check_law(policy: ChannelPolicy) -> None:
    try:
        law_from_document(channel_of(policy.channel), policy.law)
    except ValueError as error:
        raise ValidationError({"law": str(error)}) from error
