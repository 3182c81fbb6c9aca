"""Imports of files: what was taken, what was left out, how columns were read."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import ImportMapping, ImportRow, ImportRun
from workspaces.modeladmin import ReadOnlyAdmin, ReadOnlyInline, WorkspaceModelAdmin, fields_of, own
from workspaces.roles import Role


class ImportRowInline(ReadOnlyInline[ImportRow, ImportRun]):
    """Rows that were left out, with why."""

    model = ImportRow
    ordering = ("line", "pk")
    show_change_link = False
    fields = readonly_fields = ("line", "column", "reason", "text")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin[ImportRun]):
    """One file each; the import page starts, watches and undoes them."""

    list_display = (
        "file_name",
        "account",
        "rows_read",
        "rows_bad",
        "days_written",
        "days_unchanged",
        "created_by",
        "api_key",
        "created_at",
        "finished_at",
        "undone_at",
    )
    list_filter = (own("account"),)
    list_select_related = ("account", "created_by", "api_key")
    date_hierarchy = "created_at"
    search_fields = ("file_name", "file_sha256")
    ordering = ("-pk",)
    fields = readonly_fields = fields_of(ImportRun, "file")
    inlines = (ImportRowInline,)


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin[ImportRow]):
    """Left-out rows of all files."""

    workspace_path = "run__workspace"
    list_display = ("run", "line", "column", "reason")
    list_filter = (own("run"),)
    list_select_related = ("run",)
    search_fields = ("reason", "column")
    ordering = ("-pk",)
    readonly_fields = fields_of(ImportRow)


@admin.register(ImportMapping)
class ImportMappingAdmin(WorkspaceModelAdmin[ImportMapping]):
    """How the columns of a kind of file are read; the import page makes them."""

    change_role = delete_role = Role.OPERATOR
    list_display = ("name", "created_by", "updated_at")
    list_filter = ("updated_at",)
    list_select_related = ("created_by",)
    search_fields = ("name",)
    ordering = ("name", "pk")
    fields = ("name", "mapping", "header_signature", "created_by", "updated_at")
    readonly_fields = ("mapping", "header_signature", "created_by", "updated_at")
