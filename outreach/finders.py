"""What outreach lets be found: people, campaigns, and texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet, Value
from django.db.models.functions import JSONObject
from django.urls import reverse

from outreach.models import ChannelTemplate, Contact, OutreachCampaign
from outreach.selectors.contacts import contacts_of, found_by
from outreach.selectors.message_log import people_named
from workspaces import scopes
from workspaces.finders import ByRows, Finder, Hit, Question, register_finders
from workspaces.search import some_of, with_words

_PAGES: Final = {"campaign": ("outreach-campaign", "Campaign"), "text": ("text", "Text")}


def register() -> None:
    """Bring them."""
    register_finders([
        Finder("people", "People", scopes.OUTREACH_READ, _people, _all_people,
               sooner=_people_by_index, position=10),
        Finder("outreach", "Outreach campaigns and texts", scopes.OUTREACH_READ,
               ByRows(_written, _hit), _all_written, position=70),
    ])  # fmt: skip


def _people(question: Question) -> list[Hit]:
    """As the list of contacts finds them."""
    rows = contacts_of(question.workspace).filter(archived_at=None)
    found = rows.filter(some_of(found_by(rows, question.text)))
    return _hits(found.order_by("-pk")[: question.most])


def _people_by_index(question: Question) -> list[Hit]:
    """By whole names and beginnings of addresses, which are indexed."""
    ids = people_named(question.workspace, question.text)
    rows = contacts_of(question.workspace).filter(archived_at=None, pk__in=ids)
    return _hits(rows.order_by("-pk")[: question.most])


def _hits(rows: Iterable[Contact]) -> list[Hit]:
    return [
        Hit(str(row.public_id), str(row), reverse("contact", args=[row.public_id]),
            ", ".join(point.address for point in row.points.all()))
        for row in rows
    ]  # fmt: skip


def _written(question: Question) -> list[QuerySet[Any]]:
    return [
        _named(OutreachCampaign.objects.all(), "campaign", question),
        _named(ChannelTemplate.objects.all(), "text", question),
    ]


def _hit(public_id: UUID, told: dict[str, Any]) -> Hit:
    page, words = _PAGES[told["kind"]]
    return Hit(str(public_id), told["name"], reverse(page, args=[public_id]), words)


def _named(rows: QuerySet[Any], kind: str, question: Question) -> QuerySet[Any]:
    own = with_words(rows.filter(workspace=question.workspace), question.words, "name")
    told = JSONObject(kind=Value(kind), name="name")
    found: QuerySet[Any] = own.annotate(told=told).order_by("-pk")[: question.most]
    return found


def _all_people(text: str) -> str:
    return f"{reverse('contacts')}?{urlencode({'q': text})}"


def _all_written(text: str) -> str:
    return f"{reverse('outreach-campaigns')}?{urlencode({'q': text})}"
