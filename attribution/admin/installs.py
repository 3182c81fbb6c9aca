"""Users of apps, and their sessions."""

from __future__ import annotations

from django.contrib import admin

from attribution.models import AppCohort, AppDay, UserInstall, UserSession
from workspaces.formats import money
from workspaces.modeladmin import ReadOnlyAdmin, column, fields_of


@admin.register(UserInstall)
class UserInstallAdmin(ReadOnlyAdmin[UserInstall]):
    """Who installed the app, where he came from, what became of him."""

    list_display = ("user_id", "installed_on", "channel", "source", "campaign", "country",
                    "device_type", "segment", "sessions_30_days", "worth",
                    "is_churned")  # fmt: skip
    list_filter = ("source", "channel", "segment", "device_type", "is_payer", "is_churned",
                   "installed_on")  # fmt: skip
    list_select_related = ("campaign", "workspace")
    search_fields = ("user_id__exact",)
    search_help_text = "A whole user id"
    ordering = ("-installed_on", "-pk")
    readonly_fields = fields_of(UserInstall)

    @column(description="Revenue", ordering="revenue_total")
    def worth(self, row: UserInstall) -> str:
        """Revenue in the workspace's currency."""
        return money(row.revenue_total, row.workspace.currency)


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin[UserSession]):
    """Uses of the app."""

    list_display = ("started_at", "install", "seconds", "revenue", "quality")
    list_filter = ("day",)
    list_select_related = ("install",)
    search_fields = ("session_id__exact",)
    search_help_text = "A whole session id"
    # As its index goes: a day has too many to be put in another order.
    ordering = ("-day", "-install", "-pk")
    readonly_fields = fields_of(UserSession)


@admin.register(AppDay)
class AppDayAdmin(ReadOnlyAdmin[AppDay]):
    """Users of the app by day and channel."""

    list_display = ("day", "channel", "source", "installs", "active", "active_30", "sessions",
                    "revenue")  # fmt: skip
    list_filter = ("source", "channel", "day")
    search_fields = ("=source",)
    ordering = ("-day", "channel", "-pk")
    readonly_fields = fields_of(AppDay)


@admin.register(AppCohort)
class AppCohortAdmin(ReadOnlyAdmin[AppCohort]):
    """What became of those who installed on a day."""

    list_display = ("installed_on", "channel", "source", "country", "users", "retained_1",
                    "retained_7", "retained_30", "payers", "revenue")  # fmt: skip
    list_filter = ("source", "channel", "country", "installed_on")
    search_fields = ("=source", "=country")
    ordering = ("-installed_on", "channel", "-pk")
    readonly_fields = fields_of(AppCohort)
