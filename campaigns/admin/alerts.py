"""Alerts, to read, and their rules, which admins set."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import Alert, AlertRule
from workspaces.modeladmin import ReadOnlyAdmin, WorkspaceModelAdmin, column, fields_of, own
from workspaces.roles import Role

COLOURS = {
    "info": "info", "low": "info", "medium": "warning", "high": "danger", "critical": "danger",
}  # fmt: skip


@admin.register(AlertRule)
class AlertRuleAdmin(WorkspaceModelAdmin[AlertRule]):
    """Lines, shipped ones and one's own. Who moved one stands in its history."""

    add_role = change_role = Role.ADMIN
    list_display = ("name", "type", "metric", "operator", "threshold", "basis", "lookback_days",
                    "scope", "channel", "severity", "cooldown_hours", "is_enabled")  # fmt: skip
    list_filter = ("is_enabled", "severity", "type", "scope")
    search_fields = ("name", "channel")
    ordering = ("type", "name", "pk")
    fieldsets = (
        (None, {"fields": ("name", "type", "severity", "is_enabled", "cooldown_hours")}),
        ("Line", {"fields": ("metric", "operator", "threshold", "basis", "lookback_days")}),
        ("Of what", {"fields": ("scope", "channel")}),
        ("And", {"fields": ("also_metric", "also_operator", "also_threshold")}),
    )


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    """Lines that were crossed."""

    list_display = ("message", "type", "level", "channel", "campaign", "raised_at", "last_seen_at",
                    "told_at", "read_at", "resolution")  # fmt: skip
    list_filter = ("severity", "type", "resolution", own("rule"), "day")
    list_select_related = ("campaign",)
    date_hierarchy = "raised_at"
    search_fields = ("message", "channel")
    ordering = ("-last_seen_at", "-pk")
    readonly_fields = fields_of(Alert)

    @column("severity", ordering="severity", label=COLOURS)
    def level(self, alert: Alert) -> str:
        """Severity, coloured."""
        return alert.severity
