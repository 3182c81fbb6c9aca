"""Tests over REST: list, draft, start, share, stop, declare a winner, read results, size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import django_filters
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api.answer_serializers import (
    ABResultsOut,
    ABTestOut,
    CheckLineOut,
    MetricOut,
    SizingOut,
    TrackedOut,
)
from experiments.api.answers import results_shown
from experiments.api.serializers import (
    ABTestChangeIn,
    ABTestIn,
    PowerIn,
    ReasonIn,
    SharesIn,
    StartIn,
    TrackIn,
    WinnerIn,
)
from experiments.models import (
    ABTest,
    ABTestMetric,
    ABTestStatus,
    ABTestType,
    Dimension,
    Method,
    Metric,
    Mode,
    Operation,
    Surface,
)
from experiments.selectors.checklist import checklist
from experiments.selectors.proposals import KIND
from experiments.selectors.sizing import sizing_of
from experiments.services.counting.telling import (
    Did,
    MetVariant,
    Told,
    record_exposures,
    record_unit_events,
)
from experiments.services.drafting import create_draft, edit_draft
from experiments.services.running import (
    change_shares,
    pause_test,
    resume_test,
    start_test,
    stop_test,
)
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import PlanProposedOut
from workspaces.api.proposing import propose_for
from workspaces.api.views import ApiView, RowsView

TAG = ["Experiments"]
_NONE = Told(0, 0)
_SEGMENTS = [one for one in Dimension.values if one != Dimension.TOTAL]


class ABTestFilter(Filters):
    """Filters of the list."""

    status = django_filters.ChoiceFilter(choices=ABTestStatus.choices)
    surface = django_filters.ChoiceFilter(choices=Surface.choices)
    type = django_filters.ChoiceFilter(choices=ABTestType.choices)
    mode = django_filters.ChoiceFilter(choices=Mode.choices)
    method = django_filters.ChoiceFilter(choices=Method.choices)
    key = django_filters.CharFilter()
    is_imported = django_filters.BooleanFilter()
    is_archived = django_filters.BooleanFilter(field_name="archived_at", method="archived")

    def archived(self, rows: QuerySet[ABTest], name: str, value: bool) -> QuerySet[ABTest]:  # noqa: FBT001  # the library calls it so
        """Narrow to those put away, or to the others."""
        return rows.filter(archived_at__isnull=not value)


class ABTestsView(RowsView[ABTest]):
    """Base: tests of the workspace; roll-outs stand with the test they come from."""

    queryset = ABTest.objects.none()
    serializer_class = ABTestOut
    filterset_class = ABTestFilter
    ordering_fields = ("created_at", "started_at")

    def rows(self) -> QuerySet[ABTest]:
        """All of them."""
        return (
            ABTest.objects.filter(workspace=self.workspace, roll_out=None)
            .select_related("workspace__experimentpolicy", "layer", "winner", "website__site")
            .prefetch_related(
                "variants__ad", Prefetch("metrics", ABTestMetric.objects.select_related("metric"))
            )
        )

    def answer(self, test: ABTest, code: int = status.HTTP_200_OK) -> Response:
        """Show a test as it stands now."""
        return Response(ABTestOut(self.one(test.public_id)).data, status=code)


class ABTests(ABTestsView):
    """All tests."""

    scopes = {"GET": scopes.EXPERIMENTS_READ, "POST": scopes.EXPERIMENTS_WRITE}

    @extend_schema(tags=TAG, operation_id="ab_tests_list", summary="List tests")
    def get(self, request: Request) -> Response:
        """Tests, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="ab_tests_create", summary="Make a draft",
        request=ABTestIn, responses={201: ABTestOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Make a draft. It takes nobody in before it is started."""
        made = create_draft(
            workspace=self.workspace, values=self.given(ABTestIn), by=self.caller.proposer,
            now=self.now,
        )  # fmt: skip
        return self.answer(made, status.HTTP_201_CREATED)

    def given(self, serializer: type[ABTestChangeIn]) -> dict[str, Any]:
        """Values as the service takes them."""
        return plain(self.read(serializer))


class ABTestDetail(ABTestsView):
    """One test."""

    scopes = {"GET": scopes.EXPERIMENTS_READ, "PATCH": scopes.EXPERIMENTS_WRITE}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_read", summary="Read a test", responses=ABTestOut
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Show how it is made and where it stands."""
        return Response(ABTestOut(self.one(public_id)).data)

    @extend_schema(
        tags=TAG, operation_id="ab_tests_update", summary="Change a draft",
        request=ABTestChangeIn, responses=ABTestOut,
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is given; the rest stays. A test that has started keeps what was signed."""
        edit_draft(
            test=self.one(public_id), values=plain(self.read(ABTestChangeIn)),
            by=self.caller.proposer, now=self.now,
        )  # fmt: skip
        return self.answer(self.one(public_id))


class ABTestChecklist(ABTestsView):
    """Common mistakes."""

    scopes = {"GET": scopes.EXPERIMENTS_READ}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_checklist", summary="Look for common mistakes",
        responses=CheckLineOut(many=True), filters=False,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Say what keeps a draft from starting, and what would spoil it."""
        return Response(CheckLineOut(checklist(self.one(public_id), self.now), many=True).data)


class ABTestStart(ABTestsView):
    """Starting."""

    scopes = {"POST": scopes.EXPERIMENTS_WRITE}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_start", summary="Start a test", request=StartIn,
        responses={200: ABTestOut, 202: OpenApiResponse(PlanProposedOut, "It has to be signed.")},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Start it, or propose that, where the workspace asks for a signature."""
        test = self.one(public_id)
        proposal = start_test(
            test=test, by=self.caller.proposer, reason=self.read(StartIn)["reason"], now=self.now
        )
        if proposal is not None:
            return Response(PlanProposedOut(proposal).data, status=status.HTTP_202_ACCEPTED)
        return self.answer(test)


class _Step(ABTestsView):
    """Something that is done with a test at once, for a reason."""

    scopes = {"POST": scopes.EXPERIMENTS_WRITE}
    not_for_agents = frozenset({"POST"})

    def act(self, public_id: UUID, step: Callable[..., ABTest]) -> Response:
        """Do it; who may is the service's to say."""
        test = self.one(public_id)
        reason = self.read(ReasonIn)["reason"]
        step(test=test, by=self.caller.proposer, reason=reason, now=self.now)
        return self.answer(test)


class ABTestPause(_Step):
    """Pausing."""

    @extend_schema(
        tags=TAG, operation_id="ab_tests_pause", summary="Pause a test",
        request=ReasonIn, responses=ABTestOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Show everybody the control, at once."""
        return self.act(public_id, pause_test)


class ABTestResume(_Step):
    """Going on."""

    @extend_schema(
        tags=TAG, operation_id="ab_tests_resume", summary="Let a paused test go on",
        request=ReasonIn, responses=ABTestOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Go on as it was signed."""
        return self.act(public_id, resume_test)


class ABTestStop(_Step):
    """Ending without a winner."""

    @extend_schema(
        tags=TAG, operation_id="ab_tests_stop", summary="Stop a test",
        request=ReasonIn, responses=ABTestOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """End it at once: the control stays."""
        return self.act(public_id, stop_test)


class ABTestShares(ABTestsView):
    """Traffic and weights."""

    scopes = {"POST": scopes.EXPERIMENTS_WRITE}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_shares", summary="Change traffic or weights",
        request=SharesIn, responses=ABTestOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Change who comes in from now on; whoever met a variant keeps it."""
        test, body = self.one(public_id), self.read(SharesIn)
        change_shares(
            test=test, by=self.caller.proposer, reason=body["reason"], now=self.now,
            traffic=body.get("traffic"), weights=body.get("weights"),
        )  # fmt: skip
        return self.answer(test)


class ABTestWinner(ABTestsView):
    """Declaring a winner."""

    scopes = {"POST": scopes.EXPERIMENTS_WRITE}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_declare_winner", summary="Declare a winner",
        request=WinnerIn, responses={202: PlanProposedOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Propose to roll a variant out; it begins once somebody else signed."""
        test, body = self.one(public_id), self.read(WinnerIn)
        asked = {
            "test": str(test.public_id),
            "operation": str(Operation.ROLL_OUT),
            "variant": body["variant"],
        }
        proposal = propose_for(self, KIND, asked, reason=body["reason"])
        return Response(PlanProposedOut(proposal).data, status=status.HTTP_202_ACCEPTED)


class ABTestTrack(ABTestsView):
    """What units saw and did."""

    scopes = {"POST": scopes.EXPERIMENTS_WRITE}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_track", summary="Tell what units saw and did",
        request=TrackIn, responses={200: TrackedOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Take exposures of this test and events that its metrics may count, up to 500 of each."""
        test, body, now = self.one(public_id), self.read(TrackIn), self.now
        met = [MetVariant(**{"at": now, **one}) for one in body["exposures"]]
        did = [Did(**{"at": now, **one}) for one in body["events"]]
        with transaction.atomic():
            told = {
                "exposures": record_exposures(test=test, met=met, now=now) if met else _NONE,
                "events": record_unit_events(workspace=self.workspace, did=did, now=now),
            }
        return Response(TrackedOut(told).data)


class ABTestResults(ABTestsView):
    """What came of it."""

    scopes = {"GET": scopes.EXPERIMENTS_READ}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_results", summary="Read the results of a test",
        responses=ABResultsOut, filters=False,
        parameters=[OpenApiParameter("segment", str, enum=_SEGMENTS)],
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Every metric of every variant against the control, and what the rule says of it."""
        return Response(
            results_shown(self.one(public_id), request.query_params.get("segment", ""), self.now)
        )


class ABTestPower(ApiView):
    """Sizing."""

    scopes = {"POST": scopes.EXPERIMENTS_READ}

    @extend_schema(
        tags=TAG, operation_id="ab_tests_power", summary="Size a test",
        request=PowerIn, responses={200: SizingOut},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Say how many units a test needs and how many days that takes. Nothing is stored."""
        return Response(SizingOut(sizing_of(**self.read(PowerIn))).data)


class MetricList(RowsView[Metric]):
    """Metrics."""

    scopes = {"GET": scopes.EXPERIMENTS_READ}
    queryset = Metric.objects.none()
    serializer_class = MetricOut
    filterset_fields = ("kind", "source")

    def rows(self) -> QuerySet[Metric]:
        """Those of the workspace that are in use."""
        return Metric.objects.filter(workspace=self.workspace, archived_at=None)

    @extend_schema(tags=TAG, operation_id="ab_tests_metrics", summary="List metrics")
    def get(self, request: Request) -> Response:
        """Metrics to choose from."""
        return self.page()


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Checked values as the services take them: ids as texts."""
    found = dict(values)
    if found.get("website"):
        found["website"] = {**found["website"], "site": str(found["website"]["site"])}
    if "variants" in found:
        found["variants"] = [
            {**one, "ad": str(one["ad"]) if one.get("ad") else None} for one in found["variants"]
        ]
    return found
