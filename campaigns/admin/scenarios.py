"""Fitted curves, scenarios and what went to approval: to read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from campaigns.models import ResponseFit, Scenario, ScenarioSending
from workspaces.modeladmin import ReadOnlyAdmin, fields_of

# Half a megabyte of draws each: no page is helped by them.
_BULK = ("curves", "charts")


@admin.register(ResponseFit)
class ResponseFitAdmin(ReadOnlyAdmin[ResponseFit]):
    """Versions of the curves with how well they foretell."""

    list_display = ("fitted_at", "since", "until", "unit", "engine_version", "uses_priors")
    list_filter = ("uses_priors",)
    date_hierarchy = "fitted_at"
    ordering = ("-pk",)
    exclude = _BULK
    readonly_fields = tuple(name for name in fields_of(ResponseFit) if name not in _BULK)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResponseFit]:
        """Leave the draws where they are."""
        return super().get_queryset(request).defer(*_BULK)


@admin.register(Scenario)
class ScenarioAdmin(ReadOnlyAdmin[Scenario]):
    """Scenarios as they were kept."""

    list_display = ("name", "author_label", "created_at")
    list_filter = ("created_at",)
    search_fields = ("name", "author_label")
    ordering = ("-pk",)
    readonly_fields = fields_of(Scenario)


@admin.register(ScenarioSending)
class ScenarioSendingAdmin(ReadOnlyAdmin[ScenarioSending]):
    """What went to approval; the changes themselves are proposals."""

    list_display = ("scenario", "sent_by_label", "sent_at", "left_out")
    list_filter = ("sent_at",)
    list_select_related = ("scenario",)
    search_fields = ("sent_by_label",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ScenarioSending)
