"""Scenarios over REST: try a plan, keep one, read them, send one to approval."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.recommendations import OutcomeOut, outcome_shown
from campaigns.models import ResponseFit, Scenario
from campaigns.selectors.advice import Outcome, outcomes_of
from campaigns.selectors.channels import Channels, channels_of
from campaigns.selectors.scenarios import present_of, scenarios_of, serving_fit
from campaigns.services.scenarios.inputs import (
    HORIZON_DAYS,
    LEVERS,
    LONGEST_DAYS,
    read_inputs,
    read_limits,
)
from campaigns.services.scenarios.predicting import predict, suggest
from campaigns.services.scenarios.saving import LONGEST_NAME, save_scenario
from campaigns.services.scenarios.sending import send_scenario
from workspaces import scopes
from workspaces.api.fields import Body, RefusesUnknown
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import RowsView
from workspaces.services.refusals import RefusedError

TAG = ["Scenarios"]


class NoCurvesError(RefusedError):
    """Nothing was fitted yet."""


def _amounts(help_text: str) -> serializers.DictField:
    return serializers.DictField(
        child=serializers.FloatField(), required=False, help_text=help_text
    )


class PlanIn(Body):
    """A plan: what is not said stays as it is now."""

    budgets = _amounts("Money a day by channel.")
    shifts = _amounts("Per cent of the present budget by channel, e.g. -20.")
    horizon_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, default=HORIZON_DAYS
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the levers, each with its range."""
        levers = {
            lever.name: serializers.FloatField(
                required=False,
                min_value=lever.least,
                max_value=lever.most,
                help_text=f"{lever.label}, {lever.unit}; {lever.neutral:g} is now.",
            )
            for lever in LEVERS
        }
        return {**super().get_fields(), **levers}


class SplitLimitsIn(RefusesUnknown):
    """What the best split must keep to."""

    total = serializers.FloatField(required=False, help_text="Money a day; the plan's by default.")
    least = _amounts("Least money a day by channel; half of now by default.")
    most = _amounts("Greatest money a day by channel; twice of now by default.")


class TryPlanIn(PlanIn):
    """A plan to try."""

    best_split = SplitLimitsIn(
        required=False, help_text="Ask for the best split of the money too; {} takes the defaults."
    )


class KeepPlanIn(PlanIn):
    """A plan to keep."""

    name = serializers.CharField(max_length=LONGEST_NAME)


class BandOut(serializers.Serializer[Any]):
    """P10, P50 and P90 of the draws; null where a figure has no meaning."""

    p10 = serializers.FloatField(allow_null=True)
    p50 = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)
    mean = serializers.FloatField(allow_null=True, required=False, help_text="Means alone add up.")


class BesideOut(serializers.Serializer[Any]):
    """A figure under the plan, under the present one, and the difference draw by draw."""

    plan = BandOut()
    present = BandOut()
    change = BandOut()


class PlanLineOut(serializers.Serializer[Any]):
    """A channel, or the total, over the horizon."""

    channel = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]  # a field of that name
        help_text="Of its curves: fitted, or prior."
    )
    spend = serializers.FloatField()
    present_spend = serializers.FloatField()
    installs = BesideOut(allow_null=True, help_text="Conversions where `unit` says so.")
    revenue = BesideOut(allow_null=True)
    cost_per_install = BesideOut(allow_null=True, help_text="Of the total: blended CAC.")
    roas = BesideOut(allow_null=True)


class AppFigureOut(serializers.Serializer[Any]):
    """A figure of the app."""

    now = serializers.FloatField()
    plan = BandOut()


class LeverEffectOut(serializers.Serializer[Any]):
    """What a lever that was moved is believed to do."""

    lever = serializers.CharField()
    target = serializers.CharField()
    elasticity = serializers.FloatField()
    error = serializers.FloatField()
    source = serializers.CharField(help_text="fitted, or prior")  # type: ignore[assignment]  # as above
    reason = serializers.CharField()


class SplitOut(serializers.Serializer[Any]):
    """The best split that was found; a suggestion."""

    outcome = serializers.CharField(help_text="What it gains.")
    budgets = serializers.DictField(child=serializers.FloatField())
    gain_a_day = BandOut()
    better = serializers.FloatField(help_text="Share of the draws in which it beats the present.")
    unallocated = serializers.FloatField()
    at_least = serializers.ListField(child=serializers.CharField())
    at_most = serializers.ListField(child=serializers.CharField())


class FiguresDaysOut(serializers.Serializer[Any]):
    """Days that curves were fitted on."""

    since = serializers.DateField()
    until = serializers.DateField()


class PlanResultsOut(serializers.Serializer[Any]):
    """What a plan brings beside the present one."""

    fit = serializers.UUIDField(help_text="Version of the curves.")
    engine_version = serializers.CharField()
    fitted_on = FiguresDaysOut()
    currency = serializers.CharField()
    unit = serializers.CharField(help_text="What `installs` counts.")
    value_name = serializers.CharField(
        default="revenue", help_text="What `revenue` is: revenue, or pipeline value."
    )
    horizon_days = serializers.IntegerField()
    lines = PlanLineOut(many=True)
    total = PlanLineOut()
    more_likely = serializers.FloatField(help_text="Share of the draws in which it brings more.")
    app = serializers.DictField(child=AppFigureOut())
    effects = LeverEffectOut(many=True)
    narrative = serializers.SerializerMethodField()

    def get_narrative(self, results: dict[str, Any]) -> list[str]:
        """Say in a few sentences what the plan changes."""
        channels: Channels = self.context["channels"]
        return [channels.said(sentence) for sentence in results["narrative"]]


