"""Shapes of what agents tell and hear."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from workspaces.api.fields import Body
from workspaces.models import AgentSuggestion, ConnectionStatus, Priority, SuggestionType

MOST_SUGGESTIONS: Final = 100
MOST_ACTIONS: Final = 10


class RecommendedActionIn(Body):
    """What an agent recommends to do."""

    action_type = serializers.CharField(max_length=40, help_text="See GET agents/actions/.")
    parameters = serializers.DictField(required=False)


class SuggestionIn(Body):
    """One suggestion."""

    id = serializers.CharField(
        max_length=120, help_text="The agent's own; told again it counts once."
    )
    type = serializers.ChoiceField(SuggestionType.choices)
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=5_000, required=False, allow_blank=True)
    impact = serializers.DictField(required=False, help_text="What is expected of it, as it likes.")
    priority = serializers.ChoiceField(Priority.choices, required=False)
    recommended_actions = serializers.ListField(
        child=RecommendedActionIn(), required=False, max_length=MOST_ACTIONS
    )
    cta_url = serializers.URLField(max_length=500, required=False, allow_blank=True)


class SummaryIn(serializers.Serializer[Any]):
    """The agent's own count; taken as it comes, for what counts is what is kept."""

    counts = serializers.DictField(required=False)
    totals = serializers.DictField(required=False)


class SuggestionsIn(Body):
    """What an agent suggests at a moment."""

    agent_type = serializers.CharField(max_length=60)
    timestamp = serializers.DateTimeField()
    priority = serializers.ChoiceField(Priority.choices, default=Priority.MEDIUM)
    suggestions = serializers.ListField(
        child=serializers.DictField(), min_length=1, max_length=MOST_SUGGESTIONS,
        help_text="Each as SuggestionIn. What is wrong with one refuses that one.",
    )  # fmt: skip
    summary = SummaryIn(required=False)

    def validate_suggestions(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Ask for names: a refusal has to name what it refuses."""
        for place, one in enumerate(value):
            if not isinstance(one.get("id"), str) or not one["id"].strip():
                raise serializers.ValidationError({f"{place}.id": ["Give each an id, as text."]})
        return value


class RefusedSuggestionOut(serializers.Serializer[Any]):
    """A suggestion that was not kept."""

    id = serializers.CharField()
    reason = serializers.CharField()


class MadeActionOut(serializers.Serializer[Any]):
    """What was made of a recommended action."""

    suggestion = serializers.CharField(source="suggestion.external_id")
    action_type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    proposal = serializers.UUIDField(source="proposal.public_id", default=None, allow_null=True)
    url = serializers.CharField()


class SuggestedOut(serializers.Serializer[Any]):
    """What became of a call."""

    accepted = serializers.ListField(child=serializers.CharField())
    proposals = serializers.ListField(child=serializers.UUIDField())
    made = MadeActionOut(many=True)
    refused = RefusedSuggestionOut(many=True)


class SuggestionOut(serializers.ModelSerializer[AgentSuggestion]):
    """A suggestion as it was told."""

    id = serializers.UUIDField(source="public_id")
    agent = serializers.CharField(source="agent.name")
    made = MadeActionOut(many=True, source="actions.all")
    is_dismissed = serializers.SerializerMethodField()

    class Meta:
        model = AgentSuggestion
        fields = ("id", "external_id", "agent", "agent_type", "type", "priority", "title",
                  "description", "impact", "cta_url", "suggested_at", "created_at",
                  "is_dismissed", "made")  # fmt: skip

    def get_is_dismissed(self, row: AgentSuggestion) -> bool:
        """Whether a person put it away."""
        return row.dismissed_at is not None


class AgentActionOut(serializers.Serializer[Any]):
    """An action that may be recommended."""

    type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    scope = serializers.CharField()
    parameters = serializers.DictField(child=serializers.CharField())


class ActionIn(Body):
    """What an agent wants done."""

    action_type = serializers.CharField(max_length=40, help_text="See GET agents/actions/.")
    parameters = serializers.DictField(required=False)
    reason = serializers.CharField(max_length=2_000, help_text="Why, for who signs.")


class ActionOut(serializers.Serializer[Any]):
    """What was made of it: a proposal that waits, or a draft at `url` that a person finishes."""

    action_type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    proposal = serializers.UUIDField(source="proposal.public_id", default=None, allow_null=True)
    url = serializers.CharField()


class AgentConnectionOut(serializers.Serializer[Any]):
    """A connection as an agent sees it: no address, no credentials, no errors."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(ConnectionStatus.choices)


class ScorecardOut(serializers.Serializer[Any]):
    """How proposals of one proposer fared."""

    proposer = serializers.CharField(source="key")
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    type = serializers.CharField()
    proposed = serializers.IntegerField()
    waiting = serializers.IntegerField()
    signed = serializers.IntegerField()
    rejected = serializers.IntegerField()
    executed = serializers.IntegerField()
    failed = serializers.IntegerField()
    undone = serializers.IntegerField()
    measured = serializers.IntegerField()
    as_predicted = serializers.IntegerField(help_text="Measured effects within the interval told.")
    right_direction = serializers.IntegerField()


class ScorecardsOut(serializers.Serializer[Any]):
    """Scorecards, most proposals first."""

    newest = serializers.IntegerField(help_text="Of each, so many of its newest proposals count.")
    results = ScorecardOut(many=True)
