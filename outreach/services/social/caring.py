"""What people say of advocates: VIPs and notes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from outreach.models import SocialAdvocate
from workspaces.gate import Proposer, RequestError
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

MOST_NOTES: Final = 4_000


@transaction.atomic
def keep_advocate(
    *, advocate: SocialAdvocate, is_vip: bool, notes: str, by: Proposer, now: datetime
) -> SocialAdvocate:
    """Keep what is known of an advocate beside the figures.

    Raises
    ------
    NotAllowedError : below operator
    RequestError : the notes are too long
    """
    require(Role.OPERATOR, by=by, workspace=advocate.workspace, now=now, what="To write notes")
    if len(notes) > MOST_NOTES:
        raise RequestError("notes", f"Notes have {MOST_NOTES:,} characters at most.")
    row = SocialAdvocate.objects.select_for_update().get(pk=advocate.pk)
    row.is_vip, row.notes = is_vip, notes.replace("\x00", "").strip()
    row.save(update_fields=["is_vip", "notes"])
    bump(row.workspace_id, "social")
    return row
