"""Spreadsheets out of and into the admin: explicit columns, the workspace's rows, no formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from import_export.formats.base_formats import CSV, XLSX
from import_export.resources import ModelResource
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.site import membership_of

if TYPE_CHECKING:
    from workspaces.modeladmin import WorkspaceModelAdmin

    class _Export(WorkspaceModelAdmin[Any]):
        def export_action(self, request: HttpRequest) -> HttpResponse: ...

    class _ImportExport(_Export): ...

else:
    from import_export.admin import ExportMixin as _Export
    from import_export.admin import ImportExportMixin as _ImportExport

EXPORT_CAP = 100_000
# A cell that starts like a formula runs in the reader's spreadsheet; an apostrophe makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: Any) -> Any:
    """Cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class WorkspaceResource(ModelResource):  # type: ignore[misc]  # the library has no types
    """Rows of one workspace; what is not named in ``Meta.fields`` can be neither read nor set."""

    def __init__(self, workspace: Workspace | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workspace = workspace

    def get_queryset(self) -> Any:
        """Rows that an import may meet."""
        rows = super().get_queryset()
        if self.workspace is None:
            return rows.none()
        return rows.filter(workspace=self.workspace)

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        """Guard each cell."""
        return harmless(super().export_field(field, instance, **kwargs))


class ExportAdmin(_Export):
    """Export of what the list shows, filters included."""

    export_form_class = ExportForm
    export_formats = (CSV, XLSX)
    export_role: Role | None = Role.VIEWER
    resource_classes: Sequence[type[WorkspaceResource]] = ()

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whoever may read the rows."""
        return self.allows(request, self.export_role)

    def get_resource_kwargs(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Bind the sheet to the workspace."""
        membership = membership_of(request)
        return {"workspace": membership.workspace if membership else None}

    def get_valid_export_item_pks(self, request: HttpRequest) -> list[int]:
        """Keep rows from being named one by one: the list's filters choose them."""
        return []

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """Refuse what would not fit into memory, and say how to get less."""
        if self.has_export_permission(request):
            rows = self.get_export_queryset(request)  # type: ignore[attr-defined]  # the library's
            if rows.order_by().values("pk")[: EXPORT_CAP + 1].count() > EXPORT_CAP:
                messages.error(
                    request,
                    f"These are more than {EXPORT_CAP:,} rows. Filter the list, then export again.",
                )
                name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
                return redirect(reverse(name))
        return super().export_action(request)


class ImportExportAdmin(ExportAdmin, _ImportExport):
    """Export, and import of what people maintain in sheets."""

    import_form_class = ImportForm
    import_formats = (CSV, XLSX)
    import_role: Role | None = Role.OPERATOR

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whoever may edit the rows one by one."""
        return self.allows(request, self.import_role)
