"""Deals of CRMs, stages to map, and ad ids that wait for a person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from attribution.models import (
    AdPipelineValue,
    CrmSync,
    Deal,
    QuarantinedAd,
    StageChange,
    StageMapping,
)
from attribution.services.crm_stages import map_stage
from attribution.services.crm_values import resolve_ad
from workspaces.gate import RequestError
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    WorkspaceModelAdmin,
    column,
    fields_of,
    member,
    own,
)
from workspaces.roles import Role


class YesNoFilter(admin.SimpleListFilter):
    """Rows where something is still missing, or is there."""

    missing: dict[str, Any]

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Both."""
        return [("open", "To be done"), ("done", "Done")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Rows of that kind."""
        if self.value() == "open":
            return rows.filter(**self.missing)
        return rows.exclude(**self.missing) if self.value() == "done" else rows


class UnmappedFilter(YesNoFilter):
    """Unmapped stages."""

    title, parameter_name, missing = "mapping", "mapping", {"stage_key": ""}


class UnresolvedFilter(YesNoFilter):
    """Ids that nobody has said anything of."""

    title, parameter_name, missing = "state", "state", {"ad": None}


@admin.register(StageMapping)
class StageMappingAdmin(WorkspaceModelAdmin[StageMapping]):
    """A CRM's stages; the unmapped ones count nothing until an admin maps them."""

    change_role = Role.ADMIN
    list_display = ("stage_label", "pipeline", "state", "source", "portal", "first_seen_at")
    list_filter = (UnmappedFilter, "source")
    search_fields = ("stage", "label", "stage_key")
    ordering = ("stage_key", "source", "pipeline", "stage")
    readonly_fields = fields_of(StageMapping, "id", "stage_key")
    fields = (*readonly_fields[:5], "stage_key", *readonly_fields[5:])

    @column(description="Stage", ordering="label")
    def stage_label(self, row: StageMapping) -> str:
        """What the CRM calls it."""
        return str(row)

    @column(description="Our stage", ordering="stage_key", label={"unmapped": "warning"})
    def state(self, row: StageMapping) -> str:
        """Our stage, or that there is none yet."""
        return row.stage_key or "unmapped"

    def save_model(self, request: HttpRequest, obj: StageMapping, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Map by the service, which moves the deals too."""
        map_stage(mapping=obj, stage_key=obj.stage_key, by=member(request).user, now=timezone.now())


class StageChangeInline(ReadOnlyInline[StageChange, Deal]):
    """What was seen of a deal."""

    model = StageChange
    ordering = ("-at", "-pk")
    fields = readonly_fields = ("at", "stage", "pipeline", "source_event", "recorded_at")


@admin.register(Deal)
class DealAdmin(ReadOnlyAdmin[Deal]):
    """Where deals stand, as their ledger tells."""

    list_display = ("external_id", "stage", "amount", "ad", "moved_at", "source", "portal")
    list_filter = ("stage", "source")
    list_select_related = ("ad",)
    search_fields = ("external_id",)
    ordering = ("-pk",)
    inlines = (StageChangeInline,)
    readonly_fields = fields_of(Deal)


@admin.register(StageChange)
class StageChangeAdmin(ReadOnlyAdmin[StageChange]):
    """The ledger of stage changes."""

    list_display = ("deal", "stage", "pipeline", "at", "source", "source_event", "recorded_at")
    list_filter = ("source",)
    list_select_related = ("deal",)
    search_fields = ("source_event",)
    ordering = ("-pk",)
    readonly_fields = fields_of(StageChange)


@admin.register(AdPipelineValue)
class AdPipelineValueAdmin(ReadOnlyAdmin[AdPipelineValue]):
    """Pipeline value per ad, as a CRM reported it last."""

    list_display = ("ad", "value", "source", "reported_at")
    list_filter = ("source",)
    list_select_related = ("ad",)
    search_fields = ("ad__name", "ad__external_id")
    ordering = ("-reported_at", "-pk")
    readonly_fields = fields_of(AdPipelineValue)


@admin.register(CrmSync)
class CrmSyncAdmin(ReadOnlyAdmin[CrmSync]):
    """How far each CRM was read, and what its webhooks had missed."""

    list_display = ("connection", "watermark_at", "finished_at", "deals_read", "deals_healed")
    list_select_related = ("connection",)
    ordering = ("-finished_at", "-pk")
    readonly_fields = fields_of(CrmSync)


@admin.register(QuarantinedAd)
class QuarantinedAdAdmin(WorkspaceModelAdmin[QuarantinedAd]):
    """Ad ids that a CRM named and nobody knows; choose the ad to resolve one."""

    change_role = Role.OPERATOR
    list_display = ("given", "value", "times", "source", "last_seen_at", "ad", "resolved_by")
    list_filter = (UnresolvedFilter, own("ad"))
    list_select_related = ("ad", "resolved_by")
    search_fields = ("given",)
    ordering = ("-last_seen_at", "-pk")
    autocomplete_fields = ("ad",)
    fields = ("ad", *fields_of(QuarantinedAd, "id", "ad"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nothing can be edited but the ad, once."""
        facts = fields_of(QuarantinedAd, "id", "ad")
        return ("ad", *facts) if obj is not None and obj.ad_id else facts

    def save_model(self, request: HttpRequest, obj: QuarantinedAd, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Resolve by the service, which sets the ad's value too."""
        if obj.ad is None:
            raise RequestError("ad", "Choose the ad that this id stands for.")
        resolve_ad(
            quarantined=obj,
            ad_id=str(obj.ad.public_id),
            by=member(request).user,
            now=timezone.now(),
        )
