"""What colleagues write for each other, and whom it calls."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.db import transaction

from inbox.models import Conversation, InternalNote
from inbox.services.desk.acting import DeskError
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.notices import notify
from workspaces.services.permissions import require

LONGEST_NOTE: Final = 10_000
# An @ that begins a word: "@ann", "@ann@example.com"; not the one within an address.
_CALL: Final = re.compile(r"(?<![\w@.+-])@([\w.+-]+(?:@[\w.-]+\w)?)")


def write_note(
    *, conversation: Conversation, text: str, by: Proposer, now: datetime
) -> InternalNote:
    """Keep a note and tell the members that it calls, such as @ann or @ann@example.com.

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : nobody stands behind it, it says nothing, or it calls one of two
    """
    workspace = conversation.workspace
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Writing a note")
    if by.user is None:
        raise DeskError("A person has to stand behind a note; use a key that is bound to one.")
    if not text.strip() or "\x00" in text or len(text) > LONGEST_NOTE:
        raise DeskError(f"Write 1 to {LONGEST_NOTE:,} letters.", "text")
    if conversation.merged_into_id is not None:
        raise DeskError("It was merged into another conversation; write there.")
    called = called_by(text, workspace)
    with transaction.atomic():
        note = InternalNote.objects.create(
            workspace=workspace, conversation=conversation, author=by.user, text=text.strip(),
            written_at=now, mentions=[one.pk for one in called],
        )  # fmt: skip
        if others := [one for one in called if one != by.user]:
            notify(
                workspace=workspace, users=others, topic="inbox.mention",
                title=f"{by.user} calls you: {conversation}", body=note.text[:500],
                url=f"/inbox/{conversation.public_id}/", dedup_key=f"note:{note.public_id}",
                now=now,
            )  # fmt: skip
        bump(workspace.pk, TOPIC)
    return note


def called_by(text: str, workspace: Workspace) -> list[User]:
    """Members whom a text calls, by their address or by what stands before its @."""
    names = {name.rstrip(".").lower() for name in _CALL.findall(text)}
    if not names:
        return []
    members = User.objects.filter(memberships__workspace=workspace, is_active=True).order_by("pk")
    by_name: dict[str, list[User]] = {}
    for one in members:
        address = one.email.lower()
        for name in {address, address.partition("@")[0]}:
            by_name.setdefault(name, []).append(one)
    if twice := sorted(name for name in names if len(by_name.get(name, [])) > 1):
        raise DeskError(f"Several people are called @{twice[0]}; write the address.", "text")
    found = {user.pk: user for name in names for user in by_name.get(name, [])}
    return [found[pk] for pk in sorted(found)]
