"""Winners over REST: add one, find what is like a text or a vector, see what the index holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Ad
from campaigns.selectors.lookup import find_entity
from mlops.models import IndexForm, Winner
from mlops.selectors.winners import stats_of, text_of, traits_of, winners_by_id
from mlops.services.winners.keeping import FIGURES, Entry, add_winner
from mlops.services.winners.searching import GIVEN
from mlops.tasks import embed_text_task, find_similar_task, put
from workspaces import scopes
from workspaces.api.fields import Body
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView
from workspaces.engine.embedding.shapes import DIMENSIONS, NEAR_DUPLICATE, SIMILAR, normalised
from workspaces.gate import RequestError

TAG = ["Winners"]
_MOST_TEXT: Final = 5_000
_MOST_EXTRAS: Final = 30
_SAID: Final = str | int | float | bool
_ADD = OpenApiExample(
    "An ad with its text",
    value={
        "ad_id": "23850000000001",
        "text": "Running shoes for the rain, half price until Sunday",
        "metadata": {"ctr": 0.041, "roas": 3.6, "impressions": 12000},
    },
    request_only=True,
)
_FIND = OpenApiExample(
    "Ads like a draft",
    value={"text": "Rain-proof running shoes at half the price", "k": 3},
    request_only=True,
)


class VectorField(serializers.ListField):
    """384 numbers of any length but zero, brought to norm 1."""

    child = serializers.FloatField()

    def to_internal_value(self, data: Any) -> Any:
        """Check it whole, so that one sentence says what is wrong."""
        if not isinstance(data, list) or any(isinstance(one, str | bool) for one in data):
            raise serializers.ValidationError("Give a list of numbers.")
        try:
            vector = normalised(data)
        except ValueError as error:
            sentence = str(error).removeprefix("embedding ").capitalize()
            raise serializers.ValidationError(f"{sentence}.") from error
        if vector.ndim != 1:
            raise serializers.ValidationError(f"Give one list of {DIMENSIONS} numbers.")
        return vector


class AskedIn(Body):
    """A vector with its embedder, or a text; not both."""

    embedding = VectorField(required=False, help_text=f"{DIMENSIONS} numbers.")
    embedder = serializers.CharField(
        max_length=60,
        required=False,
        help_text="What made the vector; only vectors of one embedder are compared.",
    )
    text = serializers.CharField(max_length=_MOST_TEXT, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both, and an embedder without its vector."""
        if "embedding" in attrs and "text" in attrs:
            raise serializers.ValidationError({"text": "Give the embedding or the text, not both."})
        if "embedder" in attrs and "embedding" not in attrs:
            raise serializers.ValidationError({"embedder": "It names who made the embedding."})
        return attrs


class AddWinnerIn(AskedIn):
    """An ad that did well. Without embedding and text, its own text is taken."""

    ad_id = serializers.CharField(max_length=200, help_text="Our id or the platform's.")
    metadata = serializers.DictField(
        required=False,
        default=dict,
        help_text=f"Figures ({', '.join(FIGURES)}) where we know none, and whatever you want back.",
    )

    def validate_metadata(self, value: dict[str, Any]) -> dict[str, Any]:
        """Plain values only; known figures are numbers."""
        if len(value) > _MOST_EXTRAS:
            raise serializers.ValidationError(f"Give at most {_MOST_EXTRAS} values.")
        wrong = {name: said for name, one in value.items() if (said := _why_not(name, one))}
        if wrong:
            raise serializers.ValidationError(wrong)
        if value.get("clicks", 0) > value.get("impressions", value.get("clicks", 0)):
            raise serializers.ValidationError({"clicks": "More clicks than impressions."})
        return value


def _why_not(name: str, value: Any) -> str:
    if len(name) > 60:
        return "A name has at most 60 characters."
    if name in FIGURES:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if is_number and 0 <= value < 10**12 else "Give a number of at least 0."
    if not isinstance(value, _SAID) or len(str(value)) > 500:
        return "Give a text of at most 500 characters, a number, true or false."
    if isinstance(value, float) and not np.isfinite(value):
        return "Give a finite number."
    return ""


class AddWinnerOut(serializers.Serializer[Any]):
    """What the library holds now."""

    status = serializers.ChoiceField(["added", "updated", "unchanged"])
    ad_id = serializers.CharField()
    total_winners = serializers.IntegerField()


class FiltersIn(Body):
    """Which winners to look among; an unknown figure does not pass."""

    channel = serializers.CharField(max_length=40, required=False)
    min_ctr = serializers.FloatField(min_value=0, max_value=1, required=False)
    min_roas = serializers.FloatField(min_value=0, required=False)
    min_impressions = serializers.IntegerField(min_value=0, max_value=10**12, required=False)
    max_age_h = serializers.IntegerField(min_value=0, max_value=10**9, required=False)


