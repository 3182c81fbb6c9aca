"""Campaigns of messages over REST: drafted, planned, launched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.api.campaign_serializers import (
    CampaignStatusOut,
    LaunchIn,
    OutreachCampaignChangeIn,
    OutreachCampaignIn,
    OutreachCampaignOut,
    PlanDiffOut,
    PlannedSendOut,
    SendPlanOut,
)
from outreach.models import (
    CampaignStatus,
    CampaignType,
    Outcome,
    OutreachCampaign,
    PlannedSend,
    PlanStatus,
    SendPlan,
    SequenceStep,
    StepText,
)
from outreach.selectors.campaign_status import figures_of
from outreach.selectors.launch_needs import needs_of
from outreach.selectors.plan_diff import diff_of
from outreach.services.drafting import (
    create_campaign,
    edit_campaign,
)
from outreach.services.life import (
    launch_campaign,
)
from outreach.services.planning.making import plan_campaign
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import PlanProposedOut
from workspaces.api.views import RowsView

TAG = ["Outreach"]
_OF_PLAN = OpenApiParameter("plan", UUID, description="The newest one unless told.")


class OutreachCampaignFilter(Filters):
    """Filters of the list."""

    status = django_filters.ChoiceFilter(choices=CampaignStatus.choices)
    type = django_filters.ChoiceFilter(choices=CampaignType.choices)
    is_archived = django_filters.BooleanFilter(field_name="archived_at", lookup_expr="isnull",
                                               exclude=True)  # fmt: skip


class CampaignsView(RowsView[OutreachCampaign]):
    """Base: campaigns of the workspace."""

    queryset = OutreachCampaign.objects.none()
    serializer_class = OutreachCampaignOut
    filterset_class = OutreachCampaignFilter
    ordering_fields = ("created_at", "launched_at")

    def rows(self) -> QuerySet[OutreachCampaign]:
        """All of them."""
        texts = StepText.objects.select_related("template").order_by("channel", "variant")
        steps = SequenceStep.objects.order_by("position").prefetch_related(
            Prefetch("texts", texts)
        )  # fmt: skip
        return (
            OutreachCampaign.objects.filter(workspace=self.workspace)
            .select_related("workspace", "audience", "test")
            .prefetch_related(Prefetch("steps", steps))
        )

    def answer(self, campaign: OutreachCampaign, code: int = status.HTTP_200_OK) -> Response:
        """Show a campaign as it stands now."""
        return Response(OutreachCampaignOut(self.one(campaign.public_id)).data, status=code)

    def plan_of(self, campaign: OutreachCampaign, named: object) -> SendPlan:
        """The plan of an id, or the newest one."""
        plans = SendPlan.objects.filter(campaign=campaign, follows=None)
        plans = plans.select_related("campaign__workspace", "workspace")
        if named:
            try:
                public_id = UUID(str(named))
            except ValueError:
                raise ValidationError({"plan": "Give the id of a plan."}) from None
            found = plans.filter(public_id=public_id).first()
        else:
            found = plans.order_by("-number").first()
        if found is None:
            raise NotFound("There is no such plan.")
        return found


class Campaigns(CampaignsView):
    """All campaigns."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}

    @extend_schema(tags=TAG, operation_id="outreach_campaigns_list", summary="List campaigns")
    def get(self, request: Request) -> Response:
        """Campaigns, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_create", summary="Make a draft",
        request=OutreachCampaignIn, responses={201: OutreachCampaignOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Make a draft. Nobody gets anything before a plan of it is signed."""
        made = create_campaign(
            workspace=self.workspace, values=plain(self.read(OutreachCampaignIn)),
            by=self.caller.proposer, now=self.now,
        )  # fmt: skip
        return self.answer(made, status.HTTP_201_CREATED)


