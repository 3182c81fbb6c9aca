"""Columns that people keep in spreadsheets. Nothing imported holds state, budgets or bids."""

from __future__ import annotations

from typing import Any

from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from campaigns.models import Ad, AdAccount, AdSet, Campaign, Creative, DailyPerformance
from workspaces.sheets import WorkspaceResource


class _NoNewRows(WorkspaceResource):
    """Describes rows that sync or import made; it makes none and touches no state."""

    account = Field(
        attribute="account",
        column_name="account",
        widget=ForeignKeyWidget(AdAccount, "external_id"),
        readonly=True,
    )

    def skip_row(
        self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None
    ) -> bool:
        """Refuse ids that are not in this workspace."""
        if instance.pk is None:
            raise ValueError(
                f"No row with the id {row.get('public_id')!r} in this workspace; export the list"
                " and edit that file."
            )
        return bool(super().skip_row(instance, original, row, import_validation_errors))


class CampaignResource(_NoNewRows):
    """What people know of a campaign and no platform reports."""

    class Meta:
        model = Campaign
        import_id_fields = ("public_id",)
        fields = (
            "public_id", "account", "external_id", "name", "goal", "target_audience",
            "customer_segment", "location", "language", "total_budget",
        )  # fmt: skip
        export_order = fields
        skip_unchanged = True
        clean_model_instances = True

    external_id = Field(attribute="external_id", column_name="external_id", readonly=True)
    name = Field(attribute="name", column_name="name", readonly=True)


class AdSetResource(_NoNewRows):
    """Ad sets, to read in a sheet."""

    class Meta:
        model = AdSet
        import_id_fields = ("public_id",)
        fields = ("public_id", "account", "external_id", "name", "optimisation_goal")
        export_order = fields


class AdResource(_NoNewRows):
    """Ads, to read in a sheet."""

    class Meta:
        model = Ad
        import_id_fields = ("public_id",)
        fields = ("public_id", "account", "external_id", "name", "creative__headline")
        export_order = fields


class CreativeResource(_NoNewRows):
    """What people know of a creative."""

    class Meta:
        model = Creative
        import_id_fields = ("public_id",)
        fields = (
            "public_id", "account", "external_id", "headline", "primary_text", "call_to_action",
            "hook_type", "format", "live_since",
        )  # fmt: skip
        export_order = fields
        skip_unchanged = True
        clean_model_instances = True

    external_id = Field(attribute="external_id", column_name="external_id", readonly=True)


class DailyPerformanceResource(WorkspaceResource):
    """Days, to read in a sheet; they are imported on their own page."""

    class Meta:
        model = DailyPerformance
        fields = (
            "day", "level", "account__name", "account__currency", "campaign__name", "ad_set__name",
            "ad__name", "impressions", "reach", "clicks", "engagement", "spend", "conversions",
            "revenue", "pipeline_value", "installs", "is_derived", "source",
        )  # fmt: skip
        export_order = fields
