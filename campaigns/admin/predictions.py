"""What campaigns are expected to return, and what came."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import Prediction
from workspaces.modeladmin import ReadOnlyAdmin, fields_of, own


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin[Prediction]):
    """Predictions by day; the newest first."""

    list_display = ("day", "campaign", "predicted_roas", "low", "high", "risk_level",
                    "actual_roas", "model_version")  # fmt: skip
    list_filter = ("risk_level", "day", own("campaign"))
    list_select_related = ("campaign",)
    search_fields = ("campaign__name",)
    ordering = ("-day", "-pk")
    readonly_fields = fields_of(Prediction)
