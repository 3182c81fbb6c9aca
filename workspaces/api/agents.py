"""Agents over REST: what they suggest, what they may recommend, how they fared."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces import scopes
from workspaces.api import agent_serializers as forms
from workspaces.api import examples
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.problems import of_drf
from workspaces.api.views import ApiView, RowsView
from workspaces.models import (
    AgentSuggestion,
    Connection,
    ConnectionStatus,
    Priority,
    SuggestionType,
)
from workspaces.selectors_agents import NEWEST, scorecards_of
from workspaces.services.suggesting import act, suggest
from workspaces.suggested import actions

TAG = ["Agents"]


class SuggestionFilter(Filters):
    """Filters of the list."""

    type = django_filters.ChoiceFilter(choices=SuggestionType.choices)
    priority = django_filters.ChoiceFilter(choices=Priority.choices)
    agent_type = django_filters.CharFilter()
    external_id = django_filters.CharFilter()
    is_dismissed = django_filters.BooleanFilter(field_name="dismissed_at", method="dismissed")

    def dismissed(
        self,
        rows: QuerySet[AgentSuggestion],
        name: str,
        value: bool,  # noqa: FBT001  # the library calls it so
    ) -> QuerySet[AgentSuggestion]:
        """Narrow to those put away, or to the others."""
        return rows.filter(dismissed_at__isnull=not value)


class SuggestionList(RowsView[AgentSuggestion]):
    """What agents suggest."""

    scopes = {"GET": scopes.CHANGES_READ, "POST": scopes.CHANGES_PROPOSE}
    agents_only = frozenset({"POST"})
    queryset = AgentSuggestion.objects.none()
    serializer_class = forms.SuggestionOut
    filterset_class = SuggestionFilter
    ordering_fields = ("created_at",)

    def rows(self) -> QuerySet[AgentSuggestion]:
        """All of the workspace."""
        return (
            AgentSuggestion.objects.filter(workspace=self.workspace)
            .select_related("agent")
            .prefetch_related("actions__proposal", "actions__suggestion")
        )

    @extend_schema(tags=TAG, operation_id="agent_suggestions_list", summary="List suggestions")
    def get(self, request: Request) -> Response:
        """Suggestions, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="agent_suggestions_create", summary="Suggest, as an agent",
        request=forms.SuggestionsIn, responses={202: forms.SuggestedOut},
        examples=[examples.SUGGESTIONS],
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Keep suggestions, each whole or not at all; what they recommend becomes proposals.

        Told again under the same id, a suggestion counts once.
        """
        body = self.read(forms.SuggestionsIn)
        good, refused = _checked(body["suggestions"])
        answer = suggest(
            agent=self.caller.agent, proposer=self.caller.proposer, agent_type=body["agent_type"],
            priority=body["priority"], at=body["timestamp"], suggestions=good, now=self.now,
        )  # fmt: skip
        made = [action for _, action in answer.made]
        told = {
            "accepted": answer.accepted,
            "proposals": [one.proposal.public_id for one in made if one.proposal is not None],
            "made": made,
            "refused": [{"id": name, "reason": why} for name, why in [*refused, *answer.refused]],
        }
        return Response(forms.SuggestedOut(told).data, status=status.HTTP_202_ACCEPTED)


def _checked(
    given: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Those that can be read, and the others with why."""
    good: list[dict[str, Any]] = []
    refused: list[tuple[str, str]] = []
    for one in given:
        form = forms.SuggestionIn(data=one)
        if form.is_valid():
            good.append(dict(form.validated_data))
        else:
            words = [f"{field}: {message}" for field, message in of_drf(form.errors)]
            refused.append((one["id"][:120], " ".join(words)))
    return good, refused


class AgentActions(ApiView):
    """What agents may recommend, and propose at once."""

    scopes = {"GET": scopes.CHANGES_READ, "POST": scopes.CHANGES_PROPOSE}
    agents_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG, operation_id="agent_actions_list", summary="Actions that may be recommended",
        responses=forms.AgentActionOut(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Types of `recommended_actions`, with their parameters and the scope that each needs."""
        return Response(forms.AgentActionOut(actions(), many=True).data)

    @extend_schema(
        tags=TAG, operation_id="agent_actions_run", summary="Propose an action, as an agent",
        request=forms.ActionIn, responses={202: forms.ActionOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Make a proposal of it, or a draft; nothing has an effect before it is signed."""
        body = self.read(forms.ActionIn)
        made = act(
            agent=self.caller.agent, proposer=self.caller.proposer, action_type=body["action_type"],
            parameters=body.get("parameters", {}), reason=body["reason"], now=self.now,
        )  # fmt: skip
        told = {
            "action_type": body["action_type"], "label": made.label, "url": made.url,
            "proposal": made.proposal,
        }  # fmt: skip
        return Response(forms.ActionOut(told).data, status=status.HTTP_202_ACCEPTED)


class AgentConnectionFilter(Filters):
    """Filters of the list."""

    kind = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=ConnectionStatus.choices)


class AgentConnections(RowsView[Connection]):
    """What the workspace is connected to."""

    scopes = {"GET": scopes.INSIGHT_READ}
    queryset = Connection.objects.none()
    serializer_class = forms.AgentConnectionOut
    filterset_class = AgentConnectionFilter

    def rows(self) -> QuerySet[Connection]:
        """All of the workspace, and no more of each than is told."""
        found = Connection.objects.filter(workspace=self.workspace)
        return found.only("public_id", "kind", "name", "status")

    @extend_schema(
        tags=TAG, operation_id="agent_connections_list", summary="List connections, as an agent"
    )
    def get(self, request: Request) -> Response:
        """Kind, name and status: what can be used through us, and nothing to use it without us."""
        return self.page()


class Scorecards(ApiView):
    """How proposers fared."""

    scopes = {"GET": scopes.CHANGES_READ}

    @extend_schema(
        tags=TAG, operation_id="agent_scorecards", summary="How proposals of each proposer fared",
        responses=forms.ScorecardsOut,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Proposed, signed, and what came of it against what was predicted."""
        found = {"newest": NEWEST, "results": scorecards_of(workspace=self.workspace)}
        return Response(forms.ScorecardsOut(found).data)
