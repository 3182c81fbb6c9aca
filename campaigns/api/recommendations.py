"""Recommendations for channels over REST: the newest, all, make one, send one to approval."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Recommendation
from campaigns.models.sendings import Sending
from campaigns.selectors.advice import Outcome, outcomes_of, recommendations_of
from campaigns.services.advising.making import ADVICE_JOB
from campaigns.services.advising.sending import send_to_approval
from workspaces import scopes
from workspaces.api.config_serializers import JobRunOut
from workspaces.api.idempotency import once
from workspaces.api.jobs import started
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import RowsView

TAG = ["Recommendations"]
_STATES = ("not_sent", "waiting", "accepted", "partly_accepted", "rejected")


class ComparisonOut(serializers.Serializer[Any]):
    """Which channel does best and worst."""

    top_performer = serializers.CharField()
    worst_performer = serializers.CharField()
    analysis = serializers.CharField()


class OutlookOut(serializers.Serializer[Any]):
    """Where it goes."""

    trend = serializers.CharField()
    forecast_accuracy = serializers.CharField()


class AdvisedOut(serializers.Serializer[Any]):
    """What to do."""

    budget_allocation = serializers.DictField(
        child=serializers.FloatField(), help_text="Share of the spend by channel; adds up to 1."
    )
    optimization = serializers.ListField(child=serializers.CharField())
    priority_actions = serializers.ListField(child=serializers.CharField())


class DocumentOut(serializers.Serializer[Any]):
    """The document, as it was checked."""

    channel_comparison = ComparisonOut()
    ml_predictions = OutlookOut()
    recommendations = AdvisedOut()
    summary = serializers.CharField()


class EffectOut(serializers.Serializer[Any]):
    """What measured changes brought, against what was predicted of them."""

    metric = serializers.CharField()
    currency = serializers.CharField(allow_null=True)
    predicted = serializers.DecimalField(20, 2)
    realised = serializers.DecimalField(20, 2)
    measured = serializers.IntegerField()


class LeftOutOut(serializers.Serializer[Any]):
    """A budget that stays."""

    budget = serializers.CharField()
    why = serializers.CharField()


class OutcomeOut(serializers.Serializer[Any]):
    """What became of it."""

    state = serializers.ChoiceField(_STATES)
    sent_at = serializers.DateTimeField(allow_null=True)
    sent_by = serializers.CharField(allow_null=True)
    proposals = serializers.ListField(child=serializers.UUIDField())
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="By status.")
    left_out = LeftOutOut(many=True)
    effects = EffectOut(many=True)


def outcome_shown(outcome: Outcome, sending: Sending | None) -> OutcomeOut:
    """What became of a row that can be sent to approval."""
    shown = {
        "state": outcome.state,
        "sent_at": sending.sent_at if sending else None,
        "sent_by": sending.sent_by_label if sending else None,
        "proposals": [proposal.public_id for proposal in outcome.proposals],
        "counts": outcome.counts,
        "left_out": sending.left_out if sending else [],
        "effects": outcome.effects,
    }
    return OutcomeOut(shown).data  # type: ignore[return-value]  # named so for the schema


class ChannelAdviceOut(serializers.Serializer[Any]):
    """One recommendation and what became of it."""

    id = serializers.UUIDField(source="public_id")
    created_at = serializers.DateTimeField()
    recommendations = DocumentOut()
    summary = serializers.CharField()
    is_fallback = serializers.BooleanField(help_text="Rules wrote it.")
    fallback_reason = serializers.CharField()
    model_name = serializers.CharField(help_text="Empty where rules wrote it.")
    evidence_ids = serializers.ListField(child=serializers.CharField())
    outcome = serializers.SerializerMethodField()

    def get_outcome(self, row: Recommendation) -> OutcomeOut:
        """Read from the bundle of its proposals."""
        known: dict[int, Outcome] = self.context["outcomes"]
        return outcome_shown(known[row.pk], getattr(row, "sending", None))


class FactOut(serializers.Serializer[Any]):
    """One number that could be stated."""

    id = serializers.CharField()
    about = serializers.CharField(help_text="Its channel; empty for all of them.")
    value = serializers.FloatField()
    unit = serializers.ChoiceField(["money", "count", "percent", "ratio", "days"])


class EvidenceCampaignOut(serializers.Serializer[Any]):
    """A campaign that numbers are about."""

    id = serializers.CharField()
    channel = serializers.CharField()
    name = serializers.CharField()


class EvidenceOut(serializers.Serializer[Any]):
    """The figures that a recommendation rests on."""

    since = serializers.DateField()
    until = serializers.DateField()
    currency = serializers.CharField()
    value_name = serializers.CharField()
    shares = serializers.DictField(child=serializers.FloatField())
    facts = FactOut(many=True)
    campaigns = EvidenceCampaignOut(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class ChannelAdviceWithEvidenceOut(ChannelAdviceOut):
    """One recommendation with its figures."""

    evidence = EvidenceOut()


class RecommendationView(RowsView[Recommendation]):
    """Base: recommendations of the workspace."""

    queryset = Recommendation.objects.none()
    serializer_class = ChannelAdviceOut

    def rows(self) -> QuerySet[Recommendation]:
        """All of the workspace."""
        return recommendations_of(self.workspace)

    def shown(self, row: Recommendation) -> dict[str, Any]:
        """One of them, with its figures."""
        context = {"outcomes": outcomes_of([row])}
        return dict(ChannelAdviceWithEvidenceOut(row, context=context).data)


class Recommendations(RecommendationView):
    """All recommendations."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="recommendations_list",
        summary="List recommendations",
        responses=ChannelAdviceOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Recommendations with what became of them, newest first; `latest` has the figures too."""
        return self.page_of(
            self.get_queryset(),
            shown=lambda page: (
                ChannelAdviceOut(page, many=True, context={"outcomes": outcomes_of(page)}).data
            ),
        )


class LatestRecommendation(RecommendationView):
    """The newest recommendation."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="recommendations_latest",
        summary="Read the newest recommendation",
        responses=ChannelAdviceWithEvidenceOut,
    )
    def get(self, request: Request) -> Response:
        """The document, who wrote it and why, its figures, and what became of it."""
        newest = self.rows().first()
        if newest is None:
            raise NotFound("There is no recommendation yet. POST recommendations/generate/ asks.")
        return Response(self.shown(newest))


class GenerateRecommendation(RecommendationView):
    """Make a recommendation."""

    scopes = {"POST": scopes.INSIGHT_WRITE}

    @extend_schema(
        tags=TAG,
        operation_id="recommendations_generate",
        summary="Make a recommendation",
        request=NothingIn,
        responses={202: JobRunOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Queue a run; one that waits already is returned. `jobs/` tells how far it is."""
        return started(self, ADVICE_JOB)


class SendRecommendation(RecommendationView):
    """Send a recommendation to approval."""

    scopes = {"POST": scopes.INSIGHT_WRITE}

    @extend_schema(
        tags=TAG,
        operation_id="recommendations_send_to_approval",
        summary="Send a recommendation to approval",
        request=NothingIn,
        responses={
            200: OpenApiResponse(ChannelAdviceWithEvidenceOut, "It was sent before."),
            202: ChannelAdviceWithEvidenceOut,
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Propose the budgets that its shares ask for, as one bundle; nothing changes unsigned."""
        self.read(NothingIn)
        sent = send_to_approval(
            recommendation=self.one(public_id), proposer=self.caller.proposer, now=self.now
        )
        code = status.HTTP_202_ACCEPTED if sent.is_new else status.HTTP_200_OK
        return Response(self.shown(self.one(public_id)), status=code)
