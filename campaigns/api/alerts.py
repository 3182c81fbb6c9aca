"""Alerts over REST: list, mark as read, check now; and the rules that draw their lines."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import (
    Alert,
    AlertBasis,
    AlertMetric,
    AlertOperator,
    AlertRule,
    AlertScope,
    AlertSeverity,
    AlertType,
)
from campaigns.selectors.insight.watch import ALERTS, alerts_of, rules_of, watch_query
from campaigns.services.alerts import check_alerts, mark_read, mark_unread, save_rule
from workspaces import scopes
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import ApiView, RowsView

TAG = ["Alerts"]


class AlertsQuery(serializers.Serializer[Any]):
    """What a list of alerts is asked by."""

    days = serializers.IntegerField(
        min_value=1, max_value=400, default=30, help_text="Seen or still open in so many days."
    )
    state = serializers.ChoiceField(list(ALERTS.states), default="all")
    severity = serializers.ChoiceField(AlertSeverity.choices, required=False)
    type = serializers.ChoiceField(AlertType.choices, required=False)
    channel = serializers.CharField(max_length=40, required=False)


class AlertOut(serializers.Serializer[Any]):
    """One crossing of a line."""

    id = serializers.UUIDField(source="public_id")
    alert_type = serializers.ChoiceField(AlertType.choices, source="type")
    rule = serializers.CharField(source="rule.name")
    severity = serializers.ChoiceField(AlertSeverity.choices)
    channel = serializers.CharField()
    campaign = serializers.UUIDField(source="campaign.public_id", allow_null=True, default=None)
    message = serializers.CharField()
    metric_value = serializers.FloatField()
    threshold_value = serializers.FloatField(help_text="In the metric's unit.")
    is_read = serializers.BooleanField()
    created_at = serializers.DateTimeField(source="first_seen_at")
    last_seen_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.CharField(allow_blank=True)


class AlertReadIn(serializers.Serializer[Any]):
    """Read, or not any more."""

    is_read = serializers.BooleanField(default=True)


class CheckedOut(serializers.Serializer[Any]):
    """What a check did."""

    raised = serializers.IntegerField(help_text="Lines crossed anew.")
    resolved = serializers.IntegerField()
    told = serializers.IntegerField(help_text="Of how many people were told now.")
    open = serializers.IntegerField()


class AlertRuleIn(serializers.ModelSerializer[AlertRule]):
    """A line; of a change, the fields that change."""

    class Meta:
        model = AlertRule
        fields = ("name", "type", "metric", "operator", "threshold", "basis", "lookback_days",
                  "scope", "channel", "also_metric", "also_operator", "also_threshold",
                  "severity", "cooldown_hours", "is_enabled")  # fmt: skip


class AlertRuleOut(serializers.Serializer[Any]):
    """A line."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    type = serializers.ChoiceField(AlertType.choices)
    metric = serializers.ChoiceField(AlertMetric.choices)
    operator = serializers.ChoiceField(AlertOperator.choices)
    threshold = serializers.FloatField()
    basis = serializers.ChoiceField(AlertBasis.choices)
    lookback_days = serializers.IntegerField()
    scope = serializers.ChoiceField(AlertScope.choices)
    channel = serializers.CharField(allow_blank=True)
    also_metric = serializers.CharField(allow_blank=True)
    also_operator = serializers.CharField(allow_blank=True)
    also_threshold = serializers.FloatField(allow_null=True)
    severity = serializers.ChoiceField(AlertSeverity.choices)
    cooldown_hours = serializers.IntegerField()
    is_enabled = serializers.BooleanField()


class AlertsView(RowsView[Alert]):
    """Base: alerts of the workspace."""

    queryset = Alert.objects.none()
    serializer_class = AlertOut
    filter_backends = []

    def rows(self) -> QuerySet[Alert]:
        """All of them."""
        return Alert.objects.filter(workspace=self.workspace).select_related("rule", "campaign")

    def listed(self, given: dict[str, Any]) -> Response:
        """One page of a question, the gravest first."""
        rows = alerts_of(watch_query(ALERTS, self.workspace, given, self.now))
        return self.page_of(rows, by=("-rank", "-last_seen_at", "-pk"))


