"""Ad accounts and what lives in them.

Where an account is connected its rows mirror the platform: what a proposal can change is read-only
here, in forms and sheets alike, so that the gate stays the only way to it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from campaigns.admin.sheets import AdResource, AdSetResource, CampaignResource, CreativeResource
from campaigns.models import Ad, AdAccount, AdSet, Campaign, Creative, LifeState
from campaigns.selectors.derived import NO_SCORE, SCORE_MEANS
from workspaces.modeladmin import M, ReadOnlyInline, WorkspaceForm, WorkspaceModelAdmin, column, own
from workspaces.roles import Role
from workspaces.sheets import ExportAdmin, ImportExportAdmin

STATUS_COLOURS = {"active": "success", "paused": "warning", "archived": "info", "removed": "danger"}
LIFE_COLOURS = {"learning": "info", "active": "success", "fatigued": "danger", "paused": "warning"}
MIRRORED = ("external_id", "name", "status", "effective_status")
BUDGET = ("daily_budget", "lifetime_budget", "bid", "bid_strategy")


@admin.register(AdAccount)
class AdAccountAdmin(WorkspaceModelAdmin[AdAccount]):
    """Accounts on the platforms."""

    add_role = change_role = Role.ADMIN
    list_display = ("name", "platform", "currency", "status", "connection", "campaign_count",
                    "last_sync_at", "blocked_until")  # fmt: skip
    list_filter = ("platform", "status", own("connection"))
    list_select_related = ("connection",)
    search_fields = ("name", "external_id")
    autocomplete_fields = ("connection",)
    ordering = ("name",)
    _machine = ("public_id", "money_offset", "last_sync_at", "last_sync_error", "blocked_until",
                "consecutive_errors")  # fmt: skip
    fields = (
        "name",
        "platform",
        "external_id",
        "connection",
        "currency",
        "time_zone",
        "status",
        "summing_level",
        "has_usable_conversions",
        "data_source",
        "archived_at",
        *_machine,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdAccount]:
        """With the number of campaigns."""
        return super().get_queryset(request).annotate(campaign_count=Count("campaigns"))

    @column(description="Campaigns", ordering="campaign_count")
    def campaign_count(self, row: Any) -> int:
        """How many campaigns it has."""
        return int(row.campaign_count)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What every figure stands in is fixed once the account exists."""
        if obj is None:
            return self._machine
        fixed = (*self._machine, "platform", "external_id", "currency", "time_zone")
        return (*fixed, "status") if obj.connection_id else fixed


class EntityForm(WorkspaceForm[M]):
    """A new row is entered by hand only where no platform is connected."""

    def clean_account(self) -> AdAccount:
        """Refuse connected accounts: what is there comes by sync."""
        account: AdAccount = self.cleaned_data["account"]
        if account.connection_id:
            raise forms.ValidationError(
                f"{account.name} is connected: make this on the platform, the next sync brings it."
            )
        return account


