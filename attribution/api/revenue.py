"""Synthetic revenue over REST: what stages and their changes are worth, and values from CRMs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api import revenue_serializers as forms
from attribution.engine.stage_documents import as_document
from attribution.engine.synthetic_revenue import (
    Increment,
    StageValues,
    ad_pipeline_roas,
    implied_conversion,
    stage_increment,
)
from attribution.handlers import KIND
from attribution.models import SyntheticRevenueConfig
from attribution.selectors.revenue import (
    NoStageValuesError,
    current_config,
    current_values,
    values_of,
)
from attribution.services.crm_values import ingest_ad_values
from workspaces import scopes
from workspaces.api.fields import amount_text
from workspaces.api.idempotency import once
from workspaces.api.proposing import propose_for
from workspaces.api.views import ApiView
from workspaces.models import Proposal
from workspaces.models.gate import OPEN

TAG = ["Synthetic revenue"]
_FIGURES = ("average_deal_value", "sales_cycle_days", "win_rate")
_CALCULATE = OpenApiExample(
    "A booked appointment",
    value={"stage_from": "lead", "stage_to": "appointment_scheduled"},
    request_only=True,
)
_CRM = OpenApiExample(
    "Two ads", value={"ad_performances": {"4000": "2250.00", "4001": "9000"}}, request_only=True
)


def _increment(values: StageValues, given: dict[str, Any]) -> Increment:
    return stage_increment(
        values,
        stage_to=given["stage_to"],
        stage_from=given["stage_from"] or "",
        deal_amount=given["deal_value"],
    )


class Calculate(ApiView):
    """One stage change."""

    scopes = {"POST": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="synthetic_revenue_calculate",
        summary="Value a stage change",
        request=forms.StageChangeIn,
        responses=forms.IncrementOut,
        examples=[_CALCULATE],
    )
    @once
    def post(self, request: Request) -> Response:
        """Value a move between two stages. Writes nothing."""
        body = self.read(forms.StageChangeIn)
        values = current_values(workspace=self.workspace, now=self.now)
        found = _increment(values, body)
        shown = {
            "stage_from": found.stage_from or None,
            "stage_to": found.stage_to,
            "synthetic_value": amount_text(found.standing_value),
            "calculated_value": amount_text(found.amount),
            "confidence": found.confidence,
            "is_known": found.is_known,
            "reason": found.reason,
            "currency": self.workspace.currency,
            "timestamp": self.now,
        }
        return Response(forms.IncrementOut(shown).data)


class AdRoas(ApiView):
    """Pipeline ROAS of an ad."""

    scopes = {"POST": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="synthetic_revenue_ad_roas",
        summary="Set an ad's stage changes against its spend",
        request=forms.AdRoasIn,
        responses=forms.AdRoasOut,
    )
    @once
    def post(self, request: Request) -> Response:
        """Add up stage changes credited to an ad. Writes nothing."""
        body = self.read(forms.AdRoasIn)
        values = current_values(workspace=self.workspace, now=self.now)
        increments = [_increment(values, change) for change in body["stage_changes"]]
        found = ad_pipeline_roas(increments, body["ad_spend"])
        shown = {
            "pipeline_value": amount_text(found.pipeline_value),
            "pipeline_roas": found.pipeline_roas,
            "avg_confidence": found.avg_confidence,
            "num_stage_changes": len(increments),
            "ad_spend": body["ad_spend"],
            "currency": self.workspace.currency,
        }
        return Response(forms.AdRoasOut(shown).data)


class Stages(ApiView):
    """Stages by value."""

    scopes = {"GET": scopes.ML_READ, "POST": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="synthetic_revenue_stages",
        summary="List stages by value",
        responses=forms.StagesOut,
    )
    def get(self, request: Request) -> Response:
        """Stages in force, the least valuable first."""
        return self._answer()

    @extend_schema(
        tags=TAG,
        operation_id="synthetic_revenue_get_stages",
        summary="List stages by value, asked for by POST",
        request=None,
        responses=forms.StagesOut,
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer as to GET. Writes nothing."""
        return self._answer()

    def _answer(self) -> Response:
        config = current_config(workspace=self.workspace, now=self.now)
        if config is None:
            raise NoStageValuesError
        shown = {
            "currency": self.workspace.currency,
            "version": config.version,
            "stages": _stages(values_of(config), by_value=True),
        }
        return Response(forms.StagesOut(shown).data)


