"""What somebody who signs an answer sees: the comment, the words, and when they go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from outreach.models import SocialAnswer
from workspaces.models import Proposal


def answer_context(proposal: Proposal, _now: datetime) -> dict[str, Any]:
    """The way through the funnel, and what was or would be said."""
    rows = SocialAnswer.objects.select_related(
        "entry__funnel", "entry__person", "entry__engagement__post", "entry__message"
    )
    answer, plan = rows.filter(proposal=proposal).first(), proposal.current_plan
    if answer is None or plan is None:
        return {}
    body = plan.content
    moments = {
        name: datetime.fromisoformat(body[name]) for name in ("from", "message_at")
        if body.get(name)
    }  # fmt: skip
    return {"entry": answer.entry, "body": body, "reply_at": moments.get("from"),
            "message_at": moments.get("message_at")}  # fmt: skip
