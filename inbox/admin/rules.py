"""Promises, hours, people and templates."""

from __future__ import annotations

from django.contrib import admin

from inbox.models import (
    AgentProfile,
    AssignmentRule,
    AutoSendRule,
    BusinessHours,
    InboxPolicy,
    ResponseTemplate,
    SLAPolicy,
)
from workspaces.modeladmin import ReadOnlyAdmin, WorkspaceModelAdmin, fields_of
from workspaces.roles import Role


@admin.register(InboxPolicy)
class InboxPolicyAdmin(WorkspaceModelAdmin[InboxPolicy]):
    """Switches of the inbox."""

    add_role = change_role = Role.ADMIN
    list_display = ("__str__", "order", "drafts_on", "undo_s", "asks_satisfaction", "updated_at")
    exclude = ("workspace",)


@admin.register(SLAPolicy)
class SLAPolicyAdmin(WorkspaceModelAdmin[SLAPolicy]):
    """What is promised where; what has no row has the shipped promise."""

    add_role = change_role = delete_role = Role.ADMIN
    list_display = ("channel", "urgency", "first_minutes", "next_minutes", "resolution_minutes",
                    "updated_at")  # fmt: skip
    list_filter = ("channel", "urgency")
    ordering = ("channel", "urgency")
    exclude = ("workspace",)


@admin.register(BusinessHours)
class BusinessHoursAdmin(WorkspaceModelAdmin[BusinessHours]):
    """When people are there."""

    add_role = change_role = delete_role = Role.ADMIN
    list_display = ("__str__", "time_zone", "updated_at")
    ordering = ("team",)
    exclude = ("workspace",)


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(WorkspaceModelAdmin[AssignmentRule]):
    """Who gets what."""

    add_role = change_role = delete_role = Role.ADMIN
    list_display = ("name", "position", "is_on", "how", "team", "most_open", "updated_at")
    list_filter = ("is_on",)
    search_fields = ("name", "team")
    ordering = ("position", "pk")
    exclude = ("workspace",)


@admin.register(AutoSendRule)
class AutoSendRuleAdmin(ReadOnlyAdmin[AutoSendRule]):
    """What may go out unsigned; switched on its page, which says what speaks for it."""

    list_display = ("intent", "is_on", "audit_share", "demoted_at", "demoted_because")
    list_filter = ("is_on",)
    search_fields = ("intent",)
    ordering = ("intent",)
    readonly_fields = fields_of(AutoSendRule)


@admin.register(AgentProfile)
class AgentProfileAdmin(WorkspaceModelAdmin[AgentProfile]):
    """What people can do, and whether they are there."""

    add_role = change_role = Role.ADMIN
    list_display = ("user", "team", "capacity", "skills", "languages", "is_away", "away_until")
    list_filter = ("team", "is_away")
    list_select_related = ("user",)
    search_fields = ("user__email", "team")
    ordering = ("pk",)
    exclude = ("workspace",)


@admin.register(ResponseTemplate)
class ResponseTemplateAdmin(ReadOnlyAdmin[ResponseTemplate]):
    """Answers written beforehand; they are written and approved on their page."""

    list_display = ("name", "category", "intents", "language", "approved_by", "uses", "archived_at")
    list_filter = ("category", "language")
    list_select_related = ("approved_by",)
    search_fields = ("name", "body")
    ordering = ("name",)
    readonly_fields = fields_of(ResponseTemplate)