class CampaignDetail(CampaignsView):
    """One campaign."""

    scopes = {"GET": scopes.OUTREACH_READ, "PATCH": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_read", summary="Read a campaign",
        responses=OutreachCampaignOut,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Show how it is written."""
        return Response(OutreachCampaignOut(self.one(public_id)).data)

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_update", summary="Change a campaign",
        request=OutreachCampaignChangeIn, responses=OutreachCampaignOut,
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is given. Of one that runs, plan and launch the change to put it out."""
        edited = edit_campaign(
            campaign=self.one(public_id), values=plain(self.read(OutreachCampaignChangeIn)),
            by=self.caller.proposer, now=self.now,
        )  # fmt: skip
        return self.answer(edited)


class CampaignState(CampaignsView):
    """How far it is."""

    scopes = {"GET": scopes.OUTREACH_READ}

    def rows(self) -> QuerySet[OutreachCampaign]:
        """All of them, without what they say."""
        return super().rows().prefetch_related(None)

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_status", summary="Read how far a campaign is",
        responses=CampaignStatusOut, filters=False,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Plan, messages by status, and what came back."""
        return Response(CampaignStatusOut(figures_of(self.one(public_id))).data)


class CampaignPlan(CampaignsView):
    """Planning."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_plan_read", summary="Read a plan",
        responses=PlanDiffOut, filters=False, parameters=[_OF_PLAN],
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Say who is added, left out and blocked, and why, against what is being sent."""
        plan = self.plan_of(self.one(public_id), request.query_params.get("plan"))
        found = PlanDiffOut(_Shown(diff_of(plan), needs_of(plan, self.now))).data
        return Response(found)

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_plan", summary="Plan a send",
        request=None,
        responses={
            201: SendPlanOut, 202: OpenApiResponse(SendPlanOut, "Many people: a job makes it."),
        },
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Work out who gets what, when and by which channel. Nothing is sent."""
        plan = plan_campaign(
            campaign=self.one(public_id), by=self.caller.proposer, now=self.now
        )  # fmt: skip
        is_made = plan.status != PlanStatus.BUILDING
        code = status.HTTP_201_CREATED if is_made else status.HTTP_202_ACCEPTED
        return Response(SendPlanOut(plan).data, status=code)


class _Shown:
    """A difference with why it has to be signed."""

    def __init__(self, diff: Any, needs: list[str]) -> None:
        self._diff = diff
        self.needs_signature = needs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._diff, name)


class PlannedSendFilter(Filters):
    """Filters of a plan's rows."""

    outcome = django_filters.ChoiceFilter(choices=Outcome.choices)


class CampaignPlanRows(CampaignsView):
    """Rows of a plan."""

    scopes = {"GET": scopes.OUTREACH_READ}
    serializer_class = PlannedSendOut  # type: ignore[assignment]  # rows of a plan of the campaign
    filterset_class = PlannedSendFilter

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_plan_rows", summary="Read the rows of a plan",
        parameters=[_OF_PLAN],
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """What is said of everybody, page by page."""
        campaign = self.rows().filter(public_id=public_id).first()
        if campaign is None:
            raise NotFound("There is no such campaign.")
        plan = self.plan_of(campaign, request.query_params.get("plan"))
        rows = PlannedSend.objects.filter(plan=plan).select_related("contact", "step", "point")
        found = PlannedSendFilter(request.query_params, queryset=rows)
        if not found.is_valid():
            raise ValidationError(found.errors)
        return self.page_of(found.qs, by=("place",))


class CampaignLaunchView(CampaignsView):
    """Launching."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_launch", summary="Launch a campaign",
        request=LaunchIn, responses={202: PlanProposedOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Propose to send a plan; of a campaign that runs it is a change of what is sent."""
        campaign, body = self.one(public_id), self.read(LaunchIn)
        plan = self.plan_of(campaign, body["plan"]) if body.get("plan") else None
        proposal = launch_campaign(
            campaign=campaign, by=self.caller.proposer, now=self.now, reason=body["reason"],
            plan=plan,
        )  # fmt: skip
        return Response(PlanProposedOut(proposal).data, status=status.HTTP_202_ACCEPTED)


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Checked values as the services take them: ids and amounts in documents as texts."""
    found = dict(values)
    if found.get("audience"):
        found["audience"] = str(found["audience"])
    if "channel_budgets" in found:
        found["channel_budgets"] = {
            channel: f"{amount.normalize():f}"
            for channel, amount in found["channel_budgets"].items()
        }
    if "steps" in found:
        found["steps"] = [
            {**one, "texts": [{**text, "template": str(text["template"])} for text in one["texts"]]}
            for one in found["steps"]
        ]
    return found
