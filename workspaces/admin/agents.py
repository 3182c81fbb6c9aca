"""What agents suggested."""

from __future__ import annotations

from django.contrib import admin

from workspaces.modeladmin import ReadOnlyAdmin, ReadOnlyInline, fields_of
from workspaces.models import AgentSuggestion, SuggestedAction


class SuggestedActionInline(ReadOnlyInline[SuggestedAction, AgentSuggestion]):
    """What was made of it."""

    model = SuggestedAction
    fields = readonly_fields = ("position", "action_type", "label", "proposal", "url")


@admin.register(AgentSuggestion)
class AgentSuggestionAdmin(ReadOnlyAdmin[AgentSuggestion]):
    """Suggestions as they were told; the agents page puts them aside."""

    list_display = ("title", "agent", "agent_type", "type", "priority", "suggested_at",
                    "dismissed_at")  # fmt: skip
    list_filter = ("type", "priority")
    list_select_related = ("agent",)
    date_hierarchy = "suggested_at"
    search_fields = ("title", "agent_type", "external_id")
    ordering = ("-pk",)
    inlines = (SuggestedActionInline,)
    readonly_fields = fields_of(AgentSuggestion)


@admin.register(SuggestedAction)
class SuggestedActionAdmin(ReadOnlyAdmin[SuggestedAction]):
    """What was made of recommended actions."""

    workspace_path = "suggestion__workspace"
    list_display = ("label", "action_type", "suggestion", "proposal")
    list_filter = ("action_type",)
    list_select_related = ("suggestion", "proposal")
    search_fields = ("label",)
    ordering = ("-pk",)
    readonly_fields = fields_of(SuggestedAction)
