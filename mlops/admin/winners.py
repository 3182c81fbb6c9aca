"""Winners and their lines; the lines are edited, the rest is read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlops.models import Winner, WinnerLibrary, WinnerPolicy, WinnerSnapshot
from workspaces.modeladmin import ReadOnlyAdmin, WorkspaceModelAdmin, fields_of, own
from workspaces.roles import Role


@admin.register(WinnerPolicy)
class WinnerPolicyAdmin(WorkspaceModelAdmin[WinnerPolicy]):
    """From when on an ad is a winner; holds from the next round of the job on."""

    change_role = Role.ADMIN
    add_role = Role.ADMIN
    list_display = ("__str__", "ctr_above_pct", "roas_above", "min_impressions", "min_clicks",
                    "min_spend", "min_conversions", "min_age_h", "updated_at")  # fmt: skip


@admin.register(Winner)
class WinnerAdmin(ReadOnlyAdmin[Winner]):
    """Ads that did well; their vectors are not shown."""

    list_display = ("__str__", "ad", "source", "channel", "ctr", "roas", "impressions", "spend",
                    "currency", "embedder", "added_by_label", "added_at")  # fmt: skip
    list_filter = ("source", "channel", "embedder", own("ad__account"))
    list_select_related = ("ad",)
    search_fields = ("text", "ad__name", "=ad__external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(Winner, "embedding")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Winner]:
        """Rows without their vectors."""
        return super().get_queryset(request).defer("embedding")


@admin.register(WinnerLibrary)
class WinnerLibraryAdmin(ReadOnlyAdmin[WinnerLibrary]):
    """How often a workspace's winners changed."""

    list_display = ("__str__", "version", "rebuilt_version", "changed_at")
    ordering = ("pk",)
    readonly_fields = fields_of(WinnerLibrary)


@admin.register(WinnerSnapshot)
class WinnerSnapshotAdmin(ReadOnlyAdmin[WinnerSnapshot]):
    """Saved indexes; the bytes are not shown."""

    list_display = ("__str__", "embedder", "form", "entries", "version", "size_bytes", "sha256",
                    "saved_at")  # fmt: skip
    list_filter = ("form", "embedder")
    search_fields = ("=sha256",)
    ordering = ("-pk",)
    readonly_fields = fields_of(WinnerSnapshot, "data")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WinnerSnapshot]:
        """Rows without their bytes."""
        return super().get_queryset(request).defer("data")
