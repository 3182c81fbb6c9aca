"""The workspace itself and its exchange rates."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workspaces.modeladmin import WorkspaceModelAdmin, column
from workspaces.models import ExchangeRate, Workspace
from workspaces.roles import Role
from workspaces.sheets import ImportExportAdmin, WorkspaceResource
from workspaces.site import membership_of

_STANDING_COLOURS: Final = {"open": "success", "closed": "warning", "purged": "danger"}


class StandingFilter(admin.SimpleListFilter):
    """Workspaces that go on, that were closed, and of which nothing is left."""

    title = "standing"
    parameter_name = "standing"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """All there are."""
        return [(standing, standing.capitalize()) for standing in _STANDING_COLOURS]

    def queryset(
        self, request: HttpRequest, rows: QuerySet[Workspace]
    ) -> QuerySet[Workspace] | None:
        """Workspaces that stand so."""
        match self.value():
            case "open":
                return rows.filter(pk__in=Workspace.objects.open())
            case "closed":
                return rows.filter(closed_at__isnull=False, purged_at=None)
            case "purged":
                return rows.filter(purged_at__isnull=False)
        return rows


@admin.register(Workspace)
class WorkspaceAdmin(WorkspaceModelAdmin[Workspace]):
    """This workspace. New ones are made at ``/start/``; the brake has its own button.

    A superuser among its admins keeps the installation and sees all of them, the others to read.
    """

    change_role = Role.ADMIN
    list_display = (
        "name", "slug", "standing", "currency", "time_zone", "mode", "kill_switch", "is_sandbox",
    )  # fmt: skip
    search_fields = ("name", "slug")
    ordering = ("name",)
    _fixed = (
        "slug", "public_id", "kill_switch", "kill_switch_reason", "kill_switch_at", "closed_at",
        "exported_at", "purged_at", "is_sandbox", "data_since", "created_at",
    )  # fmt: skip
    fields = ("name", "notice", "mode", "country", "currency", "time_zone", *_fixed)

    @column(description="Standing", ordering="closed_at", label=_STANDING_COLOURS)
    def standing(self, row: Workspace) -> str:
        """Whether people work in it."""
        if row.purged_at is not None:
            return "purged"
        return "open" if row.closed_at is None else "closed"

    def _is_keeper(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser) and self.allows(request, Role.ADMIN)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Where there are others."""
        return (StandingFilter,) if self._is_keeper(request) else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        """This one; all of them for whoever keeps the installation."""
        if self._is_keeper(request):
            return super(WorkspaceModelAdmin, self).get_queryset(request)
        return super().get_queryset(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only of this one."""
        membership = membership_of(request)
        is_this = membership is not None and (obj is None or obj.pk == membership.workspace_id)
        return is_this and super().has_change_permission(request, obj)

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
