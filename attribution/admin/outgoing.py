"""Conversions back: where they go, and how far each is."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from attribution.models import ConversionDestination, OutgoingConversion
from attribution.services.outgoing import send_again
from workspaces.formats import money
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    WorkspaceForm,
    WorkspaceModelAdmin,
    column,
    fields_of,
    member,
    own,
)
from workspaces.roles import Role

STATE_COLOURS = {
    "pending": "info",
    "sent": "info",
    "accepted": "success",
    "rejected": "danger",
    "expired": "warning",
    "withdrawn": "default",
    "impossible": "danger",
}


class DestinationForm(WorkspaceForm[ConversionDestination]):
    """Where to tell conversions."""

    class Meta:
        model = ConversionDestination
        fields = ("platform", "connection", "dataset_id", "account_id", "window_days", "test_code",
                  "is_enabled")  # fmt: skip


@admin.register(ConversionDestination)
class ConversionDestinationAdmin(WorkspaceModelAdmin[ConversionDestination]):
    """Pixels, conversion actions and event sources; off until an admin switches one on."""

    form = DestinationForm
    list_before_template = "admin/attribution/no_destination.html"
    add_role = change_role = Role.ADMIN
    list_display = ("__str__", "connection", "window_days", "is_enabled")
    list_filter = ("platform", "is_enabled")
    list_select_related = ("connection",)
    search_fields = ("dataset_id",)
    autocomplete_fields = ("connection",)
    ordering = ("platform", "dataset_id")


@admin.register(OutgoingConversion)
class OutgoingConversionAdmin(ReadOnlyAdmin[OutgoingConversion]):
    """Each conversion for each destination, and what became of it."""

    list_before_template = "admin/attribution/nothing_outgoing.html"
    list_display = ("event_name", "event_id", "destination", "state_label", "worth",
                    "attempts", "happened_at", "last_error", "note")  # fmt: skip
    list_filter = ("state", own("destination"), "event_name")
    list_select_related = ("destination",)
    search_fields = ("event_id",)
    ordering = ("-pk",)
    actions = ("send_again",)
    readonly_fields = fields_of(OutgoingConversion)

    @column(description="State", ordering="state", label=STATE_COLOURS)
    def state_label(self, row: OutgoingConversion) -> tuple[str, str]:
        """State, coloured."""
        return row.state, row.get_state_display()

    @column(description="Value", ordering="value")
    def worth(self, row: OutgoingConversion) -> str:
        """Value with its currency."""
        return money(row.value, row.currency)

    @admin.action(description="Send selected refused ones again", permissions=["admin"])
    def send_again(self, request: HttpRequest, rows: QuerySet[OutgoingConversion]) -> None:
        """Put them into line again, under their ids."""
        count = send_again(
            rows=rows.select_related("workspace"), by=member(request).user, now=timezone.now()
        )
        messages.success(
            request, f"Sent again within a minute: {count}. What is too late stays as it is."
        )
