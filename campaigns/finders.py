"""What campaigns lets be found: campaigns, ad sets and ads, by name or by the platform's id."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import CharField, Model, Q, QuerySet, Value
from django.urls import reverse

from campaigns.models import Ad, AdSet, Campaign
from workspaces import scopes
from workspaces.finders import Finder, Hit, Question, register_finders
from workspaces.search import with_words

_MODELS: Final[dict[str, tuple[str, type[Campaign | AdSet | Ad]]]] = {
    "campaign": ("Campaign", Campaign), "adset": ("Ad set", AdSet), "ad": ("Ad", Ad),
}  # fmt: skip


def register() -> None:
    """Bring them."""
    register_finders(
        [Finder("ads", "Campaigns and ads", scopes.INSIGHT_READ, _ads, _all_ads, position=30)]
    )


def _ads(question: Question) -> list[Hit]:
    parts = [_part(kind, model, question) for kind, (_, model) in _MODELS.items()]
    found = parts[0].union(*parts[1:], all=True)
    order = list(_MODELS)
    rows = sorted(found, key=lambda row: order.index(row[0]))
    return [
        Hit(str(public_id), name or external_id, reverse("entity", args=[kind, public_id]),
            f"{_MODELS[kind][0]} {external_id}")
        for kind, public_id, name, external_id in rows
    ]  # fmt: skip


def _part(kind: str, model: type[Model], question: Question) -> QuerySet[Any, Any]:
    own = model._default_manager.filter(workspace=question.workspace)
    named = with_words(own, question.words, "name").values("pk")
    rows = own.filter(Q(external_id=question.text) | Q(pk__in=named))
    columns = ("kind", "public_id", "name", "external_id")
    kinds = Value(kind, output_field=CharField())
    found: QuerySet[Any, Any] = rows.annotate(kind=kinds).order_by("-pk").values_list(*columns)
    return found[: question.most]


def _all_ads(text: str) -> str:
    return f"{reverse('campaigns')}?{urlencode({'q': text})}"