def _stages(values: StageValues, *, by_value: bool = False) -> list[dict[str, Any]]:
    shares = {row.key: row.to_won for row in implied_conversion(values)}
    rows = list(values.stages)
    if by_value:
        rows.sort(key=lambda stage: (stage.value, stage.order))
    return [{**vars(stage), "implied_conversion": shares.get(stage.key)} for stage in rows]


class Config(ApiView):
    """Stage values: read, and propose others."""

    scopes = {"GET": scopes.ML_READ, "PUT": scopes.CHANGES_PROPOSE}

    @extend_schema(
        tags=TAG,
        operation_id="synthetic_revenue_config_read",
        summary="Read the stage values",
        responses=forms.ConfigOut,
    )
    def get(self, request: Request) -> Response:
        """Show the version in force, and the proposal that waits, if there is one."""
        config = current_config(workspace=self.workspace, now=self.now)
        waiting = Proposal.objects.filter(
            workspace=self.workspace, kind=KIND, status__in=OPEN
        ).first()
        shown = {
            "currency": self.workspace.currency,
            "waiting_proposal_id": waiting.public_id if waiting else None,
            **_config(config),
        }
        return Response(forms.ConfigOut(shown).data)

    @extend_schema(
        tags=TAG,
        operation_id="synthetic_revenue_config_propose",
        summary="Propose other stage values",
        request=forms.ConfigIn,
        responses={202: forms.ConfigProposedOut},
    )
    def put(self, request: Request) -> Response:
        """Propose a version; it holds once its plan is signed."""
        body = self.read(forms.ConfigIn)
        proposal = propose_for(self, KIND, self._request(body), reason=body["reason"])
        return Response(forms.ConfigProposedOut(proposal).data, status=status.HTTP_202_ACCEPTED)

    def _request(self, body: dict[str, Any]) -> dict[str, Any]:
        """Build the request of the kind; figures that are left out stay as they are."""
        if "template" in body:
            return {"template": body["template"]}
        config = current_config(workspace=self.workspace, now=self.now)
        standing = as_document(values_of(config)) if config else {}
        figures = {
            name: str(body[name]) if name in body else standing.get(name) for name in _FIGURES
        }
        stages = [
            {**stage, "value": str(stage["value"]), "confidence": str(stage["confidence"])}
            for stage in body["stages"]
        ]
        return {"values": {"stages": stages, **figures}}


def _config(config: SyntheticRevenueConfig | None) -> dict[str, Any]:
    if config is None:
        empty = dict.fromkeys((*_FIGURES, "effective_at"))
        return {"version": 0, "template": "", "editor": "", "stages": [], **empty}
    return {
        "version": config.version,
        "template": config.template,
        "editor": config.created_by_label,
        "effective_at": config.effective_at,
        "stages": _stages(values_of(config)),
        **{name: getattr(config, name) for name in _FIGURES},
    }


class CrmData(ApiView):
    """Pipeline value per ad from a CRM."""

    scopes = {"POST": scopes.ML_WRITE}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="crm_data_ingest",
        summary="Set the pipeline value of ads",
        request=forms.CrmDataIn,
        responses=forms.CrmDataOut,
        examples=[_CRM],
    )
    @once
    def post(self, request: Request) -> Response:
        """Set values of known ads; unknown ids are answered, and kept until a person resolves."""
        body = self.read(forms.CrmDataIn)
        values = body["ad_performances"]
        done = ingest_ad_values(
            workspace=self.workspace, values=values, source=body["source"], now=self.now
        )
        shown = {
            "status": "partly_ingested" if done.unknown else "ingested",
            "updated_ads": done.updated,
            "total_received": len(values),
            "unknown_ads": done.unknown,
        }
        return Response(forms.CrmDataOut(shown).data)
