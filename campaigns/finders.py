"""What campaigns lets be found: campaigns, ad sets and ads, by name or by the platform's id."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import JSONObject
from django.urls import reverse

from campaigns.models import Ad, AdSet, Campaign
from workspaces import scopes
from workspaces.finders import ByRows, Finder, Hit, Question, register_finders
from workspaces.search import some_of, with_words

_MODELS: Final[dict[str, tuple[str, type[Campaign | AdSet | Ad]]]] = {
    "campaign": ("Campaign", Campaign), "adset": ("Ad set", AdSet), "ad": ("Ad", Ad),
}  # fmt: skip


def register() -> None:
    """Bring them."""
    register_finders([
        Finder("ads", "Campaigns and ads", scopes.INSIGHT_READ, ByRows(_rows, _hit), _all_ads,
               position=30),
    ])  # fmt: skip


def _rows(question: Question) -> list[QuerySet[Any]]:
    return [_part(kind, model, question) for kind, (_, model) in _MODELS.items()]


def _hit(public_id: UUID, told: dict[str, Any]) -> Hit:
    kind, external_id = told["kind"], told["external_id"]
    url = reverse("entity", args=[kind, public_id])
    title = told["name"] or external_id
    return Hit(str(public_id), title, url, f"{_MODELS[kind][0]} {external_id}")


def _part(kind: str, model: type[Model], question: Question) -> QuerySet[Any]:
    own = model._default_manager.filter(workspace=question.workspace)
    named = with_words(own, question.words, "name")
    rows = own.filter(Q(external_id=question.text) | some_of(named))
    told = JSONObject(kind=Value(kind), name="name", external_id="external_id")
    found: QuerySet[Any] = rows.annotate(told=told).order_by("-pk")[: question.most]
    return found


def _all_ads(text: str) -> str:
    return f"{reverse('campaigns')}?{urlencode({'q': text})}"
