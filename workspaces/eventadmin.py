"""The audit trail: what the database recorded of each change to settings, row by row."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model, QuerySet

from workspaces.modeladmin import ReadOnlyAdmin, column
from workspaces.models import Workspace
from workspaces.roles import Role


class EventAdmin(ReadOnlyAdmin[Any]):
    """Recorded states of one model, newest first."""

    view_role = Role.ADMIN
    list_display = ("pgh_created_at", "what", "tracked", "who")
    list_filter = ("pgh_label",)
    list_select_related = ("pgh_context",)
    date_hierarchy = "pgh_created_at"
    ordering = ("-pgh_id",)

    def scoped(self, rows: QuerySet[Any], workspace: Workspace) -> QuerySet[Any]:
        """Events of the workspace's rows, those of removed rows included."""
        if self.model.pgh_tracked_model is Workspace:
            return rows.filter(id=workspace.pk)
        return rows.filter(workspace_id=workspace.pk)

    @column(description="What", ordering="pgh_label")
    def what(self, row: Any) -> str:
        """Made, changed or removed."""
        return f"{row.pgh_label}"

    @column(description="Row")
    def tracked(self, row: Any) -> str:
        """The row's number; its own page shows the changes field by field."""
        return f"{row.pgh_tracked_model._meta.verbose_name} {row.pgh_obj_id}"

    @column(description="Who")
    def who(self, row: Any) -> str:
        """Number of the person, as the database noted it."""
        metadata = row.pgh_context.metadata if row.pgh_context else {}
        return f"user {metadata['user']}" if metadata.get("user") else "the system"


def register_events(app_label: str) -> None:
    """Give every event table of an app its page."""
    for model in apps.get_app_config(app_label).get_models():
        if getattr(model, "pgh_tracked_model", None) is not None:
            admin.site.register(model, _admin_of(model))


def _admin_of(model: type[Model]) -> type[EventAdmin]:
    names = tuple(field.name for field in model._meta.fields if field.name != "workspace")
    return type(
        f"{model.__name__}Admin", (EventAdmin,), {"fields": names, "readonly_fields": names}
    )
