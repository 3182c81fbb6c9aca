"""Versions of models over REST: what there is, propose that one serves, go back at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from mlops.handlers import KIND
from mlops.models import ArtefactFormat, Canary, CanaryOutcome, ModelStage, ModelVersion
from mlops.selectors.canary import canary_of
from mlops.selectors.registry import champion_of
from mlops.selectors.watch import drift_reports_of, shadow_report_of
from mlops.services.job_names import training_job
from mlops.services.registry.canaries import serve_everybody, stop_canary
from mlops.services.registry.promoting import rollback
from mlops.services.registry.starting import LONGEST_DAYS, SMALLEST
from mlops.services.training import TRAINERS
from workspaces import scopes
from workspaces.api.config_serializers import JobRunOut
from workspaces.api.idempotency import once
from workspaces.api.jobs import started
from workspaces.api.proposal_serializers import NothingIn, PlanProposedOut
from workspaces.api.proposing import propose_for
from workspaces.api.views import ApiView, RowsView

TAG = ["Models"]


class ModelVersionOut(serializers.Serializer[Any]):
    """One version."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    version = serializers.IntegerField()
    stage = serializers.ChoiceField(ModelStage.choices)
    is_eligible = serializers.BooleanField(
        source="is_better", help_text="Beats the plain models on the rows held out."
    )
    verdict = serializers.CharField()
    metrics = serializers.JSONField(help_text="On the rows held out.")
    baselines = serializers.JSONField(help_text="The same metrics of each plain model.")
    rows = serializers.IntegerField(help_text="Learnt from.")
    held_out = serializers.IntegerField(help_text="Judged on.")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField(source="created_by_label")
    promoted_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    canary_share = serializers.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=None,
        allow_null=True,
        read_only=True,
        help_text="Share of the subjects that it answers now, as a canary.",
    )


class ShadowReportOut(serializers.Serializer[Any]):
    """A version set against what serves, on users or campaigns that neither learnt from."""

    champion_version = serializers.IntegerField(source="champion.version")
    day = serializers.DateField()
    rows = serializers.IntegerField(help_text="With a known outcome.")
    campaigns = serializers.IntegerField(
        allow_null=True, help_text="That the rows are days of; null where they are users."
    )
    metric = serializers.CharField()
    champion_figure = serializers.FloatField(allow_null=True)
    challenger_figure = serializers.FloatField(allow_null=True)
    gain = serializers.FloatField(allow_null=True, help_text="Share of the champion's figure.")
    gain_low = serializers.FloatField(allow_null=True, help_text="95 % interval.")
    gain_high = serializers.FloatField(allow_null=True)
    moved = serializers.JSONField(help_text="PSI of what it reads, by feature.")
    chance = serializers.JSONField(
        help_text="PSI that chance alone may give, by feature; of campaigns only."
    )
    rank_correlation = serializers.FloatField(allow_null=True)
    same_decisions = serializers.FloatField(allow_null=True, help_text="Share of rows.")
    is_eligible = serializers.BooleanField()
    verdict = serializers.CharField()


class DriftReportOut(serializers.Serializer[Any]):
    """How far what serves had moved on a day."""

    day = serializers.DateField()
    rows = serializers.IntegerField(help_text="Newest users, or days of campaigns, looked at.")
    moved = serializers.JSONField(help_text="PSI of what it reads, by feature.")
    chance = serializers.JSONField(
        help_text="PSI that chance alone may give, by feature; of campaigns only."
    )
    score_moved = serializers.FloatField(allow_null=True, help_text="PSI of its predictions.")
    score_chance = serializers.FloatField(allow_null=True, help_text="The same by chance alone.")
    calibration_error = serializers.FloatField(allow_null=True)
    calibration_limit = serializers.FloatField(allow_null=True)
    is_moved = serializers.BooleanField()
    moved_since = serializers.DateField(allow_null=True)
    verdict = serializers.CharField()
    asked_for_training = serializers.BooleanField(source="has_asked")
    answer = serializers.CharField(allow_blank=True)


