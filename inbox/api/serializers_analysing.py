"""What the API takes and tells of texts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.models import Intent, Urgency
from workspaces.api.fields import Body

_LONGEST = 20_000


class InboxTextIn(Body):
    """A text."""

    text = serializers.CharField(max_length=_LONGEST)


class InboxBatchIn(Body):
    """Up to 100 texts."""

    texts = serializers.ListField(
        child=serializers.CharField(max_length=_LONGEST), min_length=1, max_length=100
    )


class InboxEntitiesOut(serializers.Serializer[Any]):
    """What it speaks of."""

    products = serializers.ListField(child=serializers.CharField())
    issues = serializers.ListField(child=serializers.CharField())
    requests = serializers.ListField(child=serializers.CharField())


class InboxActionOut(serializers.Serializer[Any]):
    """What to do."""

    action = serializers.CharField()
    priority = serializers.ChoiceField(Urgency.choices)
    reasoning = serializers.CharField()


class InboxHumanOut(serializers.Serializer[Any]):
    """Whether a person answers, and why."""

    flag = serializers.BooleanField()
    reason = serializers.CharField()


class InboxReadingOut(serializers.Serializer[Any]):
    """What a text was read as."""

    intent = serializers.ChoiceField(Intent.choices)
    intent_confidence = serializers.FloatField(help_text="Chance that it is right, 0 to 1.")
    sentiment_score = serializers.FloatField(help_text="−1 to 1.")
    sentiment_label = serializers.CharField()
    urgency = serializers.ChoiceField(Urgency.choices)
    language = serializers.CharField(help_text="Empty: too few words tell.")
    topics = serializers.ListField(child=serializers.CharField())
    entities = InboxEntitiesOut()
    next_best_action = InboxActionOut()
    requires_human = InboxHumanOut()
    reasons = serializers.ListField(child=serializers.CharField())


class InboxBatchOut(serializers.Serializer[Any]):
    """One reading of each text, in their order."""

    results = InboxReadingOut(many=True)


class InboxSuggestedOut(serializers.Serializer[Any]):
    """How to answer an objection."""

    tone = serializers.CharField()
    key_points = serializers.ListField(child=serializers.CharField())
    template = serializers.CharField()


class InboxObjectionOut(serializers.Serializer[Any]):
    """What keeps somebody from buying."""

    type = serializers.CharField(
        help_text="price, timing, competitor, need, authority, trust, other; empty: none."
    )
    readiness = serializers.CharField(
        help_text="not_ready, considering, ready_with_concerns, ready."
    )
    evidence = serializers.ListField(child=serializers.CharField())
    suggested_response = InboxSuggestedOut(allow_null=True)


class InboxPurchaseOut(serializers.Serializer[Any]):
    """How near somebody is to buying."""

    score = serializers.FloatField(help_text="0 to 1.")
    level = serializers.CharField(help_text="none, low, medium, high, very_high.")
    signals = serializers.ListField(child=serializers.CharField())
    barriers = serializers.ListField(child=serializers.CharField())
    discount_pct = serializers.IntegerField(help_text="0 to 30: a hint to a person.")
    timing = serializers.CharField(help_text="immediate, within_24h, within_week.")


class InboxSuggestIn(Body):
    """A message of theirs."""

    response = serializers.UUIDField()


class InboxSuggestOut(serializers.Serializer[Any]):
    """An answer that nobody kept or sent; without a template that fits it is empty."""

    text = serializers.CharField()
    subject = serializers.CharField()
    template = serializers.UUIDField(allow_null=True)
    why = serializers.CharField()