class AlertList(AlertsView):
    """Alerts."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="alerts_list",
        summary="List alerts",
        parameters=[AlertsQuery],
        responses=AlertOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Alerts of the newest days, the gravest first; open ones whenever they were raised."""
        return self.listed(self.read_query(AlertsQuery))


class UnreadAlerts(AlertsView):
    """Alerts that nobody has read."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="alerts_unread",
        summary="List unread alerts",
        responses=AlertOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Unread ones of whatever age, the gravest first."""
        return self.listed({"state": "unread"})


class AlertRead(AlertsView):
    """Marking one."""

    scopes = {"PATCH": scopes.INSIGHT_WRITE}
    people_only = frozenset({"PATCH"})

    @extend_schema(
        tags=TAG,
        operation_id="alerts_read",
        summary="Mark an alert as read",
        request=AlertReadIn,
        responses=AlertOut,
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Mark it for everybody in the workspace. A repeat changes nothing."""
        row = self.one(public_id)
        if self.read(AlertReadIn)["is_read"]:
            mark_read(
                workspace=self.workspace, public_ids=[public_id], by=self.caller.person,
                now=self.now,
            )  # fmt: skip
        else:
            mark_unread(alert=row)
        return Response(AlertOut(self.one(public_id)).data)


class AlertCheck(ApiView):
    """Checking now."""

    scopes = {"POST": scopes.INSIGHT_WRITE}

    @extend_schema(
        tags=TAG,
        operation_id="alerts_check",
        summary="Check every rule now",
        request=NothingIn,
        responses=CheckedOut,
    )
    @once
    def post(self, request: Request) -> Response:
        """Hold the newest figures against every rule that is on. Repeats raise nothing twice."""
        self.read(NothingIn)
        checked = check_alerts(workspace=self.workspace, now=self.now)
        return Response(CheckedOut(checked).data)


class AlertRulesView(RowsView[AlertRule]):
    """Base: rules of the workspace."""

    queryset = AlertRule.objects.none()
    serializer_class = AlertRuleOut
    filter_backends = []

    def rows(self) -> QuerySet[AlertRule]:
        """All of them."""
        return rules_of(self.workspace)


class AlertRules(AlertRulesView):
    """Rules."""

    scopes = {"GET": scopes.INSIGHT_READ, "POST": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="alert_rules_list",
        summary="List rules of alerts",
        responses=AlertRuleOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Rules by name, those that are off too."""
        return self.page_of(self.get_queryset(), by=("name", "pk"))

    @extend_schema(
        tags=TAG,
        operation_id="alert_rules_create",
        summary="Make a rule",
        request=AlertRuleIn,
        responses={201: AlertRuleOut},
        examples=[
            OpenApiExample(
                "A channel that got dear",
                value={
                    "name": "TikTok got dear", "metric": "cpa", "operator": "gte",
                    "threshold": "1.3", "basis": "own_mean", "lookback_days": 3,
                    "scope": "channel", "channel": "tiktok", "severity": "high",
                },
                request_only=True,
            )
        ],
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Draw a line of one's own; the next check holds the figures against it."""
        made = save_rule(
            workspace=self.workspace, values=self.read(AlertRuleIn), by=self.caller.person
        )
        return Response(AlertRuleOut(made).data, status=status.HTTP_201_CREATED)


class AlertRuleDetail(AlertRulesView):
    """One rule."""

    scopes = {"GET": scopes.INSIGHT_READ, "PATCH": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"PATCH"})

    @extend_schema(
        tags=TAG, operation_id="alert_rules_read", summary="Read a rule", responses=AlertRuleOut
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Read its line."""
        return Response(AlertRuleOut(self.one(public_id)).data)

    @extend_schema(
        tags=TAG,
        operation_id="alert_rules_change",
        summary="Change a rule",
        request=AlertRuleIn,
        responses=AlertRuleOut,
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Move its line, or switch it on or off; fields that are not named stay."""
        body = AlertRuleIn(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changed = save_rule(
            workspace=self.workspace,
            rule=self.one(public_id),
            values=body.validated_data,
            by=self.caller.person,
        )
        return Response(AlertRuleOut(changed).data)
