"""The best budget of each channel over REST."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.selectors.scenarios import present_of
from campaigns.services.scenarios.inputs import HORIZON_DAYS, LONGEST_DAYS
from mlops.services.budget.asking import read_asked
from mlops.services.budget.planning import BudgetPlan, curves_for, plan_budget
from workspaces import scopes
from workspaces.api.fields import AmountField, Body
from workspaces.api.views import ApiView

_FIGURES: Final = ("revenue", "installs", "roas", "cost_per_install")
_EXAMPLE = OpenApiExample(
    "30,000 in 30 days, Meta between 5,000 and 12,000",
    value={
        "total_budget": "30000.00",
        "bounds": {"meta": {"min": "5000.00", "max": "12000.00"}},
        "horizon_days": 30,
    },
    request_only=True,
)


class ChannelBoundsIn(Body):
    """Bounds of one channel; money of the whole horizon."""

    min = AmountField(required=False, allow_null=True)
    max = AmountField(required=False, allow_null=True)


class OptimizeBudgetIn(Body):
    """A total to split."""

    total_budget = AmountField(help_text="Money of the whole horizon, workspace's currency.")
    bounds = serializers.DictField(
        child=ChannelBoundsIn(),
        required=False,
        default=dict,
        help_text="By channel; half to twice of its share now by default.",
    )
    horizon_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, default=HORIZON_DAYS
    )


class ExpectedOut(serializers.Serializer[Any]):
    """P10, P50 and P90 of the draws; null where a figure has no meaning."""

    p10 = serializers.FloatField(allow_null=True)
    p50 = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)
    mean = serializers.FloatField(allow_null=True, help_text="Means alone add up.")


class BudgetBaselineOut(serializers.Serializer[Any]):
    """The present plan over the same horizon."""

    allocation = serializers.DictField(child=AmountField())
    expected = serializers.DictField(child=ExpectedOut())


class BudgetRivalOut(serializers.Serializer[Any]):
    """What one way to split the same total brings."""

    name = serializers.CharField()
    brings = serializers.FloatField(help_text="Over the horizon, of what `optimized_for` names.")
    of_best = serializers.FloatField(help_text="Share of the best of them.")
    serves = serializers.BooleanField()
    why_not = serializers.CharField(help_text="Of a learnt policy: why it does not serve.")


class OptimizedBudgetOut(serializers.Serializer[Any]):
    """The best plan that was found; a suggestion, nothing is stored or proposed."""

    allocation = serializers.DictField(child=AmountField(), help_text="Adds up to the total.")
    expected = serializers.DictField(
        child=ExpectedOut(), help_text="Of all sources over the horizon, by figure."
    )
    method = serializers.CharField(help_text="What made it, e.g. exact solver.")
    baseline = BudgetBaselineOut()
    gain = serializers.DictField(
        child=ExpectedOut(), help_text="Plan less baseline, draw by draw, by figure."
    )
    optimized_for = serializers.CharField(help_text="revenue, or what stands for it here.")
    marginal_returns = serializers.DictField(
        child=serializers.FloatField(), help_text="What one more of money a day brings a day."
    )
    methods = BudgetRivalOut(many=True)
    horizon_days = serializers.IntegerField()
    currency = serializers.CharField()
    curves = serializers.UUIDField(help_text="Version of the curves.")
    stated_priors = serializers.ListField(
        child=serializers.CharField(), help_text="Channels whose curve was not learnt here."
    )


class OptimizeBudget(ApiView):
    """Splitting a total."""

    scopes = {"POST": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=["Machine learning"],
        operation_id="optimize_budget",
        summary="Find the best budget of each channel",
        request=OptimizeBudgetIn,
        responses=OptimizedBudgetOut,
        examples=[_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Split a total so that it brings most by the response curves that serve."""
        given = self.read(OptimizeBudgetIn)
        fit = curves_for(workspace=self.workspace, now=self.now)
        plan = plan_budget(fit=fit, asked=read_asked(given, present_of(fit)), now=self.now)
        return Response(OptimizedBudgetOut(_shown(plan)).data)


def _shown(plan: BudgetPlan) -> dict[str, Any]:
    return {
        "allocation": {line.channel: line.recommended for line in plan.lines},
        "expected": _figures(plan, "plan"),
        "method": plan.method,
        "baseline": {
            "allocation": {line.channel: line.present for line in plan.lines},
            "expected": _figures(plan, "present"),
        },
        "gain": _figures(plan, "change"),
        "optimized_for": plan.outcome,
        "marginal_returns": {line.channel: round(line.marginal, 4) for line in plan.lines},
        "methods": plan.rivals,
        "horizon_days": plan.asked.horizon_days,
        "currency": plan.fit.currency,
        "curves": plan.fit.public_id,
        "stated_priors": [line.channel for line in plan.lines if line.is_prior],
    }


def _figures(plan: BudgetPlan, part: str) -> dict[str, dict[str, Decimal | None]]:
    total = plan.results["total"]
    return {name: total[name][part] for name in _FIGURES if total[name] is not None}
