"""Signals over REST: list, put aside, and propose what they recommend."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Signal, SignalSeverity, SignalType
from campaigns.selectors.insight.watch import SIGNALS, signals_of, watch_query
from campaigns.services.signals import dismiss_signal, propose_action
from workspaces import scopes
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView

TAG = ["Signals"]


class SignalsQuery(serializers.Serializer[Any]):
    """What a list of signals is asked by."""

    days = serializers.IntegerField(
        min_value=1, max_value=400, default=30, help_text="Detected or still open in so many days."
    )
    severity = serializers.ChoiceField(SignalSeverity.choices, required=False)
    type = serializers.ChoiceField(SignalType.choices, required=False)
    channel = serializers.CharField(max_length=40, required=False)
    state = serializers.ChoiceField(
        list(SIGNALS.states), default="current", help_text="Current: not put aside by anybody."
    )


class SignalOut(serializers.Serializer[Any]):
    """One event."""

    id = serializers.UUIDField(source="public_id")
    type = serializers.ChoiceField(SignalType.choices)
    severity = serializers.ChoiceField(SignalSeverity.choices)
    title = serializers.CharField()
    description = serializers.CharField()
    channel = serializers.CharField(allow_blank=True, help_text="Empty: the whole workspace.")
    campaign = serializers.UUIDField(source="campaign.public_id", allow_null=True, default=None)
    creative = serializers.UUIDField(source="creative.public_id", allow_null=True, default=None)
    began_on = serializers.DateField()
    detected_on = serializers.DateField()
    seen_on = serializers.DateField(help_text="Newest day that it was measured on.")
    metrics = serializers.JSONField(help_text="Before and after, baseline, score and interval.")
    recommended_action = serializers.CharField(allow_blank=True)
    predicted_impact = serializers.JSONField(help_text="Money of a week, with its interval.")
    priority = serializers.FloatField(help_text="0 to 100.")
    confidence = serializers.FloatField(help_text="0 to 1.")
    dismissed_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.CharField(allow_blank=True)


class SignalsView(RowsView[Signal]):
    """Base: signals of the workspace."""

    queryset = Signal.objects.none()
    serializer_class = SignalOut
    filter_backends = []

    def rows(self) -> QuerySet[Signal]:
        """All of them."""
        return Signal.objects.filter(workspace=self.workspace).select_related(
            "campaign", "creative", "workspace"
        )


class SignalList(SignalsView):
    """Signals."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="signals_list",
        summary="List signals",
        parameters=[SignalsQuery],
        responses=SignalOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Signals of the newest days, the pressing first; open ones whenever they were found."""
        query = watch_query(SIGNALS, self.workspace, self.read_query(SignalsQuery), self.now)
        return self.page_of(signals_of(query), by=("-priority", "-detected_on", "-pk"))


class SignalDismissal(SignalsView):
    """Putting one aside."""

    scopes = {"POST": scopes.INSIGHT_WRITE}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="signals_dismiss",
        summary="Put a signal aside",
        request=None,
        responses=SignalOut,
    )
    @once
    def post(self, request: Request, public_id: Any) -> Response:
        """Its event is not told again while it lasts. A repeat changes nothing."""
        row = dismiss_signal(signal=self.one(public_id), by=self.caller.person, now=self.now)
        return Response(SignalOut(row).data)


class ProposedOut(serializers.Serializer[Any]):
    """What waits for signatures now."""

    proposals = serializers.ListField(child=serializers.UUIDField())


class SignalAction(SignalsView):
    """Proposing what one recommends."""

    scopes = {"POST": scopes.CHANGES_PROPOSE}

    @extend_schema(
        tags=TAG,
        operation_id="signals_propose",
        summary="Propose what a signal recommends",
        request=None,
        responses={201: ProposedOut},
    )
    @once
    def post(self, request: Request, public_id: Any) -> Response:
        """Make its changes proposals of one bundle; the gate judges and people sign each."""
        signal = self.one(public_id)
        made = propose_action(signal=signal, by=self.caller.proposer, now=self.now)
        ids = {"proposals": [str(proposal.public_id) for proposal in made]}
        return Response(ids, status=status.HTTP_201_CREATED)
