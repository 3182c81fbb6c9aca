"""Notices, preferences and saved views: each person's own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workspaces.modeladmin import M, ReadOnlyAdmin, fields_of
from workspaces.models import Notification, NotificationPreference, SavedView
from workspaces.roles import Role


class OwnRowsAdmin(ReadOnlyAdmin[M]):
    """Rows of the person who looks."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Not even an admin reads what others were told."""
        return super().get_queryset(request).filter(user_id=request.user.pk)


@admin.register(Notification)
class NotificationAdmin(OwnRowsAdmin[Notification]):
    """What I was told."""

    list_display = ("title", "topic", "created_at", "read_at", "emailed_at")
    list_filter = ("topic",)
    search_fields = ("title",)
    ordering = ("-pk",)
    readonly_fields = fields_of(Notification)


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(OwnRowsAdmin[NotificationPreference]):
    """How I want to be told; the account page changes it."""

    list_display = ("user", "email_at_once", "daily_digest", "digest_hour")
    list_select_related = ("user", "workspace")
    readonly_fields = fields_of(NotificationPreference)


@admin.register(SavedView)
class SavedViewAdmin(OwnRowsAdmin[SavedView]):
    """My named filters."""

    delete_role = Role.VIEWER
    list_display = ("name", "page", "query")
    search_fields = ("name",)
    readonly_fields = fields_of(SavedView)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One's own only: no other row is found here."""
        return self.allows(request, self.delete_role)
