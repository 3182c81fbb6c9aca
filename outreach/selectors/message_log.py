"""The log of messages: every one, filtered, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet

from outreach.models import (
    Contact,
    ContactPoint,
    MessageChannel,
    MessageStatus,
    OutreachCampaign,
    OutreachMessage,
)
from outreach.selectors.campaign_report import COUNTED
from workspaces.models import Workspace

PAGE_ROWS: Final = 50
#: What a message may have come to, whatever came after; those of the report's funnel.
REACHED: Final = COUNTED
#: Of a search: more people than that are no search.
_MOST_PEOPLE: Final = 200


@dataclass(frozen=True)
class LogPage:
    """Messages of a page, and where the next one begins."""

    messages: list[OutreachMessage]
    before: int | None


def campaigns_with_messages(workspace: Workspace) -> list[tuple[str, str]]:
    """Campaigns that can be chosen, the newest first."""
    rows = OutreachCampaign.objects.filter(workspace=workspace, launched_at__isnull=False)
    names = rows.order_by("-pk").values_list("public_id", "name")[:100]
    return [(str(public_id), name) for public_id, name in names]


def log_page(workspace: Workspace, given: Mapping[str, str]) -> LogPage:
    """One page of the messages that fit; their words name those that have no subject."""
    rows = _fitting(OutreachMessage.objects.filter(workspace=workspace), workspace, given)
    if (before := given.get("before", "")).isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(
        rows.select_related("contact", "point", "campaign", "step")
        .defer("html", "variables", "reply_text")
        .order_by("-pk")[: PAGE_ROWS + 1]
    )
    more = len(found) > PAGE_ROWS
    return LogPage(found[:PAGE_ROWS], found[PAGE_ROWS - 1].pk if more else None)


def _fitting(
    rows: QuerySet[OutreachMessage], workspace: Workspace, given: Mapping[str, str]
) -> QuerySet[OutreachMessage]:
    if given.get("status", "") in MessageStatus.values:
        rows = rows.filter(status=given["status"])
    if given.get("channel", "") in MessageChannel.values:
        rows = rows.filter(channel=given["channel"])
    if given.get("reached", "") in REACHED:
        rows = rows.filter(**{f"{given['reached']}_at__isnull": False})
    if (step := given.get("step", "")).isdecimal() and len(step) < 5:
        rows = rows.filter(step__position=int(step))
    if variant := given.get("variant", "").replace("\x00", "")[:40]:
        rows = rows.filter(variant=variant)
    if given.get("unsure"):
        rows = rows.filter(is_unsure=True)
    if campaign := given.get("campaign", ""):
        rows = rows.filter(campaign__in=_campaign(workspace, campaign))
    if text := given.get("q", "").replace("\x00", "").strip()[:254]:
        rows = rows.filter(contact__in=people_named(workspace, text))
    return rows


def _campaign(workspace: Workspace, public_id: str) -> list[Any]:
    try:
        rows = OutreachCampaign.objects.filter(workspace=workspace, public_id=public_id)
        return list(rows.values_list("pk", flat=True))
    except ValidationError:
        return []


def people_named(workspace: Workspace, text: str) -> list[int]:
    """Contacts whose name, or the beginning of whose address, is this."""
    points = ContactPoint.objects.filter(workspace=workspace, address__startswith=text.lower())
    found = points.order_by().annotate(of=F("contact")).values_list("of")[:_MOST_PEOPLE]
    first, _, last = text.partition(" ")
    one = Q(first_name__iexact=text) | Q(last_name__iexact=text)
    fits = Q(first_name__iexact=first, last_name__iexact=last) if last else one
    names = Contact.objects.filter(fits, workspace=workspace)
    named = names.order_by().annotate(of=F("pk")).values_list("of")[:_MOST_PEOPLE]
    return [of for (of,) in found.union(named, all=True)]
