"""The workspace itself and its exchange rates."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workspaces.modeladmin import WorkspaceModelAdmin
from workspaces.models import ExchangeRate, Workspace
from workspaces.roles import Role
from workspaces.sheets import ImportExportAdmin, WorkspaceResource


@admin.register(Workspace)
class WorkspaceAdmin(WorkspaceModelAdmin[Workspace]):
    """This workspace. New ones are made at ``/start/``; the brake has its own button."""

    change_role = Role.ADMIN
    list_display = ("name", "slug", "currency", "time_zone", "mode", "kill_switch", "is_sandbox")
    search_fields = ("name", "slug")
    ordering = ("name",)
    _fixed = (
        "slug", "public_id", "kill_switch", "kill_switch_reason", "kill_switch_at", "is_sandbox",
        "data_since", "created_at",
    )  # fmt: skip
    fields = ("name", "notice", "mode", "country", "currency", "time_zone", *_fixed)

    def scoped(self, rows: QuerySet[Workspace], workspace: Workspace) -> QuerySet[Workspace]:
        """This one."""
        return rows.filter(pk=workspace.pk)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Currency and zone are fixed once data exist: every figure stands in them."""
        return (*self._fixed, "currency", "time_zone") if obj and obj.data_since else self._fixed


class ExchangeRateResource(WorkspaceResource):
    """Day, base, quote, rate; a row replaces the rate of its pair and day."""

    class Meta:
        model = ExchangeRate
        fields = ("day", "base", "quote", "rate")
        import_id_fields = ("day", "base", "quote")
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = False

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Put new rates into the workspace."""
        instance.workspace = self.workspace

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """As above, before the row is validated."""
        instance.workspace = self.workspace
        super().import_instance(instance, row, **kwargs)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ImportExportAdmin, WorkspaceModelAdmin[ExchangeRate]):
    """What one currency was worth in another, by day. Limits and totals are computed with it."""

    add_role = change_role = delete_role = import_role = Role.ADMIN
    resource_classes = (ExchangeRateResource,)
    list_display = ("day", "base", "quote", "rate")
    list_filter = ("base", "quote")
    search_fields = ("base", "quote")
    date_hierarchy = "day"
    ordering = ("-day", "base", "quote")
