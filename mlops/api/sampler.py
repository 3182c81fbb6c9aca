"""The sampler over REST: share a budget out, tell what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.metrics import roas
from mlops.api import serializers as forms
from mlops.engine.arms import AdState, Allocation, AllocationItem
from mlops.services.feedback import give_feedback
from mlops.services.sampling import allocate
from workspaces import scopes
from workspaces.api.fields import amount_text
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView

TAG = ["Machine learning"]
_NUMBERS = ("spend", "pipeline_value", "cash_revenue", "daily_budget")
_EXAMPLE = OpenApiExample(
    "Two ad sets share 200 a day",
    value={
        "ad_states": [
            {
                "ad_id": "adset-1", "impressions": 5000, "clicks": 150, "spend": "500.00",
                "pipeline_value": "4500.00", "age_hours": 48, "daily_budget": "100.00",
            },
            {
                "ad_id": "adset-2", "impressions": 8000, "clicks": 90, "spend": "700.00",
                "pipeline_value": "300.00", "age_hours": 120, "daily_budget": "100.00",
            },
        ],
        "total_budget": "200.00",
    },
    request_only=True,
)  # fmt: skip
_FEEDBACK = OpenApiExample(
    "A deal was won",
    value={
        "ad_id": "adset-1",
        "actual_pipeline_value": "1200.00",
        "actual_spend": "0.00",
        "event_id": "deal-4711-won",
    },
    request_only=True,
)


class Select(ApiView):
    """Share a budget out."""

    scopes = {"POST": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="sampler_select",
        summary="Recommend budgets by Thompson sampling",
        request=forms.SelectIn,
        responses=forms.AllocationOut,
        examples=[_EXAMPLE],
    )
    @once
    def post(self, request: Request) -> Response:
        """Recommend a budget per arm. Proposes nothing; each draw is logged with its odds."""
        body = self.read(forms.SelectIn)
        states = [_state(given) for given in body["ad_states"]]
        try:
            allocation, allocation_id = allocate(
                workspace=self.workspace,
                states=states,
                total_budget=float(body["total_budget"]),
                similarity=body["creative_dna_scores"],
                mode=body.get("mode"),
                now=self.now,
            )
        except ValueError as error:
            raise serializers.ValidationError({str(error).split()[0]: str(error)}) from error
        by_id = {state.ad_id: state for state in states}
        shown = {
            **_totals(allocation),
            "currency": self.workspace.currency,
            "allocation_id": allocation_id,
            "recommendations": [_arm(item, by_id[item.ad_id]) for item in allocation.items],
        }
        return Response(forms.AllocationOut(shown).data)


def _state(given: Mapping[str, Any]) -> AdState:
    amounts = {name: None if given[name] is None else float(given[name]) for name in _NUMBERS}
    return AdState(**{**given, **amounts})


def _money(amount: float) -> Decimal:
    return Decimal(f"{amount:.2f}")


def _totals(allocation: Allocation) -> dict[str, Any]:
    return {
        "total_budget": _money(allocation.total_budget),
        "num_ads": len(allocation.items),
        "unallocated": amount_text(_money(allocation.unallocated)),
        "seed": allocation.seed,
        "mode": allocation.mode,
        "policy_version": allocation.policy_version,
        "warnings": allocation.warnings,
    }


def _arm(item: AllocationItem, state: AdState) -> dict[str, Any]:
    weight = item.metrics["ctr_weight"] or 0.0
    return {
        "ad_id": item.ad_id,
        "current_budget": _money(item.current_budget),
        "recommended_budget": _money(item.recommended_budget),
        "change_percentage": item.change_percentage,
        "decision": item.decision,
        "confidence": item.confidence,
        "reason": item.reason,
        "propensity": item.propensity,
        "explanation": item.explanation,
        "warnings": item.warnings,
        "metrics": {
            "impressions": state.impressions,
            "clicks": state.clicks,
            "ctr": item.metrics["ctr"],
            "pipeline_roas": roas(state.pipeline_value, state.spend),
            "ctr_weight": weight,
            "roas_weight": 1.0 - weight,
            "blended_score": item.metrics["blended_score"],
            "decay_factor": item.metrics["decay"],
            "age_hours": state.age_hours,
        },
    }


class Feedback(ApiView):
    """Tell what an arm brought."""

    scopes = {"POST": scopes.ML_WRITE}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="sampler_feedback",
        summary="Tell what an arm really brought",
        request=forms.FeedbackIn,
        responses={200: forms.FeedbackOut, 201: forms.FeedbackOut},
        examples=[_FEEDBACK],
    )
    @once
    def post(self, request: Request) -> Response:
        """Append to the ledger; the same event again changes nothing (200 instead of 201)."""
        body = self.read(forms.FeedbackIn)
        row, is_new = give_feedback(
            workspace=self.workspace,
            ad_id=body["ad_id"],
            event_id=body["event_id"],
            spend=body["actual_spend"],
            pipeline_value=body["actual_pipeline_value"],
            source="api",
            now=self.now,
        )
        shown = {
            "status": "recorded" if is_new else "already_recorded",
            "ad_id": body["ad_id"],
            "actual_roas": roas(row.pipeline_value, row.spend),
            "timestamp": row.at,
        }
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(forms.FeedbackOut(shown).data, status=code)
