"""What a list of conversations may be asked for, the same on the page, over REST and in bulk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from inbox.models import ConversationStatus, InboxChannel, Intent, Team, Urgency
from workspaces.gate import RequestError

ME: Final = "me"
NOBODY: Final = "none"

#: The views of the page, with what they are called.
VIEWS: Final[Mapping[str, str]] = {
    "mine": "Mine",
    "unassigned": "Nobody's",
    "open": "All open",
    "breaching": "Due or overdue",
    "awaiting": "Drafts to sign",
    "waiting": "Waiting for them",
    "snoozed": "Snoozed",
    "closed": "Closed",
    "all": "Everything",
}
#: The status of all that a view holds; those that are not here hold open ones, "all" any.
STATUS_OF: Final[Mapping[str, str]] = {
    "waiting": ConversationStatus.WAITING,
    "snoozed": ConversationStatus.SNOOZED,
    "closed": ConversationStatus.CLOSED,
}
#: How the next answer stands, as a filter says it.
SLA_CHOICES: Final = (("due", "Due soon or over"), ("over", "Over"), ("none", "No target"))
ORDERS: Final = (("loss", "What waiting costs"), ("fifo", "Who waits longest"),
                 ("newest", "Newest first"))  # fmt: skip
_LONGEST: Final = 200


@dataclass(frozen=True)
class ListFilters:
    """What is asked for. Empty: not asked."""

    view: str = "open"
    status: str = ""
    assignee: str = ""  # ``me``, ``none`` or the number of a user
    channel: str = ""
    team: str = ""
    intent: str = ""
    urgency: str = ""
    tag: str = ""
    sla: str = ""
    is_flagged: bool | None = None
    text: str = ""
    order: str = ""  # empty: as the view and the workspace's policy have it

    @property
    def is_filtered(self) -> bool:
        """Whether more than the view and words was asked for."""
        return replace(self, text="").is_narrowed

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the view was asked for."""
        asked = (self.status, self.assignee, self.channel, self.team, self.intent, self.urgency,
                 self.tag, self.sla, self.text)  # fmt: skip
        return any(asked) or self.is_flagged is not None


def filters_of(params: Mapping[str, str]) -> ListFilters:
    """Read what an address asks for.

    Words alone are looked for everywhere: who searches rarely knows what became of it.

    Raises
    ------
    RequestError : a value is not known; names its field
    """
    text = params.get("q", "").replace("\x00", "").strip()[:_LONGEST]
    return ListFilters(
        view=_one(params, "view", VIEWS) or ("all" if text else "open"),
        status=_one(params, "status", ConversationStatus.values),
        assignee=_assignee(params),
        channel=_one(params, "channel", InboxChannel.values),
        team=_one(params, "team", Team.values),
        intent=_one(params, "intent", Intent.values),
        urgency=_one(params, "urgency", Urgency.values),
        tag=params.get("tag", "").replace("\x00", "").strip()[:40],
        sla=_one(params, "sla", dict(SLA_CHOICES)),
        is_flagged=_flag(params),
        text=text,
        order=_one(params, "order", dict(ORDERS)),
    )


def _one(params: Mapping[str, str], name: str, known: Collection[str]) -> str:
    asked = params.get(name, "")
    if asked and asked not in known:
        raise RequestError(name, f"Choose one of {', '.join(known)} as {name}.")
    return asked


def _assignee(params: Mapping[str, str]) -> str:
    asked = params.get("assignee", "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) < 19
    if asked and asked not in (ME, NOBODY) and not is_number:
        raise RequestError("assignee", "Name a member by number, or say me or none.")
    return asked


def _flag(params: Mapping[str, str]) -> bool | None:
    asked = params.get("is_flagged", "").lower()
    if asked not in ("", "true", "false"):
        raise RequestError("is_flagged", "Say true or false.")
    return asked == "true" if asked else None
