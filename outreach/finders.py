"""What outreach lets be found: people, campaigns, and texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, QuerySet, Value
from django.urls import reverse

from outreach.models import ChannelTemplate, Contact, OutreachCampaign
from outreach.selectors.contacts import contacts_of, found_by
from outreach.selectors.message_log import people_named
from workspaces import scopes
from workspaces.finders import Finder, Hit, Question, register_finders
from workspaces.search import with_words


def register() -> None:
    """Bring them."""
    register_finders([
        Finder("people", "People", scopes.OUTREACH_READ, _people, _all_people,
               sooner=_people_by_index, position=10),
        Finder("outreach", "Outreach campaigns and texts", scopes.OUTREACH_READ, _written,
               _all_written, position=70),
    ])  # fmt: skip


def _people(question: Question) -> list[Hit]:
    """As the list of contacts finds them."""
    rows = contacts_of(question.workspace).filter(archived_at=None)
    return _hits(found_by(rows, question.text).order_by("-pk")[: question.most])


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


def _written(question: Question) -> list[Hit]:
    campaigns = _named(OutreachCampaign.objects.all(), "campaign", question)
    texts = _named(ChannelTemplate.objects.all(), "text", question)
    pages = {"campaign": ("outreach-campaign", "Campaign"), "text": ("text", "Text")}
    found = campaigns.union(texts, all=True)
    return [
        Hit(str(public_id), name, reverse(pages[kind][0], args=[public_id]), pages[kind][1])
        for kind, public_id, name in sorted(found, key=lambda row: row[0])
    ]  # fmt: skip


def _named(rows: QuerySet[Any], kind: str, question: Question) -> QuerySet[Any, Any]:
    own = with_words(rows.filter(workspace=question.workspace), question.words, "name")
    kinds = Value(kind, output_field=CharField())
    columns = ("kind", "public_id", "name")
    found: QuerySet[Any, Any] = own.annotate(kind=kinds).order_by("-pk").values_list(*columns)
    return found[: question.most]


def _all_people(text: str) -> str:
    return f"{reverse('contacts')}?{urlencode({'q': text})}"


def _all_written(text: str) -> str:
    return f"{reverse('outreach-campaigns')}?{urlencode({'q': text})}"
