"""Versions of the safety policy: to read. The policy page makes, simulates and confirms them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from campaigns.models import SafetyPolicy
from workspaces.modeladmin import ReadOnlyAdmin, column, fields_of, own


@admin.register(SafetyPolicy)
class SafetyPolicyAdmin(ReadOnlyAdmin[SafetyPolicy]):
    """One row per version; none is ever edited."""

    list_display = ("label", "account", "why", "created_by", "created_at", "effective_at",
                    "confirmed_by", "withdrawn_at")  # fmt: skip
    list_filter = (own("account"), "auto_approve_enabled")
    list_select_related = ("account", "created_by", "confirmed_by")
    date_hierarchy = "created_at"
    search_fields = ("why",)
    ordering = ("-pk",)
    fields = readonly_fields = ("edit", *fields_of(SafetyPolicy, "id"))

    @column(description="To change it")
    def edit(self, row: SafetyPolicy) -> str:
        """Link to the page that makes the next version."""
        return format_html(
            '<a class="text-primary-600" href="{}">Open the policy page</a>', reverse("policy")
        )