class FindSimilarIn(AskedIn):
    """What to look for, and how much."""

    k = serializers.IntegerField(min_value=1, max_value=100, required=False, default=5)
    min_similarity = serializers.FloatField(
        min_value=-1, max_value=1, required=False, default=SIMILAR,
        help_text="Smallest cosine.",
    )  # fmt: skip
    filters = FiltersIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse nothing to look for."""
        if "embedding" not in attrs and "text" not in attrs:
            raise serializers.ValidationError({"text": "Give a text or an embedding."})
        return super().validate(attrs)


class MatchOut(serializers.Serializer[Any]):
    """One winner that is alike."""

    ad_id = serializers.UUIDField(source="winner.ad.public_id")
    external_id = serializers.CharField(source="winner.ad.external_id")
    name = serializers.CharField(source="winner.ad.name")
    similarity = serializers.FloatField(help_text="Cosine.")
    is_near_duplicate = serializers.BooleanField(help_text=f"From {NEAR_DUPLICATE} on.")
    metadata = serializers.DictField()


class FindSimilarOut(serializers.Serializer[Any]):
    """The most alike first."""

    matches = MatchOut(many=True)
    embedder = serializers.CharField()
    compared = serializers.IntegerField(help_text="Winners of the same embedder.")


class EmbedderCountOut(serializers.Serializer[Any]):
    """Winners of one embedder, and the saved index of them."""

    embedder = serializers.CharField()
    winners = serializers.IntegerField()
    index = serializers.ChoiceField(IndexForm.choices, source="form", allow_null=True)
    saved_at = serializers.DateTimeField(allow_null=True)


class WinnerStatsOut(serializers.Serializer[Any]):
    """What the library holds."""

    total_winners = serializers.IntegerField()
    by_source = serializers.DictField(child=serializers.IntegerField())
    by_channel = serializers.DictField(child=serializers.IntegerField())
    embedders = EmbedderCountOut(many=True)
    dimensions = serializers.IntegerField()
    similar_from = serializers.FloatField()
    near_duplicate_from = serializers.FloatField()
    version = serializers.IntegerField(help_text="Counts changes.")
    changed_at = serializers.DateTimeField(allow_null=True)


class AddWinner(ApiView):
    """Adding one."""

    scopes = {"POST": scopes.ML_WRITE}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="winners_add",
        summary="Add a winning ad",
        request=AddWinnerIn,
        responses={200: AddWinnerOut, 201: AddWinnerOut},
        examples=[_ADD],
    )
    @once
    def post(self, request: Request) -> Response:
        """Add an ad, one entry each; the same again changes nothing (200 instead of 201)."""
        body = self.read(AddWinnerIn)
        ad = find_entity(Ad, workspace=self.workspace, given=body["ad_id"], field="ad_id")
        _, done = add_winner(
            workspace=self.workspace,
            ad=ad,
            entry=_entry(ad, body),
            by_label=self.caller.proposer.label,
            now=self.now,
        )
        total = Winner.objects.filter(workspace=self.workspace).count()
        shown = {"status": done, "ad_id": body["ad_id"], "total_winners": total}
        code = status.HTTP_201_CREATED if done == "added" else status.HTTP_200_OK
        return Response(AddWinnerOut(shown).data, status=code)


def _entry(ad: Ad, body: Mapping[str, Any]) -> Entry:
    metadata = body["metadata"]
    if "embedding" in body:
        name = body.get("embedder", GIVEN)
        return Entry(ad.pk, body["embedding"], name, metadata=metadata)
    traits = {"text": body["text"]} if "text" in body else traits_of(ad)
    if not traits:
        raise RequestError("text", "This ad has no text here. Give its text or an embedding.")
    answer = put(embed_text_task, text=text_of(traits))
    vector = normalised(answer["embedding"])
    return Entry(ad.pk, vector, answer["embedder"], text_of(traits), traits, metadata)


class FindSimilar(ApiView):
    """Looking for some."""

    scopes = {"POST": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="winners_find_similar",
        summary="Find winners like a text or a vector",
        request=FindSimilarIn,
        responses=FindSimilarOut,
        examples=[_FIND],
    )
    @once
    def post(self, request: Request) -> Response:
        """Compare with every winner of the workspace; 503 while the worker loads its model."""
        body = self.read(FindSimilarIn)
        asked: dict[str, Any] = {
            name: body[name] for name in ("text", "k", "min_similarity") if name in body
        }
        if "embedding" in body:
            asked["embedding"] = body["embedding"].tolist()
            asked["embedder"] = body.get("embedder", GIVEN)
        asked["filters"] = dict(body.get("filters", {}))
        answer = put(find_similar_task, workspace_id=self.workspace.pk, asked=asked)
        known = winners_by_id(self.workspace, [pk for pk, _ in answer["matches"]])
        shown = {
            "matches": [_match(known[pk], near) for pk, near in answer["matches"] if pk in known],
            "embedder": answer["embedder"],
            "compared": answer["compared"],
        }
        return Response(FindSimilarOut(shown).data)


def _match(winner: Winner, similarity: float) -> dict[str, Any]:
    figures = {
        "channel": winner.channel,
        "ctr": winner.ctr,
        "roas": winner.roas,
        "impressions": winner.impressions,
        "clicks": winner.clicks,
        "spend": f"{winner.spend:.2f}",
        "currency": winner.currency,
        "conversions": None if winner.conversions is None else float(winner.conversions),
        "age_hours": winner.age_h,
    }
    return {
        "winner": winner,
        "similarity": round(similarity, 6),
        "is_near_duplicate": similarity >= NEAR_DUPLICATE,
        "metadata": {**winner.metadata, **figures},
    }


class WinnerStats(ApiView):
    """What the library holds."""

    scopes = {"GET": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="winners_stats",
        summary="Count the winners",
        responses=WinnerStatsOut,
    )
    def get(self, request: Request) -> Response:
        """Counts, embedders and saved indexes; loads nothing."""
        shown = {
            **stats_of(self.workspace),
            "dimensions": DIMENSIONS,
            "similar_from": SIMILAR,
            "near_duplicate_from": NEAR_DUPLICATE,
        }
        return Response(WinnerStatsOut(shown).data)