class CanaryOut(serializers.Serializer[Any]):
    """A version that answers a share of the subjects before it serves everyone."""

    champion_version = serializers.IntegerField(
        source="champion.version", help_text="Which answers the others."
    )
    proposal_id = serializers.UUIDField(source="proposal.public_id", help_text="What was signed.")
    share = serializers.DecimalField(max_digits=4, decimal_places=3)
    started_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="Then it serves everyone, if it did no harm.")
    failures = serializers.IntegerField(help_text="Rows that it could not answer.")
    seen = serializers.JSONField(help_text="Answers, known outcomes, gain and PSI so far.")
    standing = serializers.CharField(allow_blank=True, help_text="The same in words.")
    seen_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(CanaryOutcome.choices, allow_blank=True)
    why = serializers.CharField(allow_blank=True, help_text="Why it ended so.")


class ModelCardOut(ModelVersionOut):
    """One version with its card, and how to make it again."""

    format = serializers.ChoiceField(ArtefactFormat.choices)
    sha256 = serializers.CharField(help_text="Of the artefact.")
    size_bytes = serializers.IntegerField()
    features = serializers.ListField(child=serializers.CharField())
    seed = serializers.IntegerField()
    data_from = serializers.DateField(allow_null=True)
    data_until = serializers.DateField(allow_null=True, help_text="First day it did not see.")
    data_sha256 = serializers.CharField(allow_blank=True)
    code_version = serializers.CharField()
    card = serializers.JSONField()
    canary = serializers.SerializerMethodField()
    shadow = serializers.SerializerMethodField()
    drift = serializers.SerializerMethodField()

    @extend_schema_field(CanaryOut(allow_null=True))
    def get_canary(self, version: ModelVersion) -> dict[str, Any] | None:
        """Its newest canary."""
        canary = canary_of(version)
        return dict(CanaryOut(canary).data) if canary else None

    @extend_schema_field(ShadowReportOut(allow_null=True))
    def get_shadow(self, version: ModelVersion) -> dict[str, Any] | None:
        """The newest comparison with what serves."""
        champion = champion_of(workspace=version.workspace, name=version.name)
        report = shadow_report_of(version, champion)
        return dict(ShadowReportOut(report).data) if report else None

    @extend_schema_field(DriftReportOut(allow_null=True))
    def get_drift(self, version: ModelVersion) -> dict[str, Any] | None:
        """The newest word on its drift."""
        reports = drift_reports_of(version, days=1)
        return dict(DriftReportOut(reports[0]).data) if reports else None


class PromotionIn(serializers.Serializer[Any]):
    """Why a version should serve, and how it begins."""

    reason = serializers.CharField(max_length=1000)
    canary_share = serializers.DecimalField(
        max_digits=4,
        decimal_places=3,
        min_value=SMALLEST,
        max_value=Decimal(1),
        required=False,
        allow_null=True,
        default=None,
        help_text="Of the subjects that it answers first; 1: all at once. Else the policy's.",
    )
    canary_days = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        allow_null=True,
        default=None,
        help_text="Before it answers all of them. Else the policy's.",
    )


class PromotionProposedOut(PlanProposedOut):
    """What waits for a signature now."""


class RollbackIn(serializers.Serializer[Any]):
    """Why to go back, and from which version."""

    reason = serializers.CharField(max_length=300)
    from_id = serializers.UUIDField(
        required=False,
        default=None,
        allow_null=True,
        help_text="The champion you saw; where another serves now, nothing is done.",
    )


class ModelsView(RowsView[ModelVersion]):
    """Base: versions of the workspace."""

    queryset = ModelVersion.objects.none()
    filterset_fields = ("name", "stage")

    def rows(self) -> QuerySet[ModelVersion]:
        """All of them."""
        canary = Canary.objects.filter(version=OuterRef("pk"), ended_at=None)
        return ModelVersion.objects.filter(workspace=self.workspace).annotate(
            canary_share=Subquery(canary.values("share"))
        )


class ModelList(ModelsView):
    """Versions."""

    scopes = {"GET": scopes.ML_READ}
    serializer_class = ModelVersionOut

    @extend_schema(tags=TAG, operation_id="models_list", summary="List versions of models")
    def get(self, request: Request) -> Response:
        """Versions with their figures against plain models, the newest first."""
        return self.page()