class TriedPlanOut(serializers.Serializer[Any]):
    """A plan that was tried."""

    inputs = serializers.DictField()
    results = PlanResultsOut()
    best_split = SplitOut(allow_null=True)


class ScenarioOut(serializers.Serializer[Any]):
    """A scenario that was kept."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    author = serializers.CharField(source="author_label")
    inputs = serializers.DictField()
    results = PlanResultsOut()
    outcome = serializers.SerializerMethodField()

    def get_outcome(self, row: Scenario) -> OutcomeOut:
        """Read from the bundle of its proposals."""
        known: dict[int, Outcome] = self.context["outcomes"]
        return outcome_shown(known[row.pk], getattr(row, "sending", None))


class ScenariosView(RowsView[Scenario]):
    """Base: scenarios of the workspace."""

    queryset = Scenario.objects.none()
    serializer_class = ScenarioOut
    filter_backends = []

    def rows(self) -> QuerySet[Scenario]:
        """All of the workspace."""
        return scenarios_of(self.workspace)

    def shown(self, row: Scenario) -> dict[str, Any]:
        """One of them, and what became of it."""
        return dict(ScenarioOut(row, context=self.known([row])).data)

    def known(self, rows: list[Scenario]) -> dict[str, Any]:
        """What became of some, and how the workspace calls its channels."""
        return {"outcomes": outcomes_of(rows), "channels": channels_of(self.workspace)}

    def curves(self) -> ResponseFit:
        """The curves that serve."""
        fit = serving_fit(self.workspace)
        if fit is None:
            raise NoCurvesError(
                "There are no response curves yet. POST jobs/response-curves/run/ asks for them;"
                " they need days of spend with installs, conversions or revenue."
            )
        return fit


class Scenarios(ScenariosView):
    """All scenarios, and keeping one."""

    scopes = {"GET": scopes.INSIGHT_READ, "POST": scopes.INSIGHT_WRITE}

    @extend_schema(
        tags=TAG, operation_id="scenarios_list", summary="List scenarios",
        responses=ScenarioOut(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Scenarios with their results and what became of them, newest first."""
        return self.page_of(
            self.get_queryset(),
            shown=lambda page: ScenarioOut(page, many=True, context=self.known(page)).data,
        )

    @extend_schema(
        tags=TAG, operation_id="scenarios_create", summary="Keep a scenario",
        request=KeepPlanIn, responses={201: ScenarioOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Keep a plan with what the curves say of it now. Nothing else changes."""
        given, fit = self.read(KeepPlanIn), self.curves()
        made = save_scenario(
            fit=fit,
            inputs=read_inputs(given, present_of(fit)),
            name=given["name"],
            by=self.caller.proposer,
            now=self.now,
        )
        return Response(self.shown(self.one(made.public_id)), status=status.HTTP_201_CREATED)


class ScenarioDetail(ScenariosView):
    """One scenario."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG, operation_id="scenarios_read", summary="Read a scenario", responses=ScenarioOut
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Its plan, what was said of it when it was kept, and what became of it."""
        return Response(self.shown(self.one(public_id)))


class TryScenario(ScenariosView):
    """Trying a plan."""

    scopes = {"POST": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG, operation_id="scenarios_predict", summary="Try a plan",
        request=TryPlanIn, responses={200: TriedPlanOut},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Say what a plan would bring beside the present one. Nothing is stored."""
        given, fit = self.read(TryPlanIn), self.curves()
        present = present_of(fit)
        inputs, limits = read_inputs(given, present), given.get("best_split")
        best = None
        if limits is not None:
            best = suggest(fit=fit, inputs=inputs, limits=read_limits(limits, present))
        results = predict(fit=fit, inputs=inputs)
        told = {"inputs": inputs.as_json(), "results": results, "best_split": best}
        context = {"channels": channels_of(self.workspace)}
        return Response(TriedPlanOut(told, context=context).data)


class SendScenario(ScenariosView):
    """Sending a scenario to approval."""

    scopes = {"POST": scopes.INSIGHT_WRITE}

    @extend_schema(
        tags=TAG,
        operation_id="scenarios_send_to_approval",
        summary="Send a scenario to approval",
        request=NothingIn,
        responses={200: OpenApiResponse(ScenarioOut, "It was sent before."), 202: ScenarioOut},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Propose its budgets as one bundle; nothing changes unsigned."""
        self.read(NothingIn)
        sent = send_scenario(
            scenario=self.one(public_id), proposer=self.caller.proposer, now=self.now
        )
        code = status.HTTP_202_ACCEPTED if sent.is_new else status.HTTP_200_OK
        return Response(self.shown(self.one(public_id)), status=code)