class EntityAdmin(WorkspaceModelAdmin[M]):
    """A mirror of the platform, or a hand-kept row where nothing is connected."""

    form = EntityForm[Any]
    add_role = change_role = Role.OPERATOR
    mirrored: tuple[str, ...] = MIRRORED
    always_fixed: tuple[str, ...] = ("public_id", "mirrored_at")
    parents: tuple[str, ...] = ("account",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fix parents once made, and all that a proposal can change where one could."""
        if obj is None:
            return self.always_fixed
        fixed = (*self.always_fixed, *self.parents, "external_id")
        return (
            tuple(dict.fromkeys((*fixed, *self.mirrored))) if obj.account.connection_id else fixed
        )

    @column(description="Status", ordering="status", label=STATUS_COLOURS)
    def status_label(self, row: Any) -> tuple[str, str]:
        """Status, coloured."""
        return row.status, row.get_status_display()

    @column(description="Budget a day", ordering="daily_budget")
    def budget(self, row: Any) -> str:
        """Amount in the account's currency."""
        if row.daily_budget is None:
            return "–"
        return f"{row.daily_budget:,.2f} {row.account.currency}"


class AdSetInline(ReadOnlyInline[AdSet, Campaign]):
    """Ad sets of the campaign."""

    model = AdSet
    ordering = ("name",)
    fields = readonly_fields = ("name", "status", "daily_budget", "bid", "learning_status")


@admin.register(Campaign)
class CampaignAdmin(ImportExportAdmin, EntityAdmin[Campaign]):
    """Campaigns."""

    resource_classes = (CampaignResource,)
    mirrored = (*MIRRORED, *BUDGET, "channel", "objective", "starts_on", "ends_on",
                "learning_status", "budget_external_id")  # fmt: skip
    always_fixed = (*EntityAdmin.always_fixed, "life_state")
    list_display = ("name", "account", "status_label", "life", "budget", "objective",
                    "learning_status", "customer_segment", "mirrored_at")  # fmt: skip
    list_filter = (own("account"), "status", "life_state", "learning_status")
    list_select_related = ("account",)
    search_fields = ("name", "external_id")
    autocomplete_fields = ("account",)
    ordering = ("-pk",)
    inlines = (AdSetInline,)
    fieldsets = (
        (None, {"fields": ("account", "name", "external_id", "channel", "objective", "status",
                           "effective_status", "life_state", "learning_status", "starts_on",
                           "ends_on")}),
        ("Budget and bid", {"fields": ("daily_budget", "lifetime_budget", "bid", "bid_strategy",
                                       "budget_external_id", "total_budget")}),
        ("What we know of it", {"fields": ("goal", "target_audience", "customer_segment",
                                           "location", "language", "archived_at")}),
        ("For machines", {"fields": ("public_id", "mirrored_at")}),
    )  # fmt: skip

    @column(description="Life", ordering="life_state", label=LIFE_COLOURS)
    def life(self, row: Campaign) -> tuple[str, str]:
        """Life state, coloured."""
        return row.life_state, LifeState(row.life_state).label


class AdInline(ReadOnlyInline[Ad, AdSet]):
    """Ads of the ad set."""

    model = Ad
    ordering = ("name",)
    fields = readonly_fields = ("name", "status", "creative")


@admin.register(AdSet)
class AdSetAdmin(ExportAdmin, EntityAdmin[AdSet]):
    """Ad sets."""

    resource_classes = (AdSetResource,)
    parents = ("account", "campaign")
    mirrored = (*MIRRORED, *BUDGET, "optimisation_goal", "targeting", "learning_status",
                "learning_conversions")  # fmt: skip
    list_display = ("name", "campaign", "status_label", "budget", "bid", "learning_status",
                    "mirrored_at")  # fmt: skip
    list_filter = (own("account"), "status", "learning_status")
    list_select_related = ("account", "campaign")
    search_fields = ("name", "external_id", "campaign__name")
    autocomplete_fields = ("account", "campaign")
    ordering = ("-pk",)
    inlines = (AdInline,)
    fields = ("account", "campaign", "name", "external_id", "status", "effective_status", *BUDGET,
              "optimisation_goal", "targeting", "learning_status", "learning_conversions",
              "archived_at", "public_id", "mirrored_at")  # fmt: skip


@admin.register(Ad)
class AdAdmin(ExportAdmin, EntityAdmin[Ad]):
    """Ads."""

    resource_classes = (AdResource,)
    parents = ("account", "campaign", "ad_set")
    mirrored = (*MIRRORED, "creative")
    list_display = ("name", "campaign", "ad_set", "status_label", "creative", "mirrored_at")
    list_filter = (own("account"), "status")
    list_select_related = ("account", "campaign", "ad_set", "creative")
    search_fields = ("name", "external_id", "campaign__name")
    autocomplete_fields = ("account", "campaign", "ad_set", "creative")
    ordering = ("-pk",)
    fields = ("account", "campaign", "ad_set", "creative", "name", "external_id", "status",
              "effective_status", "archived_at", "public_id", "mirrored_at")  # fmt: skip


@admin.register(Creative)
class CreativeAdmin(ImportExportAdmin, EntityAdmin[Creative]):
    """Creatives. Hook, format and age are ours to correct; what people read is the platform's."""

    resource_classes = (CreativeResource,)
    always_fixed = ("public_id", "score_in_words")
    mirrored = ("external_id", "headline", "primary_text", "call_to_action", "media_url")
    list_display = ("__str__", "account", "format", "hook_type", "live_since", "score")
    list_filter = (own("account"), "format")
    list_select_related = ("account",)
    search_fields = ("headline", "primary_text", "external_id")
    autocomplete_fields = ("account",)
    ordering = ("-pk",)
    fields = (
        "account",
        "external_id",
        "headline",
        "primary_text",
        "call_to_action",
        "hook_type",
        "format",
        "media_url",
        "live_since",
        "score_in_words",
        "archived_at",
        "public_id",
    )

    @column(description="Score", ordering="score_order")
    def score(self, row: Creative) -> str:
        """Score; what has none stands behind the worst."""
        return "too few figures" if row.performance_score is None else str(row.performance_score)

    @column(description="Performance score")
    def score_in_words(self, row: Creative) -> str:
        """Score with what it is, or why there is none."""
        if row.performance_score is None:
            return NO_SCORE
        return f"{row.performance_score} of 100, {SCORE_MEANS}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Creative]:
        """With the order of scores."""
        rows: QuerySet[Creative] = super().get_queryset(request)
        return rows.annotate(score_order=Coalesce("performance_score", -1))