class ModelDetail(ModelsView):
    """One version."""

    scopes = {"GET": scopes.ML_READ}
    serializer_class = ModelCardOut

    @extend_schema(tags=TAG, operation_id="models_read", summary="Read one version")
    def get(self, request: Request, public_id: UUID) -> Response:
        """Show its card and what it was made from."""
        return Response(ModelCardOut(self.one(public_id)).data)


class ModelPromotion(ModelsView):
    """Proposing that one serves."""

    scopes = {"POST": scopes.CHANGES_PROPOSE}

    @extend_schema(
        tags=TAG,
        operation_id="models_propose_promotion",
        summary="Propose that a version serves",
        request=PromotionIn,
        responses={202: PromotionProposedOut},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Propose; it serves once its plan is signed. One that is not eligible is refused."""
        version = self.one(public_id)
        body = self.read(PromotionIn)
        asked = {
            "model": version.name,
            "version": version.version,
            "canary_share": str(body["canary_share"] or ""),
            "canary_days": body["canary_days"],
        }
        proposal = propose_for(self, KIND, asked, reason=body["reason"])
        return Response(PromotionProposedOut(proposal).data, status=status.HTTP_202_ACCEPTED)


class CanaryStopIn(serializers.Serializer[Any]):
    """Why a canary is stopped."""

    reason = serializers.CharField(max_length=300)


class CanaryStop(ModelsView):
    """Stopping a canary."""

    scopes = {"POST": scopes.CHANGES_SIGN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="models_stop_canary",
        summary="Stop a canary",
        request=CanaryStopIn,
        responses=ModelVersionOut,
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Have the champion answer everyone again, at once, on record as a signed stop."""
        version, body = self.one(public_id), self.read(CanaryStopIn)
        stopped = stop_canary(
            workspace=self.workspace,
            name=version.name,
            by=self.caller.person,
            reason=body["reason"],
            now=self.now,
            shown=public_id,
        )
        return Response(ModelVersionOut(stopped).data)


class CanaryServe(ModelsView):
    """Letting a canary serve everyone."""

    scopes = {"POST": scopes.CHANGES_SIGN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="models_serve_everybody",
        summary="Let a canary serve everyone now",
        request=NothingIn,
        responses=ModelVersionOut,
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Do not wait until its time is up; refused where it does harm."""
        version = self.one(public_id)
        self.read(NothingIn)
        serving = serve_everybody(
            workspace=self.workspace,
            name=version.name,
            by=self.caller.person,
            now=self.now,
            shown=public_id,
        )
        return Response(ModelVersionOut(serving).data)


class ModelTraining(ApiView):
    """Training anew."""

    scopes = {"POST": scopes.SYNC_RUN}

    @extend_schema(
        tags=TAG,
        operation_id="models_train",
        summary="Train a model anew",
        request=NothingIn,
        responses={202: JobRunOut},
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Queue a training; `GET jobs/` tells how far it is. What comes of it is a challenger."""
        if name not in TRAINERS:
            raise Http404
        return started(self, training_job(name))


class ModelRollback(ApiView):
    """Going back."""

    scopes = {"POST": scopes.CHANGES_SIGN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="models_rollback",
        summary="Go back to the champion before",
        request=RollbackIn,
        responses=ModelVersionOut,
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Let the version before serve at once; it stands in the record as a signed stop.

        Answers the version that serves now. Where none came before and what ships with the product
        serves, as for intents of messages, the one that was put away.
        """
        body = self.read(RollbackIn)
        before = champion_of(workspace=self.workspace, name=name)
        version = rollback(
            workspace=self.workspace,
            name=name,
            by=self.caller.person,
            reason=body["reason"],
            now=self.now,
            shown=body["from_id"],
        )
        if version is None and before is not None:
            # Read whole, and anew: it stands elsewhere now.
            version = ModelVersion.objects.get(workspace=self.workspace, pk=before.pk)
        return Response(ModelVersionOut(version).data)
